export type StructName = string;

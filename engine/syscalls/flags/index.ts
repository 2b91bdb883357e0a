export type FlagTableName = string;

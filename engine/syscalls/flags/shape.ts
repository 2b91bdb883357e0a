/** Values that share some bits of a set, of which one holds: the access mode in the flags of open. */
export interface Field {
  readonly mask: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Names of an argument's values. */
export interface FlagTable {
  /** bits: any of them together; oneOf: one. */
  readonly kind: 'bits' | 'oneOf';
  readonly values: Readonly<Record<string, number>>;
  readonly fields: readonly Field[];
}

export const bits = (values: Readonly<Record<string, number>>, ...fields: readonly Field[]): FlagTable => ({
  kind: 'bits',
  values,
  fields,
});

export const oneOf = (values: Readonly<Record<string, number>>): FlagTable => ({ kind: 'oneOf', values, fields: [] });

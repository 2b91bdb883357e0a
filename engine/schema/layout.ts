/**
 * Lays out the shapes of the schema: offset of each field, size of each shape. Fields must be naturally aligned as
 * they stand (the generator adds no padding), so that C++ structs, AssemblyScript loads and TypeScript views agree.
 */
import { type Field, type FieldType, type RecordShape, recordHeader } from './schema.ts';

export const typeSizes: Readonly<Record<FieldType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, i32: 4, i64: 8 };

export interface PlacedField extends Field {
  /** Bytes from the start of the shape. */
  readonly offset: number;
  /** Elements; 1 for a scalar. */
  readonly length: number;
}

export interface Layout {
  readonly fields: readonly PlacedField[];
  /** Bytes; a multiple of 8. */
  readonly size: number;
}

/** Throws when a field would need padding before it, or the end of the shape behind it. */
export function layOut(shape: string, fields: readonly Field[], start = 0): Layout {
  const placed: PlacedField[] = [];
  let offset = start;
  for (const field of fields) {
    const size = typeSizes[field.type];
    if (offset % size !== 0) {
      throw new Error(`schema: ${shape}.${field.name} (${field.type}) would stand at offset ${offset}, not aligned`);
    }
    const length = field.count ?? 1;
    placed.push({ ...field, offset, length });
    offset += size * length;
  }
  if (offset % 8 !== 0) throw new Error(`schema: ${shape} has ${offset} bytes, not a multiple of 8`);
  return { fields: placed, size: offset };
}

/** Layout of a record: its own fields, behind the common header. */
export function layOutRecord(name: string, record: RecordShape): Layout {
  return layOut(name, record.fields, layOut('recordHeader', recordHeader).size);
}

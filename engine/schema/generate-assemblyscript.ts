/** The schema as AssemblyScript constants: offsets, sizes and kinds. */
import { type PlacedField, typeSizes } from './layout.ts';
import * as schema from './schema.ts';
import {
  constantCase,
  enumerations,
  fileShapes,
  generatedFrom,
  headerShape,
  recordShapes,
  ringShapes,
  type Shape,
} from './shapes.ts';

function constants(shape: Shape): string {
  const prefix = constantCase(shape.name);
  const lines = [`// ${shape.doc}`, `export const ${prefix}_BYTES: u32 = ${shape.layout.size};`];
  for (const field of shape.layout.fields) {
    lines.push(`export const ${prefix}_${constantCase(field.name)}: usize = ${field.offset};`);
  }
  return lines.join('\n');
}

const codings = { previous: 0, task: 1, raw: 2 } as const;

/** One value of a record as the codec sees it, packed: offset, log2 of its bytes << 16, coding << 24. */
function packed(offset: number, bytes: number, coding: keyof typeof codings): number {
  return offset | (Math.log2(bytes) << 16) | (codings[coding] << 24);
}

/** A field's values; eight bytes at once where single ones would be stored raw. */
function columns(field: PlacedField): number[] {
  const coding = field.coding ?? 'previous';
  const bytes = coding === 'raw' ? 8 : typeSizes[field.type];
  const count = (typeSizes[field.type] * field.length) / bytes;
  return Array.from({ length: count }, (_, index) => packed(field.offset + index * bytes, bytes, coding));
}

/**
 * The columns of a lane in the order of the encoded bytes. The payload's length comes first, because the decoder must
 * know where each record begins. Kind and size of the header are not coded: they follow from the rest.
 */
function columnTable(shape: Shape): string {
  const { lane, payloadLength } = shape.record!;
  const headerFields = headerShape.layout.fields.filter(({ name }) => name !== 'size' && name !== 'kind');
  const fields = [...headerFields, ...shape.layout.fields];
  fields.sort((a, b) => Number(b.name === payloadLength) - Number(a.name === payloadLength));
  const values = fields.flatMap(columns);
  if (values.length > 64) throw new Error(`schema: ${shape.name} has ${values.length} columns, the codec takes 64`);
  const task = fields.findIndex(({ coding }) => coding === 'task');
  if (task !== -1 && task < fields.findIndex(({ name }) => name === 'tid')) {
    throw new Error(`schema: ${shape.name} foretells a field by the task before its tid is known`);
  }
  const name = constantCase(lane);
  return [
    `export const ${name}_COLUMN_COUNT: u32 = ${values.length};`,
    `export const ${name}_COLUMNS: StaticArray<u32> = [${values.map((value) => `0x${value.toString(16)}`).join(', ')}];`,
  ].join('\n');
}

export function generateAssemblyScript(): string {
  const kinds = enumerations.map(({ name, values }) =>
    Object.entries(values)
      .map(([key, value]) => `export const ${constantCase(name)}_${constantCase(key)}: u32 = ${value};`)
      .join('\n'),
  );
  const codingConstants = Object.entries(codings).map(
    ([name, value]) => `export const CODING_${constantCase(name)}: u32 = ${value};`,
  );
  return `// ${generatedFrom}

export const FORMAT_VERSION: u32 = ${schema.formatVersion};
export const OLDEST_FORMAT_VERSION: u32 = ${schema.oldestFormatVersion};
export const CHUNK_MAGIC: u32 = 0x${schema.chunkMagic.toString(16)};
export const REGISTER_COUNT: u32 = ${schema.registerNames.length};
export const LANE_COUNT: u32 = ${Object.keys(schema.lanes).length};

${kinds.join('\n\n')}

${[headerShape, ...recordShapes, ...ringShapes, ...fileShapes].map(constants).join('\n\n')}

// Columns of each lane: offset in the record, log2 of its bytes << 16, coding << 24.
${codingConstants.join('\n')}
${recordShapes.map(columnTable).join('\n')}
`;
}

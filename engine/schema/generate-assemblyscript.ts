/** The schema as AssemblyScript constants: offsets, sizes and kinds. */
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
  const lines = [`// ${shape.doc}`, `export const ${prefix}_SIZE: u32 = ${shape.layout.size};`];
  for (const field of shape.layout.fields) {
    lines.push(`export const ${prefix}_${constantCase(field.name)}: usize = ${field.offset};`);
  }
  return lines.join('\n');
}

export function generateAssemblyScript(): string {
  const kinds = enumerations.map(({ name, values }) =>
    Object.entries(values)
      .map(([key, value]) => `export const ${constantCase(name)}_${constantCase(key)}: u32 = ${value};`)
      .join('\n'),
  );
  return `// ${generatedFrom}

export const FORMAT_VERSION: u32 = ${schema.formatVersion};
export const CHUNK_MAGIC: u32 = 0x${schema.chunkMagic.toString(16)};
export const REGISTER_COUNT: u32 = ${schema.registerNames.length};
export const LANE_COUNT: u32 = ${Object.keys(schema.lanes).length};

${kinds.join('\n\n')}

${[headerShape, ...recordShapes, ...ringShapes, ...fileShapes].map(constants).join('\n\n')}
`;
}

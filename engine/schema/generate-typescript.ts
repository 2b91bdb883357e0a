/** The schema in TypeScript: offsets, names of values, and a view class for each record. */
import type { PlacedField } from './layout.ts';
import * as schema from './schema.ts';
import {
  capitalised,
  enumerations,
  fileShapes,
  generatedFrom,
  headerShape,
  recordShapes,
  ringShapes,
  type Shape,
} from './shapes.ts';

const readers: Readonly<Record<schema.FieldType, string>> = {
  u8: 'getUint8',
  u16: 'getUint16',
  u32: 'getUint32',
  u64: 'getBigUint64',
  i32: 'getInt32',
  i64: 'getBigInt64',
};

function read(type: schema.FieldType, at: string): string {
  const endian = type === 'u8' ? '' : ', true';
  return `this.view.${readers[type]}(${at}${endian})`;
}

function at(field: PlacedField): string {
  return `this.position + ${field.offset}`;
}

function scalar(field: PlacedField): string[] {
  const wide = field.type === 'u64' || field.type === 'i64';
  const lines = [
    `  /** ${field.doc} */`,
    `  get ${field.name}(): ${wide ? 'bigint' : 'number'} {`,
    `    return ${read(field.type, at(field))};`,
    '  }',
  ];
  if (field.type === 'u64') {
    lines.push(
      `  /** \`${field.name}\` as a double: exact below 2^53. */`,
      `  get ${field.name}Number(): number {`,
      `    return this.view.getUint32(${at(field)}, true) + this.view.getUint32(${at(field)} + 4, true) * 0x1_0000_0000;`,
      '  }',
    );
  }
  return lines;
}

function array(field: PlacedField): string[] {
  if (field.type === 'u8') {
    return [
      `  /** ${field.doc} A window on the record, not a copy. */`,
      `  get ${field.name}(): Uint8Array {`,
      `    return this.buffer.subarray(${at(field)}, ${at(field)} + ${field.length});`,
      '  }',
    ];
  }
  if (field.type !== 'u64') throw new Error(`schema: no TypeScript view for an array of ${field.type}`);
  const singular = field.name.replace(/s$/, '');
  return [
    `  /** ${field.doc} A window on the record, not a copy. */`,
    `  get ${field.name}(): BigUint64Array {`,
    `    return new BigUint64Array(this.buffer.buffer, this.buffer.byteOffset + ${at(field)}, ${field.length});`,
    '  }',
    `  /** Element \`index\` of \`${field.name}\`. */`,
    `  ${singular}(index: number): bigint {`,
    `    return this.view.getBigUint64(${at(field)} + index * 8, true);`,
    '  }',
    `  /** Low 32 bits of element \`index\`; with \`${singular}High\` a comparison makes no bigint. */`,
    `  ${singular}Low(index: number): number {`,
    `    return this.view.getUint32(${at(field)} + index * 8, true);`,
    '  }',
    `  ${singular}High(index: number): number {`,
    `    return this.view.getUint32(${at(field)} + index * 8 + 4, true);`,
    '  }',
  ];
}

function getters(shape: Shape): string[] {
  return shape.layout.fields
    .filter((field) => !field.name.startsWith('reserved'))
    .flatMap((field) => (field.length > 1 ? array(field) : scalar(field)));
}

function viewName(shape: Shape): string {
  return shape.name === 'data' ? 'DataRecordView' : `${capitalised(shape.name)}View`;
}

function viewClass(shape: Shape): string {
  const { payloadLength } = shape.record!;
  const payload = payloadLength
    ? [
        `  /** The ${payloadLength} bytes behind the fixed fields: a window on the record, not a copy. */`,
        '  get payload(): Uint8Array {',
        `    const start = this.position + ${shape.layout.size};`,
        `    return this.buffer.subarray(start, start + this.${payloadLength});`,
        '  }',
      ]
    : [];
  return [
    `/** ${shape.doc} */`,
    `export class ${viewName(shape)} extends RecordView {`,
    ...getters(shape),
    ...payload,
    '}',
  ].join('\n');
}

function offsets(shape: Shape): string {
  const entries = shape.layout.fields.map((field) => `  ${field.name}: ${field.offset},`);
  return [
    `/** ${shape.doc} Bytes of its fixed part, and offset of each field. */`,
    `export const ${shape.name}Size = ${shape.layout.size};`,
    `export const ${shape.name}Offsets = {`,
    ...entries,
    '} as const;',
  ].join('\n');
}

function enumeration(name: string, values: Readonly<Record<string, number>>, source: string | undefined): string {
  const names = Object.entries(values).map(([key, value]) => `  ${value}: '${key}',`);
  const declaration = source
    ? `export type ${capitalised(name)} = (typeof ${source})[keyof typeof ${source}];`
    : [
        `export const ${name}s = {`,
        ...Object.entries(values).map(([key, value]) => `  ${key}: ${value},`),
        '} as const;',
        `export type ${capitalised(name)} = (typeof ${name}s)[keyof typeof ${name}s];`,
      ].join('\n');
  return [
    declaration,
    `/** Name of each value; undefined for a value that is none. */`,
    `export const ${name}Names: Readonly<Record<number, string | undefined>> = {`,
    ...names,
    '};',
  ].join('\n');
}

const viewBase =
  (): string => `/** A window on a record in memory. \`bind\` moves it and allocates nothing while the buffer stays the same. */
export class RecordView {
  /** The memory that the record lies in, and where it begins there. */
  buffer: Uint8Array;
  position: number;
  protected view: DataView;

  constructor(buffer: Uint8Array = emptyBuffer, position = 0) {
    this.buffer = buffer;
    this.position = position;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  bind(buffer: Uint8Array, position: number): this {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    this.position = position;
    return this;
  }

${getters(headerShape).join('\n')}
}`;

export function generateTypeScript(): string {
  const sources = enumerations.flatMap(({ source }) => (source ? [source] : [])).sort();
  const indices = schema.registerNames.map((name, index) => `  ${name}: ${index},`);
  return `// ${generatedFrom}
import { ${sources.join(', ')} } from '../schema/schema.ts';

export {
  chunkMagic,
  dataFlags,
  ${sources.join(',\n  ')},
  formatVersion,
  frameFlags,
  oldestFormatVersion,
  registerNames,
  ringMagic,
} from '../schema/schema.ts';

${enumerations.map(({ name, values, source }) => enumeration(name, values, source)).join('\n\n')}

/** Index of each register in a frame's \`registers\`. */
export const registerIndex = {
${indices.join('\n')}
} as const;

${[headerShape, ...recordShapes, ...ringShapes, ...fileShapes].map(offsets).join('\n\n')}

const emptyBuffer = new Uint8Array(0);

${viewBase()}

${recordShapes.map(viewClass).join('\n\n')}
`;
}

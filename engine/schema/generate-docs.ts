/**
 * The tables of docs/trace-format.md: `npm run generate -- --docs` writes them between the document's markers, and
 * test/trace-format-docs.test.ts fails when they are not what the schema says.
 *
 * A table stands behind `<!-- table: NAME -->`, up to the next `<!-- end -->`.
 */
import type { PlacedField } from './layout.ts';
import * as schema from './schema.ts';
import { enumerations, fileShapes, headerShape, recordShapes, type Shape } from './shapes.ts';

export const formatDocument = 'docs/trace-format.md';

const block = /(<!-- table: (\w+) -->\n).*?(<!-- end -->)/gs;

/**
 * The document with its tables as the schema has them.
 * @param source text of schema.ts: the comments on values are in it alone
 * @throws Error for a marker whose name is no shape or enumeration, or one of them without a marker
 */
export function writeTables(document: string, source: string): string {
  const tables = allTables(source);
  const text = document.replace(block, (_, begin: string, name: string, end: string) => {
    const table = tables.get(name);
    if (table === undefined)
      throw new Error(`${formatDocument}: there is no table "${name}", or it stands there twice`);
    tables.delete(name);
    return `${begin}\n${table}\n${end}`;
  });
  if (tables.size > 0) throw new Error(`${formatDocument}: no marker for ${[...tables.keys()].join(', ')}`);
  return text;
}

function allTables(source: string): Map<string, string> {
  const values = enumerations
    .filter(({ name }) => name !== 'slotState')
    .map(({ source: constant = 'records', values: numbers }): [string, string] => [
      constant,
      valueTable(numbers, constant === 'records' ? recordDocs() : commentsOf(source, constant)),
    ]);
  const shapes = [headerShape, ...recordShapes, ...fileShapes].map((shape): [string, string] => [
    shape.name,
    fieldTable(shape),
  ]);
  return new Map([
    ['formatVersion', `The format number is ${schema.formatVersion}.\n`],
    ...shapes,
    ...values,
    ['frameFlags', valueTable(schema.frameFlags, commentsOf(source, 'frameFlags'))],
    ['dataFlags', valueTable(schema.dataFlags, commentsOf(source, 'dataFlags'))],
    ['columns', columnTable()],
  ]);
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

function typeName(field: PlacedField): string {
  return field.length > 1 ? `${field.length} × ${field.type}` : field.type;
}

function fieldTable({ layout, record }: Shape): string {
  const rows = layout.fields.map((field) => [
    `${field.offset}`,
    typeName(field),
    `\`${field.name}\``,
    cell(field.name === 'registers' ? `${field.doc} ${schema.registerNames.join(' ')}` : field.doc),
  ]);
  const payload = record?.payloadLength === undefined ? '' : ' and the payload';
  const about = record === undefined ? '' : `Lane \`${record.lane}\`. ${record.doc} `;
  return `${about}${layout.size} bytes${payload}.\n\n${table(['offset', 'type', 'field', 'meaning'], rows)}`;
}

function valueTable(values: Readonly<Record<string, number>>, docs: ReadonlyMap<string, string>): string {
  const hasDocs = docs.size > 0;
  const rows = Object.entries(values).map(([name, value]) => [
    `${value}`,
    `\`${name}\``,
    ...(hasDocs ? [cell(docs.get(name) ?? '')] : []),
  ]);
  return table(['value', 'name', ...(hasDocs ? ['meaning'] : [])], rows);
}

function recordDocs(): ReadonlyMap<string, string> {
  return new Map(recordShapes.map(({ name, record }) => [name, `lane \`${record!.lane}\``]));
}

/** The comment before each value of a constant of schema.ts. */
function commentsOf(source: string, constant: string): ReadonlyMap<string, string> {
  const body = new RegExp(`export const ${constant}\\b[^{]*\\{(.*?)\\}( as const)?;`, 's').exec(source)?.[1] ?? '';
  const values = body.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*(\w+):/gs);
  return new Map([...values].map(([, comment, name]) => [name!, comment!.replace(/\n\s*\* ?/g, ' ')]));
}

/** The columns of each lane, in the order of the encoded bytes (generate-assemblyscript.ts makes the codec's from the same). */
function columnTable(): string {
  const rows = recordShapes.map(({ record, layout }) => {
    const coded = headerShape.layout.fields.filter(({ name }) => name !== 'size' && name !== 'kind');
    const fields = [...coded, ...layout.fields];
    fields.sort((a, b) => Number(b.name === record!.payloadLength) - Number(a.name === record!.payloadLength));
    const names = fields.map(({ name, length, coding = 'previous' }) => {
      const times = length > 1 ? ` × ${coding === 'raw' ? length / 8 : length}` : '';
      return `\`${name}\`${times}${coding === 'previous' ? '' : ` (${coding})`}`;
    });
    return [`\`${record!.lane}\``, names.join(', ')];
  });
  return table(['lane', 'columns'], rows);
}

// The tables of docs/trace-format.md are those of the schema.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDocument, writeTables } from '../engine/schema/generate-docs.ts';

const document = readFileSync(formatDocument, 'utf8');
const schema = readFileSync('engine/schema/schema.ts', 'utf8');

test('the format document has the tables of the schema', () => {
  const made = writeTables(document, schema);
  assert.is(made, document, `${formatDocument} is not what the schema says: npm run generate -- --docs`);
});

test('a value that changes, and one whose comment does, show', () => {
  assert.is.not(
    writeTables(document.replace('| `syscallEnter` |', '| `other` |'), schema),
    document.replace('| `syscallEnter` |', '| `other` |'),
  );
  assert.is.not(writeTables(document, schema.replace('Zero pages.', 'Other pages.')), document);
});

test('a marker for nothing, and a table without one, are errors', () => {
  assert.throws(
    () => writeTables(document.replace('table: dataSpaces', 'table: nothing'), schema),
    /no table "nothing"/,
  );
  assert.throws(
    () => writeTables(document.replace('<!-- table: dataSpaces -->', ''), schema),
    /no marker for dataSpaces/,
  );
});

test.run();

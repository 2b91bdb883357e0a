// Writes every generated file (C++, AssemblyScript, TypeScript) from the trace schema and the syscall table.
// With --docs, the tables of docs/trace-format.md instead: a build leaves the documents alone.
// Files whose text has not changed keep their time, so that nothing is rebuilt for nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateSchema } from '../engine/schema/generate.ts';
import { formatDocument, writeTables } from '../engine/schema/generate-docs.ts';
import { generateSyscalls } from '../engine/syscalls/generate.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = process.argv.includes('--docs')
  ? [[formatDocument, writeTables(read(formatDocument), read('engine/schema/schema.ts'))] as const]
  : [...generateSchema(), ...generateSyscalls()];
for (const [path, text] of files) {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

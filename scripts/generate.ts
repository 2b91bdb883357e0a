// Writes every generated file (C++, AssemblyScript, TypeScript) from the trace schema and the syscall table.
// Files whose text has not changed keep their time, so that nothing is rebuilt for nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateSchema } from '../engine/schema/generate.ts';
import { generateSyscalls } from '../engine/syscalls/generate.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [path, text] of [...generateSchema(), ...generateSyscalls()]) {
  const target = join(root, path);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

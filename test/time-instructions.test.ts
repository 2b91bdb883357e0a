// Where rdtsc does not trap it is replaced in mapped code (native/record/random-instructions.h): all of it, and nothing
// that only looks like it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative } from './harness/native-program.ts';

const test = suite('time instructions');
const libraries = '/usr/lib/x86_64-linux-gnu';
const folder = mkdtempSync(join(tmpdir(), 'rr-time-instructions-'));
const program = buildNative(folder, 'time-instructions', [
  'native/record/random-instructions.cc',
  'native/patch/instruction.cc',
]);

test.after(() => rmSync(folder, { recursive: true }));

function found(file: string): string[] {
  const { stdout, status, stderr } = spawnSync(program, [file], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout.split('\n').filter(Boolean).sort();
}

test('each that a disassembler shows is found', () => {
  for (const name of ['ld-linux-x86-64.so.2', 'libc.so.6']) {
    const file = join(libraries, name);
    const { stdout } = spawnSync('objdump', ['-d', file], { encoding: 'utf8', maxBuffer: 2 ** 30 });
    const shown = [...stdout.matchAll(/^ *([0-9a-f]+):.*\trdtscp? *$/gm)].map(([, address]) => address!).sort();
    assert.ok(shown.length > 0, name);
    assert.equal(found(file), shown, name);
  }
});

// As in a table of constants of libcrypto; the bytes before decode as code does.
test('bytes of a table that look like it are left alone', () => {
  const source = join(folder, 'table.c');
  const object = join(folder, 'table.so');
  const table = '0x99,0x3f,0x4b,0x91,0x9c,0x0f,0x31,0x66,0x61,0xc1,0x12,0xf4,0x32,0x0a,0x43,0xae';
  writeFileSync(source, `__asm__(".text\\n.skip 64, 0x90\\n.byte ${table}\\n.skip 64, 0x90\\n");\n`);
  const { status, stderr } = spawnSync('gcc', ['-shared', '-nostdlib', '-o', object, source], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  assert.equal(found(object), []);
});

test.run();

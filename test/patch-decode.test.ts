// Builds test/native/patch-decode.cc, which compares the instruction decoder with objdump over whole programs, and runs
// it on libraries and programs of this machine: some seven million instructions.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

const libraries = '/usr/lib/x86_64-linux-gnu';
const compiler = spawnSync('g++', ['-print-prog-name=cc1plus'], { encoding: 'utf8' }).stdout.trim();
const libc = join(libraries, 'libc.so.6');
const others = [
  join(libraries, 'ld-linux-x86-64.so.2'),
  join(libraries, 'libm.so.6'),
  join(libraries, 'libstdc++.so.6'),
  '/usr/bin/python3.11',
  compiler,
].filter((file) => existsSync(file));
// Hand-written assembly with tables of constants in between: some bytes there are no instructions.
const withTables = [join(libraries, 'libcrypto.so.3')].filter((file) => existsSync(file));

test('the decoder agrees with objdump on every instruction, and survives hostile bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-patch-decode-'));
  try {
    const program = buildNative(folder, 'patch-decode', ['native/patch/instruction.cc']);
    const files = [libc, ...others, ...withTables];
    const { stdout, status, signal } = spawnSync(program, files, { encoding: 'utf8', timeout: nativeTimeout(240_000) });
    assert.is(status, 0, `${signal} ${stdout}`);
    const lines = stdout.trimEnd().split('\n');
    assert.is(lines.pop(), '0 wrong answers on hostile bytes');
    assert.is(lines.length, files.length);
    let instructions = 0;
    for (const [index, line] of lines.entries()) {
      const [, file, count, refused, differences] =
        /^(.*): (\d+) instructions, (\d+) refused, (\d+) differences$/.exec(line) ?? [];
      assert.is(file, files[index]);
      assert.is(Number(differences), 0, line);
      assert.ok(withTables.includes(file ?? '') ? Number(refused) < Number(count) / 1000 : Number(refused) === 0, line);
      instructions += Number(count);
    }
    assert.ok(instructions > 300_000, `${instructions} instructions`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

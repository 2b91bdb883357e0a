// Builds and runs test/native/patch-relocate.cc, which executes relocated code beside the original and copies every
// instruction of libc and libstdc++, and test/native/patch-jump.cc, which plans jumps in random address spaces.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

const sources = readdirSync('native/patch')
  .filter((name) => name.endsWith('.cc'))
  .map((name) => join('native/patch', name));

/** What the test program prints; fails unless it builds and ends with status 0. */
function outputOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rr-patch-'));
  try {
    const program = buildNative(folder, name, sources);
    const { stdout, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(120_000) });
    assert.is(status, 0, `${signal} ${stdout}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('relocated code does what the original does', () => {
  const [, runs, copies] = /^(\d+) runs, (\d+) copies\n$/.exec(outputOf('patch-relocate')) ?? [];
  assert.ok(Number(runs) > 10_000, `${runs} runs`);
  assert.ok(Number(copies) > 300_000, `${copies} copies`);
});

test('a planned jump leads to free memory and changes its own instruction only', () => {
  const [, jumps] = /^(\d+) jumps, \d+ impossible\n$/.exec(outputOf('patch-jump')) ?? [];
  assert.ok(Number(jumps) > 10_000, `${jumps} jumps`);
});

test.run();

// Builds and runs test/native/patch-matcher.cc, which patches the instructions of random loops with matcher stubs and
// compares every trap, and every instruction of the stubs, with what single-stepping through the loops showed.
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

test('a matcher stub traps at the wanted pass and the program sees nothing of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-patch-matcher-'));
  try {
    const program = buildNative(folder, 'patch-matcher', sources);
    const { stdout, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(150_000) });
    assert.is(status, 0, `${signal} ${stdout}`);
    const [, sites, traps, stops] = /^(\d+) sites, (\d+) traps, (\d+) stops$/m.exec(stdout) ?? [];
    assert.ok(Number(sites) > 800, stdout);
    assert.ok(Number(traps) > 800, stdout);
    assert.ok(Number(stops) > 100_000, stdout);
    const [, changing] = /^(\d+) stubs that change the flags$/m.exec(stdout) ?? [];
    assert.ok(Number(changing) > 50, stdout);
    const [, loops, edges, tired] =
      /^(\d+) copied loops, (\d+) compared behind a branch, (\d+) tired$/m.exec(stdout) ?? [];
    assert.ok(Number(loops) > 300, stdout);
    assert.ok(Number(edges) > 10, stdout);
    assert.ok(Number(tired) > 10, stdout);
    const counts = /^lengths:((?: \d+){8}),/m.exec(stdout)?.[1]?.trim().split(' ') ?? [];
    assert.ok(counts.length === 8 && counts.every((count) => Number(count) > 0), `sites of 1 to 8 bytes: ${stdout}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

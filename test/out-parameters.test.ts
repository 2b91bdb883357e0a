// Builds test/native/out-parameters.cc, which makes some 220 real system calls and compares memory, and runs it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

const sources = [
  'test/native/option-layouts.cc',
  'native/record/out-parameters.cc',
  ...['native/record/families', 'native/tracee'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(folder, name)),
  ),
];

test('every byte that a real call writes is in a range that the table tells', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-out-parameters-'));
  try {
    const program = buildNative(folder, 'out-parameters', sources, ['-lutil', '-lrt']);
    const { stdout, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(60_000) });
    assert.match(stdout, /^2\d\d calls, 0 failed\n$/);
    assert.is(status, 0, `${signal} ${stdout}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

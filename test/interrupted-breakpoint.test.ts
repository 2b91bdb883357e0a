// Builds and runs test/native/interrupted-breakpoint.cc: an interrupt shows no task between an int3 and its trap.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

const test = suite('interrupted breakpoint');
const sources = ['native/replay/stops.cc', 'native/tracee/tracee.cc', 'native/tracee/process-file.cc'];

test('a task that is interrupted stands before an int3, or has been stopped by its trap', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-interrupted-breakpoint-'));
  try {
    const program = buildNative(folder, 'interrupted-breakpoint', sources);
    const { stdout, stderr, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(60_000) });
    assert.is(stdout, '0 between\n', stderr);
    assert.is(status, 0, `${signal} ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

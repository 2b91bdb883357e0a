// Builds and runs test/native/ended-in-call.cc: a recording whose first process was killed in a call of the tracer's
// ended with status 0.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

test('the last status of a task that ends in a call of the tracer is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-ended-in-call-'));
  try {
    const program = buildNative(folder, 'ended-in-call', ['native/tracee/tracee.cc', 'native/tracee/process-file.cc']);
    const { stdout } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(10_000) });
    const told = 'getpid: right, told: 0\nkill: ESRCH, told: right, killed by 9\nto wait for: nothing\n';
    assert.is(stdout, told);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

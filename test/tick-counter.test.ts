// Builds and runs test/native/tick-counter.cc: the table of processors, and the counter of a task by a breakpoint event.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suiteNeeding } from './harness/machine.ts';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

const test = suiteNeeding('perf breakpoint events', 'tick counter');
const sources = ['native/counter/tick-counter.cc', 'native/counter/microarchitecture.cc'];

test('a counter counts each pass once, interrupts at the very tick, and leaves children out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-tick-counter-'));
  try {
    const program = buildNative(folder, 'tick-counter', sources);
    const { stdout, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(60_000) });
    assert.match(stdout, /^0 failed\n$/);
    assert.is(status, 0, `${signal} ${stdout}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

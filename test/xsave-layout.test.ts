// Builds and runs test/native/xsave-layout.cc: areas of one processor in the form of another's.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative, nativeTimeout } from './harness/native-program.ts';

test('extended registers of a recording get the form that this processor has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-xsave-layout-'));
  try {
    const program = buildNative(folder, 'xsave-layout', ['native/tracee/xsave-layout.cc']);
    const { stdout } = spawnSync(program, { encoding: 'utf8', timeout: nativeTimeout(10_000) });
    assert.is(stdout, '0 failures\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

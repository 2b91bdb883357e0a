// A guest is compiled anew when anything changes that it is made of: a test of a stale one proves nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './harness/compile.ts';

test('a guest is compiled anew when a header of a header has changed, and not else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-compile-'));
  try {
    const source = join(folder, 'guest.c');
    writeFileSync(source, '#include "first.h"\nint main(void) { return status; }\n');
    writeFileSync(join(folder, 'first.h'), '#include "second.h"\n');
    writeFileSync(join(folder, 'second.h'), 'enum { status = 1 };\n');
    const before = compile(source);
    assert.is(compile(source), before);
    writeFileSync(join(folder, 'second.h'), 'enum { status = 2 };\n');
    assert.is.not(compile(source), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

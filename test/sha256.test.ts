// Builds and runs test/native/sha256.cc, and compares what it says with Node's SHA-256.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative } from './harness/native-program.ts';

// Around the lengths at which the padding takes another block, and beyond what is hashed at once.
const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 1000, 100_003];

test('the store’s SHA-256 is that of everybody, with the processor’s instructions for it and without', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-sha256-'));
  try {
    const program = buildNative(folder, 'sha256', ['native/hash/sha256.cc']);
    const files = lengths.map((length) => join(folder, `${length}`));
    for (const [index, file] of files.entries()) {
      writeFileSync(
        file,
        Uint8Array.from({ length: lengths[index]! }, (_, at) => (at * 37 + (at >> 8)) & 0xff),
      );
    }
    const { stdout } = spawnSync(program, files, { encoding: 'utf8' });
    const expected = files.map((file) => {
      const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${hash} ${hash} ${file}`;
    });
    assert.equal(stdout.split('\n').slice(0, files.length), expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

// Builds and runs test/native/replay-filter.c: which system calls the processes of a replay can make at all, and that
// docs/events.md names them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { documentedCalls } from './hostile/allowed-calls.ts';

const sources = ['test/native/replay-filter.c', 'native/launcher/replay-filter.c'];

test('the filter passes the documented calls, from our page, with the arguments of a replay, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-replay-filter-'));
  try {
    const program = join(folder, 'replay-filter');
    const words = ['-O1', '-Wall', '-D_GNU_SOURCE', '-Inative', '-Ipreload', '-o', program, ...sources];
    const built = spawnSync('gcc', words, { encoding: 'utf8', timeout: 120_000 });
    assert.is(built.status, 0, built.stderr);
    const { stdout, status, signal } = spawnSync(program, { encoding: 'utf8', timeout: 120_000 });
    assert.is(status, 0, `${signal} ${stdout}`);
    const documented = documentedCalls(readFileSync('docs/events.md', 'utf8')).map((number) => `passed ${number}`);
    assert.equal(stdout.trimEnd().split('\n'), documented);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();

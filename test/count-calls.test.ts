// What `npm run bench` says of a tracer's calls is what the tracer has made (bench/count-calls.c).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './harness/compile.ts';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function countsWith(calls: number): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'rr-count-calls-'));
  try {
    const figures = join(folder, 'figures');
    const counter = compile(source('../bench/count-calls.c'));
    const tracer = compile(source('native/traces-a-child.c'), '-pthread');
    const { status, stderr } = spawnSync(counter, [figures, tracer, String(calls)], { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    return readFileSync(figures, 'utf8').split(' ').map(Number);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('counts the calls of the thread that traces, each once', () => {
  const [waits, ptrace, all = 0] = countsWith(0);
  assert.equal([waits, ptrace], [2, 2]);
  const [, , more] = countsWith(1000);
  assert.is(more, all + 1000);
});

test.run();

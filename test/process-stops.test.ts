// What one more process asks of the kernel: figures that are the same on every machine (docs/syscall-buffer.md, "Before
// the first instruction").
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { benchFolder } from '../bench/measure.ts';
import { countTracerCalls, type TracerCalls } from '../bench/tracer-calls.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const scratch = mkdtempSync(join(tmpdir(), 'rr-process-stops-'));
const cwd = join(scratch, 'work');
mkdirSync(cwd);
test.after(() => rmSync(scratch, { recursive: true }));

async function record(processes: number): Promise<TracerCalls> {
  const trace = join(scratch, `trace-${processes}`);
  const program = compile(join(benchFolder, 'programs/processes.c'));
  const command = [rrCommand, 'record', '-o', trace, '--store', join(scratch, 'store'), program, String(processes)];
  return countTracerCalls(command, { cwd, scratch, limitSeconds: 120 });
}

// 85 waits, 216 ptrace calls and 437 system calls when nothing was buffered before the second stop. What breaks a wait
// on a busy machine comes on top.
test('one more short process takes few stops', async () => {
  const few = await record(10);
  const many = await record(50);
  const each = (of: (calls: TracerCalls) => number): number => (of(many) - of(few)) / 40;
  assert.ok(each((calls) => calls.waits) < 50, `${each((calls) => calls.waits)} waits`);
  assert.ok(each((calls) => calls.ptrace) < 130, `${each((calls) => calls.ptrace)} ptrace calls`);
  assert.ok(each((calls) => calls.all) < 300, `${each((calls) => calls.all)} system calls`);
});

test.run();

// What one more process asks of the kernel: figures that are the same on every machine (docs/syscall-buffer.md, "Before
// the first instruction").
import { execFileSync } from 'node:child_process';
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

interface Figures extends TracerCalls {
  /** Events of cpuid, each of which stops the program. */
  readonly cpuids: number;
}

async function record(processes: number): Promise<Figures> {
  const trace = join(scratch, `trace-${processes}`);
  const program = compile(join(benchFolder, 'programs/processes.c'));
  const command = [rrCommand, 'record', '-o', trace, '--store', join(scratch, 'store'), program, String(processes)];
  const calls = await countTracerCalls(command, { cwd, scratch, limitSeconds: 120 });
  const dump = execFileSync(rrCommand, ['dump', trace], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { ...calls, cpuids: dump.match(/ cpuid at /g)?.length ?? 0 };
}

// 85 waits, 216 ptrace calls and 437 system calls when nothing was buffered before the second stop.
test('one more short process takes few stops', async () => {
  const few = await record(10);
  const many = await record(50);
  const each = (of: (figures: Figures) => number): number => (of(many) - of(few)) / 40;
  // The dynamic linker asks some 40 times; that is replaced where a hypervisor makes no rdtsc trap.
  const cpuids = each((figures) => figures.cpuids);
  const story = JSON.stringify({ few, many });
  assert.ok(each((figures) => figures.waits) < 50 + cpuids, story);
  assert.ok(each((figures) => figures.ptrace) < 130 + 4 * cpuids, story);
  assert.ok(each((figures) => figures.all) < 300 + 11 * cpuids, story);
});

test.run();

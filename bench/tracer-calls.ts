/** What a recording's tracer asks of the kernel, counted from outside by count-calls.c. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../test/harness/compile.ts';
import { benchFolder, type MeasureOptions, measure } from './measure.ts';

export interface TracerCalls {
  /** wait4 and waitid. */
  readonly waits: number;
  readonly ptrace: number;
  /** All system calls but reads of the clock. */
  readonly all: number;
}

/**
 * Runs a recording once more, slowed down by the counting: ticks come more often than else, each with some calls.
 * @throws Error as `measure` does.
 */
export async function countTracerCalls(command: readonly string[], options: MeasureOptions): Promise<TracerCalls> {
  const figures = join(options.scratch, 'count-calls.figures');
  await measure([compile(join(benchFolder, 'count-calls.c')), figures, ...command], options);
  const [waits = 0, ptrace = 0, all = 0] = readFileSync(figures, 'utf8').split(' ').map(Number);
  return { waits, ptrace, all };
}

/** Timing of commands by measure.c, which is compiled when first used. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../test/harness/child.ts';
import { compile } from '../test/harness/compile.ts';

export const benchFolder = dirname(fileURLToPath(import.meta.url));

export interface Measurement {
  readonly seconds: number;
  /** Processor time of the command and its descendants. */
  readonly cpuSeconds: number;
  /** Largest resident set of any one process, bytes. */
  readonly peakBytes: number;
}

export interface MeasureOptions {
  /** Working directory; what the command prints goes to `measure.out` beside it. */
  readonly cwd: string;
  /** Directory for the files of the measurement. */
  readonly scratch: string;
  /** The only processor it may use. */
  readonly cpu?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly limitSeconds: number;
  /** Exit status that counts as success; 0 when left out. */
  readonly expectedStatus?: number;
}

/**
 * Runs a command once, after a `sync`.
 * @throws Error when it does not end within the limit or ends otherwise than it should, with the end of what it printed.
 */
export async function measure(command: readonly string[], options: MeasureOptions): Promise<Measurement> {
  const figures = join(options.scratch, 'measure.figures');
  const printed = join(options.scratch, 'measure.out');
  await spawned('sync', [], '/', 'ignore', options.limitSeconds);
  const output = openSync(printed, 'w');
  const words = [figures, options.cpu === undefined ? '-' : String(options.cpu), ...command];
  const ended = spawned(
    compile(join(benchFolder, 'measure.c')),
    words,
    options.cwd,
    output,
    options.limitSeconds,
    options.env,
  );
  closeSync(output);
  const problem = await ended;
  const tail = (): string => readFileSync(printed, 'utf8').trimEnd().slice(-1000);
  if (problem !== undefined) throw new Error(`${command.join(' ')} ${problem}\n${tail()}`);
  const [seconds = 0, cpuSeconds = 0, kilobytes = 0, status = 0] = readFileSync(figures, 'utf8').split(' ').map(Number);
  const expected = (options.expectedStatus ?? 0) << 8;
  if (status !== expected) {
    throw new Error(`${command.join(' ')}: wait status ${status}, expected ${expected}\n${tail()}`);
  }
  return { seconds, cpuSeconds, peakBytes: kilobytes * 1024 };
}

/** Undefined when it exited with 0; else what happened. */
async function spawned(
  program: string,
  args: readonly string[],
  cwd: string,
  output: number | 'ignore',
  limitSeconds: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const child = spawn(program, args, {
    cwd,
    env: { ...plainEnvironment, ...env },
    stdio: ['ignore', output, output],
    detached: true,
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limitSeconds * 1000);
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (status, signal) => {
        if (timedOut) resolve(`did not end within ${limitSeconds} s`);
        else if (status === 0) resolve(undefined);
        else resolve(signal === null ? `could not be measured (status ${status})` : `died of ${signal}`);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

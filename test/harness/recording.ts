/**
 * Runs a program natively, records it, replays the recording, and compares the three. `withRecording` hands the trace
 * to a function for whatever else a test wants to know of it, and removes everything afterwards.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildResult, describeEnd, runChild } from './child.ts';
import { compile, guestFolder } from './compile.ts';
import type { RecordingMode } from './modes.ts';
import { firstDifference, tailOf, takeOwnLines, textOf } from './output.ts';
import { rrForEverybody } from './rr-for-everybody.ts';

export const rrCommand = rrForEverybody();

/** Words before a command that may not make certain calls then: see refuse.c. */
function refusing(calls: string): string[] {
  return [compile(join(guestFolder, '..', 'edge', 'refuse.c')), calls];
}

export interface Scenario {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly mode: RecordingMode;
  /** False: two native runs print different things, so only recording and replay are compared. */
  readonly deterministic: boolean;
  /** What the recorded program's stdout must match: where the program alone does not do so, this machine is to blame. */
  readonly prints?: RegExp;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Put before the program when it runs alone, and before rr when that records: a terminal's helper, for example. */
  readonly wrapper?: readonly string[];
  /** For each of the three runs; 60 when left out. */
  readonly limitSeconds?: number;
  /** Fills the program's working directory, before the native run and again before the recording. */
  readonly prepare?: (directory: string) => void;
}

export interface Recording {
  readonly native: ChildResult;
  readonly record: ChildResult;
  readonly replay: ChildResult;
  /** What rr itself said while it recorded, line by line. */
  readonly messages: readonly string[];
  readonly traceDirectory: string;
  readonly storeDirectory: string;
}

function fresh(directory: string): string {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o755 });
  return directory;
}

function fail(name: string, mode: RecordingMode, what: string, runs: readonly ChildResult[]): never {
  const parts = [`${name} (${mode.name}): ${what}`];
  for (const run of runs) {
    parts.push(`  ${run.label} ${describeEnd(run)}: ${run.command.join(' ')}`);
    for (const stream of ['stdout', 'stderr'] as const) {
      if (run[stream].length > 0) parts.push(`  its ${stream}:\n${tailOf(run[stream])}`);
    }
  }
  const error = new Error(parts.join('\n'));
  // The place in the harness says nothing, and uvu would print the message twice.
  error.stack = '';
  throw error;
}

/**
 * @throws Error that tells the first thing that is not as it should be, and what all runs so far said.
 */
export async function withRecording(
  name: string,
  scenario: Scenario,
  use: (recording: Recording) => void | Promise<void> = () => {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-test-'));
  const workDirectory = join(folder, 'work');
  const traceDirectory = join(folder, 'trace');
  const storeDirectory = join(folder, 'store');
  const { command, mode } = scenario;
  const run = (label: string, words: readonly string[], cwd: string): Promise<ChildResult> =>
    runChild(words, {
      scratch: join(folder, 'streams'),
      label,
      cwd,
      limitSeconds: scenario.limitSeconds ?? 60,
      ...(scenario.env === undefined ? {} : { env: scenario.env }),
      ...(scenario.input === undefined || label === 'replay' ? {} : { input: scenario.input }),
    });
  const workIn = (): string => {
    fresh(workDirectory);
    scenario.prepare?.(workDirectory);
    return workDirectory;
  };
  try {
    const filter = mode.refused === undefined ? [] : refusing(mode.refused);
    const wrapper = [...filter, ...(scenario.wrapper ?? [])];
    const native = await run('native', [...wrapper, ...command], workIn());
    if (native.timedOut) fail(name, mode, 'the program alone does not end', [native]);

    const words = [rrCommand, ...mode.globalOptions, 'record', '-o', traceDirectory, '--store', storeDirectory];
    const recorded = await run('record', [...wrapper, ...words, ...mode.recordOptions, ...command], workIn());
    const { program: programStderr, own: messages } = takeOwnLines(recorded.stderr);
    const record = { ...recorded, stderr: programStderr };
    if (record.timedOut) fail(name, mode, 'recording does not end', [native, recorded]);
    const { prints } = scenario;
    if (prints !== undefined && !prints.test(textOf(record.stdout))) {
      fail(name, mode, `the recording does not print ${prints}`, [native, recorded]);
    }
    const isAsTold = prints === undefined || prints.test(textOf(native.stdout));
    if (!isAsTold) console.log(`skipped: ${name} alone does not print what it should on this machine; not compared`);
    if (scenario.deterministic && isAsTold) {
      if (record.status !== native.status || record.signal !== native.signal) {
        fail(name, mode, 'the recording ends otherwise than the program alone', [native, recorded]);
      }
      for (const stream of ['stdout', 'stderr'] as const) {
        const difference = firstDifference(
          `recording: ${stream}`,
          ['native', 'record'],
          native[stream],
          record[stream],
        );
        if (difference !== undefined) fail(name, mode, difference, [recorded]);
      }
    }

    // A terminal mixes both streams, and the replay would draw its progress there: they go to one file.
    const together = scenario.wrapper === undefined ? [] : ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh'];
    // The replay needs nothing of the program's directory.
    rmSync(workDirectory, { recursive: true, force: true });
    const replay = await run('replay', [...together, ...filter, rrCommand, 'replay', '-a', traceDirectory], folder);
    if (replay.timedOut) fail(name, mode, 'replay does not end', [recorded, replay]);
    if (replay.status !== 0) fail(name, mode, `replay ${describeEnd(replay)}`, [recorded, replay]);
    for (const stream of ['stdout', 'stderr'] as const) {
      const difference = firstDifference(`replay: ${stream}`, ['record', 'replay'], record[stream], replay[stream]);
      if (difference !== undefined) fail(name, mode, difference, [recorded, replay]);
    }
    await use({ native, record, replay, messages, traceDirectory, storeDirectory });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

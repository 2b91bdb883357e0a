/** Records guests of test/guests/chaos, each with a bug that shows as status 1, and replays every recording. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../harness/child.ts';
import { compileGuest } from '../harness/compile.ts';
import { rrCommand } from '../harness/recording.ts';

export const chaosGuests = ['aba', 'lost-wake-up', 'missing-lock', 'start-order', 'starvation'] as const;

const limitSeconds = 60;

async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-chaos-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function statusOf(words: readonly string[], folder: string, label: string): Promise<number> {
  const run = await runChild(words, { scratch: join(folder, 'streams'), label, cwd: folder, limitSeconds });
  if (run.timedOut || run.status === undefined)
    throw new Error(`${words.join(' ')}: does not end by itself in ${limitSeconds} s`);
  return run.status;
}

/** How many of `times` runs without a recording show the bug. */
export function bugsInRuns(guest: string, times: number): Promise<number> {
  const program = compileGuest(`chaos/${guest}`);
  return inFolder(async (folder) => {
    let shown = 0;
    for (let round = 0; round < times; round++) shown += (await statusOf([program], folder, 'native')) === 1 ? 1 : 0;
    return shown;
  });
}

export interface Found {
  /** Recordings that show the bug, and the first of them, counted from 1; 0 when none does. */
  readonly shown: number;
  readonly first: number;
  readonly recordings: number;
}

/**
 * Records `times` times, or until the bug shows where `untilShown`. `options` get the number of the recording.
 * @throws Error when a recording does not replay, or ends otherwise than with status 0 or 1
 */
export function bugsInRecordings(
  guest: string,
  times: number,
  options: (round: number) => readonly string[],
  untilShown: boolean,
): Promise<Found> {
  const program = compileGuest(`chaos/${guest}`);
  return inFolder(async (folder) => {
    const trace = join(folder, 'trace');
    let shown = 0;
    let first = 0;
    let round = 0;
    while (round < times && !(untilShown && shown > 0)) {
      round++;
      rmSync(trace, { recursive: true, force: true });
      const own = ['-o', trace, '--store', join(folder, 'store'), ...options(round)];
      const status = await statusOf([rrCommand, 'record', ...own, program], folder, 'record');
      if (status > 1) throw new Error(`record ${own.join(' ')} ${program}: status ${status}`);
      const replayed = await statusOf([rrCommand, 'replay', '-a', trace], folder, 'replay');
      if (replayed !== 0) throw new Error(`${guest}, recorded with ${options(round).join(' ')}: does not replay`);
      shown += status;
      if (status === 1 && first === 0) first = round;
    }
    return { shown, first, recordings: round };
  });
}

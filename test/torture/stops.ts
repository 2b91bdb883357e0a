/**
 * npm run torture -- --stops N [--only NAME,...] [--worst N]: records programs stopped in mid-code at random times between
 * 0.1 and 5 ms, until N stops are recorded, and replays each recording twice: searching, and by the passes that were
 * counted. A stop is found when registers, the memory around what they point to and a hash of all memory that was written
 * are the recorded ones; one that is not found is a divergence. Prints a table; returns the number of failures, and
 * leaves what failed in the temporary folder. point-costs.ts has what a stop costs, by-oracle.ts the comparison with a
 * search by breakpoints alone.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rrCommand } from '../harness/recording.ts';
import { formatTable } from '../harness/table.ts';
import { countForcedStops } from '../harness/trace-figures.ts';
import { costliest, pointCosts, recordedSlices, searchesOf, slowSearch, withoutDebug } from './point-costs.ts';
import { type StopSubject, stopSubjects } from './stop-subjects.ts';

const period = '100-5000';
const recordLimit = 300_000;
const replayLimit = 600_000;
const mostFailures = 20;

interface Sums {
  recordings: number;
  stops: number;
  weak: number;
  failed: number;
  /** Processor time of replay beyond that of each slice, as a part of it; and the same by ordinals. */
  costs: number[];
  laterCosts: number[];
  /** Breakpoint hits and traps of the worst search, and how many searches took more than slowSearch. */
  mostStops: number;
  slow: number;
}

/** Status, or undefined when it did not end in time. What it wrote to standard error is in a file, and the text. */
function runRr(
  cwd: string,
  words: readonly string[],
  limit: number,
  errors: string,
): { status: number | undefined; text: string } {
  const file = openSync(errors, 'w');
  try {
    const run = spawnSync(rrCommand, words, {
      cwd,
      timeout: limit,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'ignore', file],
    });
    return { status: run.status ?? undefined, text: readFileSync(errors, 'utf8') };
  } finally {
    closeSync(file);
  }
}

function round(subject: StopSubject, sums: Sums, worst: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-stops-'));
  const before = sums.failed;
  try {
    recordAndReplay(subject, sums, folder, worst);
  } finally {
    if (sums.failed === before) rmSync(folder, { recursive: true, force: true });
    else console.log(`${subject.name}: kept in ${folder}`);
  }
}

function recordAndReplay(subject: StopSubject, sums: Sums, folder: string, worst: number): void {
  const trace = join(folder, 'trace');
  const work = join(folder, 'work');
  mkdirSync(work);
  subject.prepare?.(work);
  // Every other recording has system calls between the stops that were buffered.
  const mode = sums.recordings % 2 === 0 ? ['--patch-after', '1'] : ['-n'];
  const options = ['-o', trace, '--store', join(folder, 'store'), '--force-stops', period, ...mode];
  const words = ['--log', 'record:debug', 'record', ...options, ...subject.command];
  const recorded = runRr(work, words, recordLimit, join(folder, 'record.log'));
  if (recorded.status !== 0) {
    sums.failed++;
    console.log(`${subject.name}: recording ended with ${recorded.status}\n${withoutDebug(recorded.text)}`);
    return;
  }
  const slices = recordedSlices(recorded.text);
  const { stops, weak } = countForcedStops(trace);
  sums.recordings++;
  sums.stops += stops;
  sums.weak += weak;
  const replay = (name: string, costs: number[]): void => {
    const log = join(folder, `${name}.log`);
    const replayed = runRr(folder, ['--log', 'costs:debug', 'replay', '-a', '-q', trace], replayLimit, log);
    const found = pointCosts(slices, replayed.text);
    costs.push(...found.map(({ share }) => share));
    for (const line of costliest(found, worst)) console.log(`${subject.name}: ${name}: ${line}`);
    for (const { event, hits } of searchesOf(replayed.text)) {
      sums.mostStops = Math.max(sums.mostStops, hits);
      if (hits <= slowSearch) continue;
      sums.slow++;
      console.log(`${subject.name}: event ${event} took ${hits} stops in the ${name}`);
    }
    const other = withoutDebug(replayed.text);
    // A weak point that was found too early, and made good, is no failure, but to be seen.
    if (replayed.status === 0) return void (other !== '' && console.log(`${subject.name}: ${name}: ${other.trim()}`));
    sums.failed++;
    console.log(`${subject.name}: the ${name} ended with ${replayed.status}\n${other}`);
  };
  replay('replay', sums.costs);
  replay('later replay', sums.laterCosts);
}

/** Of all programs together. */
function costLine(name: string, costs: readonly number[]): string {
  return `${name}: median ${percentile(costs, 0.5)}, 95th percentile ${percentile(costs, 0.95)} of the slice`;
}

function percentile(values: readonly number[], share: number): string {
  if (values.length === 0) return '';
  const sorted = [...values].sort((one, other) => one - other);
  return `${(100 * sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!).toFixed(0)}%`;
}

/** @param worst how many of each replay's most expensive stops to list */
export function tortureStops(wanted: number, only: readonly string[], worst: number): number {
  const all = stopSubjects()
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .map((subject) => ({
      subject,
      sums: {
        recordings: 0,
        stops: 0,
        weak: 0,
        failed: 0,
        costs: [],
        laterCosts: [],
        mostStops: 0,
        slow: 0,
      } as Sums,
    }));
  if (all.length === 0) {
    console.error(
      `--only ${only.join(',')}: no such program; there are ${stopSubjects()
        .map(({ name }) => name)
        .join(', ')}`,
    );
    return 1;
  }
  const total = (): number => all.reduce((sum, { sums }) => sum + sums.stops, 0);
  const failures = (): number => all.reduce((sum, { sums }) => sum + sums.failed, 0);
  let rounds = 0;
  while (total() < wanted && failures() < mostFailures) {
    const before = total();
    for (const { subject, sums } of all) {
      round(subject, sums, worst);
      // The mix stays even: only whole rounds, but for the last one.
      if (total() >= wanted || failures() >= mostFailures) break;
    }
    rounds++;
    console.log(`round ${rounds}: ${total()} stops, ${failures()} failures`);
    if (total() === before) break;
  }
  const rows = all.map(({ subject, sums }) => [
    subject.name,
    String(sums.recordings),
    String(sums.stops),
    String(sums.weak),
    String(sums.failed),
    String(sums.mostStops),
    percentile(sums.costs, 0.5),
    percentile(sums.costs, 0.95),
    percentile(sums.laterCosts, 0.5),
    percentile(sums.laterCosts, 0.95),
  ]);
  const costs = ['median', '95%', 'later', '95%'];
  const columns = ['program', 'recordings', 'stops', 'weak', 'failed', 'most hits', ...costs];
  console.log(formatTable(columns, rows));
  console.log(
    costLine(
      'finding a stop',
      all.flatMap(({ sums }) => sums.costs),
    ),
  );
  console.log(
    costLine(
      'by its pass',
      all.flatMap(({ sums }) => sums.laterCosts),
    ),
  );
  const slow = all.reduce((sum, { sums }) => sum + sums.slow, 0);
  console.log(`${total()} stops, ${failures()} failures, ${slow} searches of more than ${slowSearch} hits`);
  return failures();
}

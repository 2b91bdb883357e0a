/**
 * Records one short command thousands of times, as a build farm does, and asks of each recording that it ended as the
 * program does, that its trace is whole, and that it took little processor time of its own. The recorder tells by
 * `--log record:info` of each second in which nobody had a turn; those lines and the slowest recordings are shown, and of
 * these what their threads were seen waiting for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFolder } from '../../bench/measure.ts';
import { TraceReader } from '../../engine/trace/reader.ts';
import { describeEnd, runChild } from '../harness/child.ts';
import { compile } from '../harness/compile.ts';
import { tailOf } from '../harness/output.ts';
import { rrCommand } from '../harness/recording.ts';
import { formatSeconds, formatTable } from '../harness/table.ts';
import { whereTheyStand } from './standing.ts';

/** Of processor time, that a recording may take. */
const mostProcessorSeconds = 2;
/** After which it is killed, to see where it stands. */
const limitSeconds = 60;
const shownSlowest = 10;
/** How often one is looked at that takes long. Milliseconds. */
const lookEvery = 1500;
const reportEvery = 250;

interface Round {
  readonly number: number;
  readonly seconds: number;
  /** Of the recorder and all its descendants (RUSAGE_CHILDREN of a process that waited for it). */
  readonly processorSeconds: number;
  /** What the recorder logged. */
  readonly told: string;
}

/** Why the trace is not a whole one; undefined when it is. */
function faultOfTrace(directory: string): string | undefined {
  const reader = TraceReader.open(directory);
  try {
    let more = true;
    while (more) more = reader.next();
    return reader.complete ? undefined : 'its trace is not complete';
  } finally {
    reader.close();
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Begins what the recorder says of a second without a turn (native/record/tree/waits.cc). */
const withoutTurn = 'no turn for';

/**
 * Prints what was lost or slow, the distribution and the slowest.
 * @returns how many recordings were lost or took too much.
 */
export async function soak(
  times: number,
  command: readonly string[],
  recordOptions: readonly string[],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-soak-'));
  const scratch = join(folder, 'streams');
  const trace = join(folder, 'trace');
  const figures = join(folder, 'figures');
  const record = [rrCommand, '--log', 'record:info', 'record', '-o', trace, '--store', join(folder, 'store')];
  const words = [compile(join(benchFolder, 'measure.c')), figures, '-', ...record, ...recordOptions, ...command];
  const rounds: Round[] = [];
  const faults: string[] = [];
  try {
    for (let number = 1; number <= times; number++) {
      const stood: string[] = [];
      const looks = setInterval(() => stood.push(whereTheyStand(process.pid)), lookEvery);
      const run = await runChild(words, { scratch, label: 'record', cwd: folder, limitSeconds });
      clearInterval(looks);
      if (run.timedOut || run.status !== 0) {
        faults.push(`recording ${number} could not be measured: it ${describeEnd(run)}\n${tailOf(run.stderr)}`);
      } else {
        const [seconds = 0, processorSeconds = 0, , status = 0] = readFileSync(figures, 'utf8').split(' ').map(Number);
        const seen = stood.map((line, index) => `after ${((index + 1) * lookEvery) / 1000} s: ${line}\n`);
        const told = readFileSync(run.stderr.path, 'utf8') + seen.join('');
        rounds.push({ number, seconds, processorSeconds, told });
        const fault = status === 0 ? faultOfTrace(trace) : `wait status ${status}`;
        if (fault !== undefined) faults.push(`recording ${number}: ${fault}\n${told}`);
        if (processorSeconds > mostProcessorSeconds) {
          faults.push(`recording ${number} took ${processorSeconds} s of processor time\n${told}`);
        }
      }
      rmSync(trace, { recursive: true, force: true });
      if (number % reportEvery === 0) console.log(`${number} recorded, ${faults.length} lost or too slow`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const fault of faults) console.log(`${fault}\n`);
  const rows = (['seconds', 'processorSeconds'] as const).map((what) => {
    const sorted = rounds.map((round) => round[what]).sort((a, b) => a - b);
    const name = what === 'seconds' ? 'clock' : 'processor time';
    return [name, ...[0.5, 0.99, 0.999, 1].map((share) => formatSeconds(percentile(sorted, share)))];
  });
  console.log(`${formatTable(['s', 'median', '99 %', '99.9 %', 'most'], rows)}\n`);
  const slowest = [...rounds].sort((a, b) => b.seconds - a.seconds).slice(0, shownSlowest);
  const greediest = [...rounds].sort((a, b) => b.processorSeconds - a.processorSeconds).slice(0, shownSlowest);
  const still = rounds.filter(({ told }) => told.includes(withoutTurn));
  for (const [title, chosen] of [
    ['the slowest', slowest],
    ['the most processor time', greediest],
    ['those in which a second passed without a turn', still],
  ] as const) {
    console.log(`${title}: ${chosen.length}`);
    for (const { number, seconds, processorSeconds, told } of chosen) {
      console.log(
        `recording ${number}: ${formatSeconds(seconds)} s, ${formatSeconds(processorSeconds)} s of processor time`,
      );
      if (chosen !== greediest) console.log(told.replace(/^(?=.)/gm, '  ').trimEnd());
    }
    console.log();
  }
  return faults.length;
}

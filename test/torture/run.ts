/**
 * npm run torture [-- --times N --busy N --ring-slots N --checksum MODE] [-- COMMAND ARGS...]
 *
 * Records and replays a command again and again (100 times), as hard as wanted: with busy loops beside it, with a ring
 * of few slots, with memory checksums. Without a command it takes a shell's pipeline and a parallel make. Prints each
 * failure, and ends with status 1 when there was one. With --stops N [--only NAME,...] [--worst N]: stops.ts, and with --oracle
 * by-oracle.ts. With --soak N [--busy N]: records a command (`true`) N times, soak.ts.
 */
import { parseArgs } from 'node:util';
import { shellLoop } from '../acceptance/scripts.ts';
import { writeCProject } from '../acceptance/sources.ts';
import { BusyLoops } from '../harness/busy-loops.ts';
import type { RecordingMode } from '../harness/modes.ts';
import { withRecording } from '../harness/recording.ts';
import { formatSeconds, formatTable } from '../harness/table.ts';
import { wholeNumber } from '../harness/whole-number.ts';
import { tortureByOracle } from './by-oracle.ts';
import { soak } from './soak.ts';
import { tortureStops } from './stops.ts';

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly prepare?: (directory: string) => void;
}

const standardSubjects: readonly Subject[] = [
  { name: 'bash-loop', command: ['bash', '-c', shellLoop] },
  { name: 'make', command: ['make', '-j2', '-s', 'check'], prepare: writeCProject },
];
const limitSeconds = 120;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string', default: '100' },
    busy: { type: 'string', default: '0' },
    'ring-slots': { type: 'string' },
    checksum: { type: 'string' },
    stops: { type: 'string' },
    soak: { type: 'string' },
    oracle: { type: 'boolean', default: false },
    only: { type: 'string' },
    worst: { type: 'string', default: '0' },
  },
});
if (values.stops !== undefined) {
  const stops = wholeNumber(values.stops, '--stops', 1);
  const worst = wholeNumber(values.worst, '--worst', 0);
  const only = values.only?.split(',') ?? [];
  process.exit((values.oracle ? tortureByOracle(stops) : tortureStops(stops, only, worst)) > 0 ? 1 : 0);
}
const times = wholeNumber(values.times, '--times', 1);
const ringSlots = values['ring-slots'];
const mode: RecordingMode = {
  name: 'torture',
  globalOptions: values.checksum === undefined ? [] : ['-C', values.checksum],
  recordOptions: ringSlots === undefined ? [] : ['--ring-slots', String(wholeNumber(ringSlots, '--ring-slots', 2))],
};
const subjects = positionals.length > 0 ? [{ name: positionals[0] ?? '', command: positionals }] : standardSubjects;

using _busy = new BusyLoops(wholeNumber(values.busy, '--busy', 0));
if (values.soak !== undefined) {
  const command = positionals.length > 0 ? positionals : ['true'];
  const lost = await soak(wholeNumber(values.soak, '--soak', 1), command, mode.recordOptions);
  console.log(lost === 0 ? 'none lost, none too slow' : `${lost} lost or too slow`);
  process.exit(lost === 0 ? 0 : 1);
}
const rows: string[][] = [];
let failed = 0;
for (const subject of subjects) {
  let good = 0;
  const record: number[] = [];
  const replay: number[] = [];
  for (let round = 1; round <= times; round++) {
    try {
      const { name, ...scenario } = subject;
      await withRecording(name, { ...scenario, mode, deterministic: true, limitSeconds }, (recording) => {
        record.push(recording.record.seconds);
        replay.push(recording.replay.seconds);
      });
      good++;
    } catch (error) {
      failed++;
      console.log(`round ${round}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const longest = (seconds: readonly number[]): string =>
    seconds.length === 0 ? '' : formatSeconds(Math.max(...seconds));
  rows.push([subject.name, String(good), String(times - good), longest(record), longest(replay)]);
}
console.log(formatTable(['command', 'good', 'failed', 'longest record s', 'longest replay s'], rows));
process.exitCode = failed === 0 ? 0 : 1;

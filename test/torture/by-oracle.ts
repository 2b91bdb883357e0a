/**
 * npm run torture -- --oracle --stops N: each forced stop by matcher and by oracle. Small programs are stopped in
 * mid-code at random times until N stops were found in both ways: a replay by the in-tracee matcher, and one that stops
 * at each pass of the address and compares everything there (RR_ORACLE=1). Both must come to the same pass, and the
 * recorded hash of memory must be there.
 *
 * A pass costs the oracle some 15 us, so the tight loops are ended after a few milliseconds, with many short slices. The
 * program with the fewest stops goes next; one that has failed is not run again.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileGuest } from '../harness/compile.ts';
import { computingGuests } from '../harness/forced-stops.ts';
import { rrCommand } from '../harness/recording.ts';
import { formatTable } from '../harness/table.ts';
import { countForcedStops } from '../harness/trace-figures.ts';
import { withoutDebug } from './point-costs.ts';

/** Microseconds between forced stops. */
const period = '20-200';
/** Microseconds of processor time. */
const guestTime = 3_000;
const limits = { record: 60_000, matcher: 30_000, oracle: 60_000 };
const limitSignal = 'SIGKILL';
const mostFailures = 20;
/** Of the oracle's time: a program that has had it makes way for the others until they have had theirs. */
const secondsEach = 30;
/** Recordings without a stop. */
const mostEmpty = 20;

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
}

interface Sums {
  recordings: number;
  recorded: number;
  weak: number;
  /** Stops that both came to at the same pass. */
  same: number;
  passes: number;
  /** Replays by oracle that did not end within the limit: nothing of them is compared. */
  unfinished: number;
  failed: number;
  oracleSeconds: number;
}

function subjects(): Subject[] {
  const briefly = [compileGuest('computing/briefly'), `${guestTime}`];
  const brief = (guest: string): Subject => ({ name: guest, command: [...briefly, compileGuest(guest)] });
  return [
    ...computingGuests.map((name) => brief(`computing/${name}`)),
    brief('threads/race'),
    { name: 'python3', command: ['/usr/bin/python3', '-c', 'print(sum(i * i % 7 for i in range(20000)))'] },
    { name: 'perl', command: ['perl', '-e', 'my %h; $h{$_ % 100} += $_ for 1 .. 20000; print scalar(keys %h), "\\n"'] },
    { name: 'bash', command: ['bash', '-c', 'for ((i = 0; i < 3000; i++)); do ((s += i * i % 7)); done; echo $s'] },
  ];
}

/** `end`: a status, or the signal that ended the program, and then the recording as well. */
function runRr(
  words: readonly string[],
  limit: number,
  cache: string,
  oracle = false,
): { end: number | string; seconds: number; text: string } {
  const begin = performance.now();
  const run = spawnSync(rrCommand, words, {
    timeout: limit,
    killSignal: limitSignal,
    env: { ...process.env, XDG_CACHE_HOME: cache, ...(oracle ? { RR_ORACLE: '1' } : { RR_COUNT_PASSES: '1' }) },
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 26,
  });
  const end = run.status ?? run.signal ?? 'nothing';
  return { end, seconds: (performance.now() - begin) / 1000, text: run.stderr.toString() };
}

/** By event: how often the task had come to the address of the stop. */
function passesOf(log: string): ReadonlyMap<number, number> {
  const lines = log.matchAll(/event (\d+): forced stop found .*, pass (\d+),/g);
  return new Map([...lines].map(([, event, pass]) => [Number(event), Number(pass)]));
}

function round({ name, command }: Subject, sums: Sums): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-oracle-'));
  const trace = join(folder, 'trace');
  const fail = (what: string): void => {
    sums.failed++;
    console.log(`${name}: ${what}`);
  };
  try {
    // Every other recording has system calls between the stops that were buffered.
    const mode = sums.recordings++ % 2 === 0 ? ['--patch-after', '1'] : ['-n'];
    const store = join(folder, 'store');
    const record = ['record', '-o', trace, '--store', store, '--force-stops', period, ...mode, ...command];
    const recorded = runRr(record, limits.record, join(folder, 'cache'));
    if (recorded.end !== 0 && recorded.end !== 'SIGPROF') {
      fail(`the recording ended with ${recorded.end}:\n${recorded.text}`);
      return;
    }
    const { stops, weak } = countForcedStops(trace);
    sums.recorded += stops;
    sums.weak += weak;
    const replay = ['--log', 'replay:debug', 'replay', '-a', '-q', trace];
    const matched = runRr(replay, limits.matcher, join(folder, 'cache'));
    if (matched.end !== 0) {
      fail(`the replay ended with ${matched.end}:\n${withoutDebug(matched.text)}`);
      return;
    }
    const oracle = runRr(replay, limits.oracle, join(folder, 'empty-cache'), true);
    sums.oracleSeconds += oracle.seconds;
    if (oracle.end === limitSignal) {
      sums.unfinished++;
      return;
    }
    if (oracle.end !== 0) {
      fail(`the replay by oracle ended with ${oracle.end}:\n${withoutDebug(oracle.text)}`);
      return;
    }
    const byMatcher = passesOf(matched.text);
    const byOracle = passesOf(oracle.text);
    if (byMatcher.size !== byOracle.size) {
      fail(`the matcher found ${byMatcher.size} stops, the oracle ${byOracle.size}`);
      return;
    }
    for (const [event, pass] of byOracle) {
      sums.passes += pass;
      if (byMatcher.get(event) === pass) sums.same++;
      else fail(`event ${event}: pass ${pass} by oracle, pass ${byMatcher.get(event)} by matcher`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints a line for each program and round, then a table. Returns the number of failures. */
export function tortureByOracle(wanted: number): number {
  const all = subjects().map((subject): { subject: Subject; sums: Sums } => ({
    subject,
    sums: { recordings: 0, recorded: 0, weak: 0, same: 0, passes: 0, unfinished: 0, failed: 0, oracleSeconds: 0 },
  }));
  const same = (): number => all.reduce((sum, { sums }) => sum + sums.same, 0);
  const failures = (): number => all.reduce((sum, { sums }) => sum + sums.failed, 0);
  let budget = secondsEach;
  while (same() < wanted && failures() < mostFailures) {
    const sound = all.filter(({ sums }) => sums.failed === 0);
    if (sound.length === 0) break;
    const affordable = sound.filter(({ sums }) => sums.oracleSeconds < budget);
    if (affordable.length === 0) {
      budget += secondsEach;
      continue;
    }
    const { subject, sums } = affordable.reduce((one, other) => (other.sums.same < one.sums.same ? other : one));
    if (sums.recordings === mostEmpty && sums.same === 0)
      throw new Error(`${subject.name}: no stop in ${mostEmpty} recordings, nothing to compare`);
    round(subject, sums);
    const told = `${sums.same} stops by both, ${sums.failed} failures, ${sums.oracleSeconds.toFixed(0)} s by oracle`;
    console.log(`${subject.name}: ${told}; ${same()} in all`);
  }
  const rows = all.map(({ subject, sums }) =>
    [
      subject.name,
      sums.recordings,
      sums.recorded,
      sums.weak,
      sums.same,
      sums.passes,
      sums.unfinished,
      sums.failed,
      sums.oracleSeconds.toFixed(1),
    ].map(String),
  );
  const header = [
    'program',
    'recordings',
    'stops',
    'weak',
    'same by both',
    'passes',
    'unfinished',
    'failed',
    'oracle s',
  ];
  console.log(formatTable(header, rows));
  console.log(`${same()} stops found by matcher and oracle at the same point, ${failures()} failures`);
  return failures();
}

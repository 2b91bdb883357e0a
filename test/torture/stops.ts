/**
 * npm run torture -- --stops N: records computing guests, stopped in mid-code at random times between 0.1 and
 * 5 ms, until N stops are recorded, and replays each recording. A stop is found when registers, the memory around what
 * they point to and, where memory is small enough, a hash of all of it are the recorded ones; one that is not found is a
 * divergence. Each recording is replayed twice: searching, and by the passes that were
 * counted. Prints a table; returns the number of failures.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingCommands } from '../acceptance/run-program.ts';
import { cProgramSource } from '../acceptance/sources.ts';
import { threadedPrograms } from '../acceptance/threaded-programs.ts';
import { compileGuest } from '../harness/compile.ts';
import { computingGuests } from '../harness/forced-stops.ts';
import { rrCommand } from '../harness/recording.ts';
import { formatTable } from '../harness/table.ts';
import { countForcedStops } from '../harness/trace-figures.ts';

const period = '100-5000';
const recordLimit = 60_000;
const replayLimit = 120_000;

interface Sums {
  recordings: number;
  stops: number;
  weak: number;
  failed: number;
  replaySeconds: number;
  /** Of each stop: what the replay of its slice took beyond the slice itself, as a part of it. */
  costs: number[];
  /** The same of a second replay, by ordinals. */
  laterCosts: number[];
}

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly prepare?: (directory: string) => void;
}

/** Programs of the acceptance suite that compute enough to be stopped, and commands that must be there for them. */
const acceptanceNames: ReadonlySet<string> = new Set([
  'redis',
  'java',
  'java-parallel',
  'go',
  'python-threads',
  'node',
]);

const nodeScript = `
function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
const words = new Map();
for (let i = 0; i < 200000; i++) { const key = 'w' + (i * 7919) % 1009; words.set(key, (words.get(key) ?? 0) + i); }
console.log(fibonacci(27), words.size, [...words.values()].reduce((a, b) => a + b));
`;

const luaScript = `
local t, s = {}, 0
for i = 1, 3e6 do t[i % 1000 + 1] = (t[i % 1000 + 1] or 0) + i; s = (s + t[i % 1000 + 1]) % 1000003 end
print(s)
`;

function realPrograms(): Subject[] {
  const wanted: (Subject & { readonly needs?: string })[] = [
    { name: 'node jit', command: ['node', '-e', nodeScript], needs: 'node' },
    { name: 'luajit', command: ['luajit', '-e', luaScript], needs: 'luajit' },
    {
      name: 'gcc',
      command: ['gcc', '-O2', '-S', '-o', 'program.s', 'program.c'],
      prepare: (directory) => writeFileSync(join(directory, 'program.c'), cProgramSource()),
    },
    ...threadedPrograms()
      .filter((program) => acceptanceNames.has(program.name) && missingCommands(program).length === 0)
      .map(({ name, command, prepare }) => ({ name, command, ...(prepare === undefined ? {} : { prepare }) })),
  ];
  return wanted.filter(({ needs }) => needs === undefined || hasCommand(needs));
}

function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v "$1"`, 'sh', name]).status === 0;
}

function subjects(): Subject[] {
  const guests = computingGuests.map((name) => ({ name, command: [compileGuest(`computing/${name}`)] }));
  const python = (name: string, script: string): Subject => ({ name, command: ['/usr/bin/python3', '-c', script] });
  return [
    ...guests,
    { name: 'race', command: [compileGuest('threads/race')] },
    python('python loop', 'print(sum(i * i % 7 for i in range(700000)))'),
    python('python calls', 'f = lambda n: n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(22))'),
    {
      name: 'perl',
      command: ['perl', '-e', 'my %h; $h{$_ % 1000} += $_ for 1 .. 400000; print scalar(keys %h), "\\n"'],
    },
    { name: 'gzip', command: ['gzip', '-9c', '/usr/bin/perl'] },
    ...realPrograms(),
  ];
}

/** Status, or undefined when it did not end in time. */
function runRr(cwd: string, words: readonly string[], limit: number): { status: number | undefined; text: string } {
  const run = spawnSync(rrCommand, words, {
    cwd,
    timeout: limit,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
  return { status: run.status ?? undefined, text: run.stderr.toString() };
}

function round(subject: Subject, sums: Sums): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-stops-'));
  const trace = join(folder, 'trace');
  try {
    const work = join(folder, 'work');
    mkdirSync(work);
    subject.prepare?.(work);
    // Every other recording has system calls between the stops that were buffered.
    const mode = sums.recordings % 2 === 0 ? ['--patch-after', '1'] : ['-n'];
    const options = ['-o', trace, '--store', join(folder, 'store'), '--force-stops', period, ...mode];
    const recorded = runRr(work, ['record', ...options, ...subject.command], recordLimit);
    if (recorded.status !== 0) {
      sums.failed++;
      console.log(`${subject.name}: recording ended with ${recorded.status}\n${recorded.text}`);
      return;
    }
    const { stops, weak } = countForcedStops(trace);
    sums.recordings++;
    sums.stops += stops;
    sums.weak += weak;
    const begin = performance.now();
    const replayed = runRr(folder, ['--log', 'replay:debug', 'replay', '-a', '-q', trace], replayLimit);
    sums.costs.push(...costsOf(replayed.text));
    sums.replaySeconds += (performance.now() - begin) / 1000;
    if (replayed.status !== 0) {
      sums.failed++;
      console.log(`${subject.name}: replay ended with ${replayed.status}\n${withoutDebug(replayed.text)}`);
    }
    const again = runRr(folder, ['--log', 'replay:debug', 'replay', '-a', '-q', trace], replayLimit);
    sums.laterCosts.push(...costsOf(again.text));
    if (again.status !== 0) {
      sums.failed++;
      console.log(`${subject.name}: the second replay ended with ${again.status}\n${withoutDebug(again.text)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the replay's log says of each forced stop: microseconds that it took, and those of the slice. */
function costsOf(log: string): number[] {
  return [...log.matchAll(/forced stop found .*, (\d+) us for (\d+) us$/gm)].map(
    ([, took, slice]) => Number(took) / Math.max(1, Number(slice)) - 1,
  );
}

function withoutDebug(log: string): string {
  return log.replace(/^rr: debug .*\n/gm, '');
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

export function tortureStops(wanted: number): number {
  const all = subjects().map((subject) => ({
    subject,
    sums: {
      recordings: 0,
      stops: 0,
      weak: 0,
      failed: 0,
      replaySeconds: 0,
      costs: [],
      laterCosts: [],
    } satisfies Sums,
  }));
  const total = (): number => all.reduce((sum, { sums }) => sum + sums.stops, 0);
  const failures = (): number => all.reduce((sum, { sums }) => sum + sums.failed, 0);
  while (total() < wanted && failures() < 20) {
    for (const { subject, sums } of all) round(subject, sums);
  }
  const rows = all.map(({ subject, sums }) => [
    subject.name,
    String(sums.recordings),
    String(sums.stops),
    String(sums.weak),
    String(sums.failed),
    sums.replaySeconds.toFixed(1),
    percentile(sums.costs, 0.5),
    percentile(sums.costs, 0.95),
    percentile(sums.laterCosts, 0.5),
    percentile(sums.laterCosts, 0.95),
  ]);
  const costs = ['median', '95%', 'later', '95%'];
  console.log(formatTable(['program', 'recordings', 'stops', 'weak', 'failed', 'replay s', ...costs], rows));
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
  console.log(`${total()} stops, ${failures()} failures`);
  return failures();
}

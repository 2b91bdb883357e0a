/**
 * npm run fuzz [-- --rounds N --records N --seed N --keep]
 *
 * Records a pipeline of bash, buffered eagerly, and damages the trace: `rounds` times the bytes of a file, `records`
 * times a record under right checksums. Each damaged trace is replayed by a process with a time limit. What it must not
 * do: die of a signal, hang, take much memory, call itself buggy, end well with another output than the recording's, or
 * print anything wrong before it says what is wrong. The seed makes a run repeatable; --keep leaves the traces that
 * failed.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ChildResult, describeEnd, runChild } from '../harness/child.ts';
import { compile } from '../harness/compile.ts';
import { tailOf, textOf } from '../harness/output.ts';
import { rrCommand } from '../harness/recording.ts';
import { wholeNumber } from '../harness/whole-number.ts';
import { writeTrace } from '../trace-fixture.ts';
import { Random } from '../trace-records.ts';
import { damageBytes, damageRecord } from './damage.ts';
import { readRecords } from './records.ts';

const files = ['version', 'events', 'data', 'mmaps', 'tasks'];
/** A replay that runs astray is stopped by its own watchdog after 30 s of processor time. */
const limitSeconds = 90;
/** What a damaged trace may cost beyond a sound one. KiB. */
const memoryAllowance = 128 << 10;
const program = 'for i in 1 2 3; do echo $i | cat; done; head -c 3000 /etc/services | md5sum; echo done >&2';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    records: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const rounds = wholeNumber(values.rounds, '--rounds', 0);
const recordRounds = wholeNumber(values.records, '--records', 0);

const usage = compile(join(dirname(fileURLToPath(import.meta.url)), '..', 'edge', 'usage.c'));
const folder = mkdtempSync(join(tmpdir(), 'rr-fuzz-'));
const sound = join(folder, 'sound');
const store = join(folder, 'store');
const damaged = join(folder, 'damaged');

interface Replay {
  readonly run: ChildResult;
  readonly stdout: string;
  readonly stderr: string;
  /** KiB. */
  readonly memory: number;
}

async function replay(trace: string): Promise<Replay> {
  const report = join(folder, 'usage');
  rmSync(report, { force: true });
  const run = await runChild([usage, report, rrCommand, 'replay', '-a', trace], {
    scratch: join(folder, 'streams'),
    label: 'replay',
    cwd: '/',
    limitSeconds,
  });
  const memory = run.timedOut ? 0 : Number(readFileSync(report, 'latin1'));
  return { run, stdout: textOf(run.stdout), stderr: textOf(run.stderr), memory };
}

/** What is wrong with a replay of a damaged trace; undefined when it is as it should be. */
function fault(found: Replay, expected: Replay, mayChangeOutput: boolean): string | undefined {
  const { run, stdout, stderr, memory } = found;
  if (run.timedOut || run.signal !== undefined) return describeEnd(run);
  if (memory > expected.memory + memoryAllowance) return `took ${memory} KiB; a sound replay takes ${expected.memory}`;
  if (/this is a bug|RangeError|TypeError|node:internal/.test(stderr)) return 'a bug shows through';
  if (run.status === 0) {
    const same = stdout === expected.stdout && stderr === expected.stderr;
    return same || mayChangeOutput ? undefined : 'ended well, with another output';
  }
  if (!/^rr: /m.test(stderr)) return `ended with status ${run.status} and did not say why`;
  return mayChangeOutput || expected.stdout.startsWith(stdout) ? undefined : 'printed something wrong';
}

let failures = 0;
const endings = new Map<string, number>();

function judge(found: Replay, expected: Replay, what: string, mayChangeOutput: boolean): void {
  const wrong = fault(found, expected, mayChangeOutput);
  const ending = wrong ? 'FAILED' : found.run.status === 0 ? 'replayed' : `status ${found.run.status}`;
  endings.set(ending, (endings.get(ending) ?? 0) + 1);
  if (wrong === undefined) return;
  failures += 1;
  console.log(`FAILED ${what}: ${wrong}\n${tailOf(found.run.stdout, 5)}\n${tailOf(found.run.stderr, 12)}`);
  if (values.keep) cpSync(damaged, join(folder, `failed-${failures}`), { recursive: true });
}

async function damageFiles(rounds: number, expected: Replay, random: Random): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    rmSync(damaged, { recursive: true, force: true });
    cpSync(sound, damaged, { recursive: true });
    const name = files[random.below(files.length)]!;
    const { bytes, what } = damageBytes(readFileSync(join(sound, name)), random);
    writeFileSync(join(damaged, name), bytes);
    judge(await replay(damaged), expected, `${name}: ${what}`, false);
  }
}

async function damageRecords(rounds: number, expected: Replay, random: Random): Promise<void> {
  const { records, header } = readRecords(sound);
  for (let round = 0; round < rounds; round++) {
    rmSync(damaged, { recursive: true, force: true });
    mkdirSync(damaged);
    const { records: changed, what, mayChangeOutput } = damageRecord(records, random);
    const summary = await writeTrace(damaged, [changed], { header, slotSize: 16 << 20, slotCount: 2 });
    if (summary?.failure !== undefined) {
      endings.set('refused by the encoder', (endings.get('refused by the encoder') ?? 0) + 1);
      continue;
    }
    judge(await replay(damaged), expected, what, mayChangeOutput);
  }
}

const recorded = await runChild(
  [rrCommand, 'record', '--patch-after', '1', '--store', store, '-o', sound, 'bash', '-c', program],
  {
    scratch: join(folder, 'streams'),
    label: 'record',
    cwd: '/',
    limitSeconds,
  },
);
const expected = await replay(sound);
if (recorded.status !== 0 || expected.run.status !== 0 || expected.stdout !== textOf(recorded.stdout)) {
  throw new Error(`the sound trace does not replay\n${tailOf(recorded.stderr)}\n${tailOf(expected.run.stderr)}`);
}
const started = performance.now();
await damageFiles(rounds, expected, new Random(Number(values.seed)));
await damageRecords(recordRounds, expected, new Random(Number(values.seed) + 1));
const seconds = ((performance.now() - started) / 1000).toFixed(0);
const list = [...endings].sort().map(([ending, count]) => `${count} ${ending}`);
console.log(`${list.join(', ')}; ${seconds} s, seed ${values.seed}; ${failures} failed`);
if (values.keep && failures > 0) console.log(`kept in ${folder}`);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = failures === 0 ? 0 : 1;

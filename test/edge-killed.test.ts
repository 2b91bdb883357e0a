// Recorders that die: of kill -9, or because a worker of theirs does. The tracees go with the recorder, or go on without
// the recording; the trace is good up to there.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../engine/package-root.ts';
import { compileEdge, type Place, withPlace } from './edge/place.ts';
import { descendants, lives, pause, Running } from './edge/running.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: recorders that die');

/** What may be lost, and some time for a busy machine. Milliseconds. */
const lossAllowed = 1000;

/** Thread of the recorder that traces the process. */
function tracerOf(pid: number): number {
  return Number(/^TracerPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);
}

interface Killed {
  /** What the program had written, and what the replay wrote. */
  readonly out: string;
  readonly replayed: string;
  /** Lines that were written longer ago than may be lost. */
  readonly mustHave: number;
}

/** Records, kills the recorder `after` milliseconds behind line `lines`, and replays. */
async function kill(place: Place, words: readonly string[], lines: number, after: number): Promise<Killed> {
  using recorder = new Running(place, [rrCommand, 'record', '-o', 'trace', ...words]);
  await recorder.lines(lines);
  await pause(after);
  const tracees = descendants(recorder.pid);
  assert.ok(tracees.length > 0);
  const time = performance.now();
  recorder.kill('SIGKILL');
  const { out, signal } = await recorder.ended;
  assert.is(signal, 'SIGKILL');
  while (tracees.some(lives)) {
    if (performance.now() - time > 5000) assert.unreachable(`tracees live on: ${tracees.filter(lives).join(', ')}`);
    await pause(5);
  }
  const replay = await place.rr('replay', '-a', 'trace');
  assert.is(replay.status, 1, replay.story);
  assert.match(
    replay.err,
    /^rr: [^\n]*trace: the trace breaks off after event \d+: the recording was killed; all before was replayed\n$/,
  );
  assert.ok(out.startsWith(replay.out), replay.story);
  const mustHave = recorder.lineTimes.filter((at) => at < time - lossAllowed).length;
  return { out, replayed: replay.out, mustHave };
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

test('kill -9 of the recorder of an idle server: the tracees die, nothing older than a second is lost', () =>
  withPlace(async (place) => {
    const { out, replayed } = await kill(place, [compileEdge('ticking'), 'idle'], 3, lossAllowed);
    assert.is(out, '1\n2\n3\n');
    assert.is(replayed, out);
  }));

test('kill -9 of the recorder of a busy program: the tracees die, nothing older than a second is lost', () =>
  withPlace(async (place) => {
    const { replayed, mustHave } = await kill(place, [compileEdge('ticking')], 50, 0);
    assert.ok(mustHave > 10);
    assert.ok(countLines(replayed) >= mustHave, `${countLines(replayed)} lines of ${mustHave} replayed`);
  }));

test('kill -9 of the recorder of a tree that makes many events: what comes back is right', () =>
  withPlace(async (place) => {
    const script = 'while :; do echo x | cat; head -c 100000 /dev/urandom | md5sum; done';
    const { replayed, mustHave } = await kill(place, ['bash', '-c', script], 100, lossAllowed);
    assert.ok(mustHave >= 100);
    assert.ok(countLines(replayed) >= mustHave, `${countLines(replayed)} lines of ${mustHave} replayed`);
  }));

test('kill -9 of the replayer: its tracees die', () =>
  withPlace(async (place) => {
    await place.rr(
      'record',
      '/usr/bin/perl',
      '-e',
      '$| = 1; print "begin\n"; $x += $_ for 1 .. 30_000_000; print "$x\n"',
    );
    using replayer = new Running(place, [rrCommand, 'replay', '-a']);
    await replayer.lines(1);
    const tracees = descendants(replayer.pid);
    assert.ok(tracees.length > 0);
    replayer.kill('SIGKILL');
    await replayer.ended;
    while (tracees.some(lives)) await pause(5);
  }));

/** A copy of the package whose worker has other code, or that lacks the `modules` it needs; its bin/rr. */
function withWorker(place: Place, change: (code: string) => string, modules = true): string {
  for (const name of [
    'package.json',
    'dist',
    'build/Release/rr-launch',
    'build/Release/rr-runtime',
    'build/Release/rr_engine.node',
    'build/codec.wasm',
  ]) {
    cpSync(`${packageRoot}/${name}`, place.path(`package/${name}`), { recursive: true });
  }
  if (modules) symlinkSync(`${packageRoot}/node_modules`, place.path('package/node_modules'));
  mkdirSync(place.path('package/bin'));
  symlinkSync('../build/Release/rr-launch', place.path('package/bin/rr'));
  const worker = place.path('package/dist/encode.mjs');
  const code = readFileSync(worker, 'utf8');
  const changed = change(code);
  assert.is.not(changed === code, modules);
  writeFileSync(worker, changed);
  return place.path('package/bin/rr');
}

// The pause: until the workers are there the recorder's own thread encodes.
const bytes = 'head -c 100000 /dev/urandom | md5sum';
const hungry = `for i in {1..20}; do ${bytes}; done; sleep 2; for i in {1..60}; do ${bytes}; done; echo done; exit 7`;
const hungryLines = 81;
/** So few that the workers are started at once. */
const twoSlots = ['--ring-slots', '2'];

/** Lets the worker do `what` behind its third slot. */
function afterThree(what: string): (code: string) => string {
  const line = 'this.statistics.slots += 1;';
  return (code) => code.replace(line, `${line} if (this.statistics.slots === 3) { ${what} }`);
}

const deaths = [
  { name: 'exits', change: afterThree('process.exit(9);'), says: /encodes the trace died: .*exited with code: 9/ },
  {
    name: 'throws',
    change: afterThree('throw new Error("out of luck");'),
    says: /encodes the trace died: .*out of luck/,
  },
  { name: 'cannot be loaded', change: () => 'import "./nothing.mjs";', says: /trace died: .*Cannot find module/ },
  { name: 'cannot be started', change: undefined, says: /cannot start the workers .*Cannot find package 'piscina'/ },
];
for (const { name, change, says } of deaths) {
  test(`a worker that ${name}: the program goes on, and the trace up to there replays and says so`, () =>
    withPlace(async (place) => {
      const rr = withWorker(place, change ?? ((code) => code), change !== undefined);
      const record = await place.run([rr, 'record', ...twoSlots, '-o', 'trace', 'bash', '-c', hungry]);
      assert.is(record.status, 7, record.story);
      assert.is(countLines(record.out), hungryLines);
      assert.match(record.err, /^rr: [^\n]*the program goes on unrecorded[^\n]*\n$/, record.story);
      assert.match(record.err, says, record.story);
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.status, 1, replay.story);
      assert.match(replay.err, /the trace breaks off after event \d+: /, `${record.story}\n${replay.story}`);
      assert.match(replay.err, says);
      assert.ok(replay.out.length > 0, replay.story);
      assert.ok(record.out.startsWith(replay.out), replay.story);
    }));
}

// Whoever is killed while it is stopped at a call stands at its end the next time that the recorder looks.
test('a program that is killed between two looks of the recorder is not taken for a 32-bit one', () =>
  withPlace(async (place) => {
    using recorder = new Running(place, [rrCommand, 'record', '-n', '-o', 'trace', compileEdge('kill-me')]);
    await recorder.lines(1);
    const tracer = tracerOf(descendants(recorder.pid)[0]!);
    // Slows down the recorder, so that most are killed there.
    const inject = ['-e', 'trace=ptrace', '-e', 'inject=ptrace:delay_enter=300', '-o', '/dev/null'];
    using _slower = new Running(place, ['strace', '-p', String(tracer), ...inject]);
    for (let killed = 0; killed < 30; killed++) {
      await recorder.lines(killed + 1);
      process.kill(Number(recorder.line(killed)), 'SIGKILL');
    }
    const { err, out, status } = await recorder.ended;
    assert.is(err, '');
    assert.is(status, 0);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.out, out, replay.story);
  }));

test.run();

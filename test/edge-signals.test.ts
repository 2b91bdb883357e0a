// Signals that are sent to `rr record`: the program gets them as it would alone. And how rr ends when the program does.
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileEdge, type Place, withPlace } from './edge/place.ts';
import { type Ending, pause, Running } from './edge/running.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: signals');
const here = dirname(fileURLToPath(import.meta.url));
const terminal = (): string => compile(join(here, 'harness', 'terminal.c'));
const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** Records a program that says "ready", sends signals to the recorder, and replays. */
async function recordAndSignal(
  place: Place,
  words: readonly string[],
  send: (recorder: Running) => void | Promise<void>,
): Promise<Ending> {
  using recorder = new Running(place, [rrCommand, 'record', '-o', 'trace', ...words]);
  await recorder.lines(1);
  await send(recorder);
  const ending = await recorder.ended;
  const replay = await place.rr('replay', '-a', 'trace');
  assert.is(replay.status, 0, replay.story);
  assert.is(replay.err, ending.err);
  assert.is(replay.out, ending.out);
  return ending;
}

/** The program that tells what it got; it knows this process as the sender. */
function signalLog(place: Place, ...more: readonly string[]): readonly string[] {
  writeFileSync(place.path('sender'), String(process.pid));
  return [compileEdge('signal-log'), place.path('sender'), ...more];
}

for (const signal of signals) {
  test(`${signal} to the recorder reaches the program’s handler, with its sender`, () =>
    withPlace(async (place) => {
      const { status, out } = await recordAndSignal(place, signalLog(place), (recorder) => recorder.kill(signal));
      assert.is(out, `ready\n${signal} 1 from its sender\n`);
      assert.is(status, 9);
    }));

  test(`${signal} to the process group reaches the program once`, () =>
    withPlace(async (place) => {
      const { out } = await recordAndSignal(place, signalLog(place), (recorder) => recorder.killGroup(signal));
      assert.is(out, `ready\n${signal} 1 from its sender\n`);
    }));

  test(`${signal} to the recorder ends a program without a handler, and rr with it`, () =>
    withPlace(async (place) => {
      const program = ['sh', '-c', 'echo ready; exec sleep 1000'];
      const { signal: died } = await recordAndSignal(place, program, (recorder) => recorder.kill(signal));
      assert.is(died, signal);
    }));
}

/** Those that end a program which does nothing about them; 32 and 33 are the C library's own. */
const deadly = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 64];
for (const number of deadly) {
  test(`signal ${number} of the program to its own group ends the program, and is recorded`, () =>
    withPlace(async (place) => {
      using alone = new Running(place, [compileEdge('kill-own-group'), String(number)]);
      using recorder = new Running(place, [
        rrCommand,
        'record',
        '-o',
        'trace',
        compileEdge('kill-own-group'),
        String(number),
      ]);
      assert.equal(await recorder.ended, await alone.ended);
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.out, 'sending\n', replay.story);
      assert.is((await place.rr('ps', '--json', 'trace')).status, 0);
    }));
}

for (const { option, words, out, status } of [
  { option: '-t', words: [], out: 'begin\nbehind one\nbehind three\nend\n', status: 5 },
  {
    option: '-t',
    words: ['handle'],
    out: 'begin\nhandler\nbehind one\nhandler\nhandler\nbehind three\nhandler\nend\n',
    status: 5,
  },
  { option: '-i', words: [], out: 'begin\nbehind one\nbehind three\nend\n', status: 5 },
  { option: '-i', words: ['handle'], out: 'begin\nbehind one\nbehind three\nend\n', status: 5 },
]) {
  for (const more of [[], ['-n']]) {
    const title = [option, 'SIGTRAP', ...more, ...words].join(' ');
    test(`a program with int3 goes on (${title})`, () =>
      withPlace(async (place) => {
        const run = await place.rr(
          'record',
          option,
          'SIGTRAP',
          ...more,
          '-o',
          'trace',
          compileEdge('own-trap'),
          ...words,
        );
        assert.is(run.out, out, run.story);
        assert.is(run.status, status);
        const replay = await place.rr('replay', '-a', 'trace');
        assert.is(replay.status, 0, replay.story);
        assert.is(replay.out, out);
      }));
  }
}

test('-i keeps a signal from the program, which would handle it', () =>
  withPlace(async (place) => {
    const program =
      'trap "echo caught" USR1; trap "echo other" USR2; kill -USR1 $$; kill -USR2 $$; kill -USR1 $$; exit 6';
    const run = await place.rr('record', '--ignore-signal=USR1', '-o', 'trace', 'bash', '-c', program);
    assert.is(run.out, 'other\n', run.story);
    assert.is(run.status, 6);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.out, 'other\n', replay.story);
  }));

for (const option of ['-t', '-i']) {
  test(`${option} does not keep a program alive that would fault again and again`, () =>
    withPlace(async (place) => {
      const run = await place.rr('record', option, 'SIGSEGV', compileEdge('fault'));
      assert.is(run.signal, 'SIGSEGV', run.story);
    }));
}

test('several signals at once', () =>
  withPlace(async (place) => {
    const { out } = await recordAndSignal(place, signalLog(place), (recorder) => {
      for (const signal of signals) recorder.kill(signal);
    });
    assert.is(out, `ready\n${signals.map((signal) => `${signal} 1 from its sender\n`).join('')}`);
  }));

test('a signal to the recorder of a program that computes reaches its handler', () =>
  withPlace(async (place) => {
    const { out, status } = await recordAndSignal(place, signalLog(place, 'busy'), (recorder) =>
      recorder.kill('SIGTERM'),
    );
    assert.is(out, 'ready\nSIGTERM 1 from its sender\n');
    assert.is(status, 9);
  }));

test('a program that ignores SIGTERM goes on', () =>
  withPlace(async (place) => {
    const program = ['bash', '-c', 'trap "" TERM; echo ready; sleep 1; echo still there; exit 6'];
    const { out, status } = await recordAndSignal(place, program, (recorder) => recorder.kill('SIGTERM'));
    assert.is(out, 'ready\nstill there\n');
    assert.is(status, 6);
  }));

test('what ran under nohup still ignores SIGHUP', () =>
  withPlace(async (place) => {
    using recorder = new Running(place, ['nohup', rrCommand, 'record', 'sh', '-c', 'echo ready; sleep 1; echo done']);
    await recorder.lines(1);
    recorder.kill('SIGHUP');
    assert.match((await recorder.ended).out, /done\n$/);
  }));

test('timeout(1) around rr record: the program can clean up', () =>
  withPlace(async (place) => {
    const program = 'trap "echo cleaned; exit 4" TERM; echo ready; while :; do sleep 0.05; done';
    const run = await place.sh('timeout 2 "$RR" record bash -c "$1"', { args: [program] });
    assert.is(run.out, 'ready\ncleaned\n', run.story);
    assert.is(run.status, 124);
    assert.is((await place.rr('replay', '-a')).out, run.out);
  }));

test('SIGTERM after the first process has ended ends a recording that waits for the others', () =>
  withPlace(async (place) => {
    const script = '(sleep 1000 >/dev/null 2>&1 &) ; echo ready; exit 3';
    using recorder = new Running(place, [rrCommand, 'record', '-w', '-o', 'trace', 'sh', '-c', script]);
    await recorder.lines(1);
    await pause(300);
    recorder.kill('SIGTERM');
    assert.is((await recorder.ended).status, 3);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.out, 'ready\n', replay.story);
    assert.match(replay.err, /the trace ends before the program did/);
  }));

test('Ctrl-C on a terminal is the program’s', () =>
  withPlace(async (place) => {
    const program = 'trap "echo interrupted; exit 3" INT; read line; echo ready $line; while :; do sleep 0.05; done';
    const words = ['record', '-o', 'trace', 'bash', '-c', program];
    const run = await place.run([terminal(), rrCommand, ...words], { input: 'go\n\x03\n' });
    assert.is(run.out, 'ready go\ninterrupted\n', run.story);
    assert.is(run.status, 3);
    assert.is((await place.rr('replay', '-a', 'trace')).out, run.out);
  }));

test('Ctrl-C on a terminal ends a program without a handler, and rr by the same signal', () =>
  withPlace(async (place) => {
    const program = 'read line; echo ready; exec sleep 1000';
    const run = await place.run([terminal(), rrCommand, 'record', 'sh', '-c', program], { input: 'go\n\x03\n' });
    assert.is(run.signal, 'SIGINT', run.story);
    assert.is((await place.rr('replay', '-a')).status, 0);
  }));

test('a shell with job control on a terminal: stop, list, kill', () =>
  withPlace(async (place) => {
    const typed = [
      "sh -c 'echo go; kill -STOP $$; exec sleep 1000'",
      'jobs | wc -l',
      // Until the shell has heard of the end: it does not wait for a job that it believes to be stopped.
      'kill -9 %1; while jobs %1 2>&1 | grep -q Stopped; do sleep 0.05; done; wait; echo killed',
      'exit 5',
    ];
    const shell = ['bash', '--norc', '--noediting', '-i'];
    const input = `${typed.join('\n')}\n`;
    const run = await place.run([terminal(), rrCommand, 'record', ...shell], { input });
    assert.is(run.status, 5, run.story);
    assert.match(run.out, /go\n.*\[1\]\+ {2}Stopped.*1\n.*killed\n/s);
    const replay = await place.rr('replay', '-a');
    assert.is(replay.status, 0, replay.story);
    assert.match(replay.out, /^go\n1\nkilled\n$/);
  }));

for (const [signal, number] of Object.entries(constants.signals)) {
  // Stopped programs go on by SIGCONT only, and what is ignored by default ends nothing.
  if (/SIG(STOP|TSTP|TTIN|TTOU|CONT|CHLD|URG|WINCH)$/.test(signal)) continue;
  test(`rr record dies of ${signal} when its program does`, () =>
    withPlace(async (place) => {
      const program = ['sh', '-c', `kill -${number} $$`];
      const alone = await place.run(program);
      const record = await place.run([rrCommand, 'record', ...program]);
      assert.is(record.signal, alone.signal, record.story);
      assert.is(record.status, alone.status);
      assert.is(record.err, '');
      assert.is((await place.rr('replay', '-a')).status, 0);
    }));
}

test('rr record exits with the status of its program', () =>
  withPlace(async (place) => {
    for (const status of [0, 1, 2, 127, 128, 255]) {
      assert.is((await place.rr('record', 'sh', '-c', `exit ${status}`)).status, status);
    }
  }));

test.run();

// Who runs when, as a program sees it: priorities, sched_yield, fairness, the processors that it is told of, chaos.
// Time limit: 900 s
import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import { TraceReader } from '../engine/trace/reader.ts';
import { compileGuest } from './harness/compile.ts';
import type { RecordingMode } from './harness/modes.ts';
import { type Recording, rrCommand, withRecording } from './harness/recording.ts';

const test = suite('scheduler');

async function recorded(
  guest: string,
  args: readonly string[],
  recordOptions: readonly string[],
  use: (output: string, recording: Recording) => void,
): Promise<void> {
  const mode: RecordingMode = { name: recordOptions.join(' ') || 'default', globalOptions: [], recordOptions };
  const command = [compileGuest(`scheduling/${guest}`), ...args];
  await withRecording(guest, { command, mode, deterministic: false, limitSeconds: 120 }, (recording) => {
    equal(recording.record.status, 0);
    use(readFileSync(recording.record.stdout.path, 'utf8'), recording);
  });
}

test('who is nicer comes later', async () => {
  await recorded('niceness', [], [], (output) => equal(output, 'nice 0\nnice 9\nnice 18\n'));
});

test('sched_yield lets each of the others run once', async () => {
  await recorded('yield-order', [], [], (output) => {
    const letters = output.trim();
    equal(letters.length, 40);
    const round = letters.slice(0, 4);
    equal([...round].sort().join(''), 'abcd');
    equal(letters, round.repeat(10));
  });
});

for (const { kind, count, turns, options } of [
  { kind: 'threads', count: 500, turns: 250, options: ['-n', '-c', '500000'] },
  { kind: 'processes', count: 500, turns: 250, options: ['-n', '-c', '500000'] },
  // Stopped in mid-code, as there are no events; shares even out over some hundred slices each.
  { kind: 'processes', count: 4, turns: 600_000, options: ['-c', '5000000'] },
]) {
  test(`${count} ${kind} have equal shares (${options.join(' ')})`, async () => {
    await recorded('fair', [kind, String(count), String(turns)], options, (output) => {
      const [, least, most] = /^least (\d+) most (\d+)$/m.exec(output) ?? [];
      ok(Number(most) >= turns && Number(least) * 3 >= Number(most), output);
    });
  });
}

/** Forced stops of a recording. */
function forcedStops({ traceDirectory }: Recording): number {
  const words = ['dump', '-s', '--json', traceDirectory];
  return JSON.parse(spawnSync(rrCommand, words, { encoding: 'utf8' }).stdout).forcedStops.all;
}

// Each of 800 took the slice of the one that computes.
for (const options of [[], ['-n']]) {
  test(`signals to one that computes take no slice each (${options.join(' ') || 'default'})`, async () => {
    await recorded('signals-to-computing', [], options, (_output, recording) => {
      const stops = forcedStops(recording);
      ok(stops < 80, `${stops} stops`);
    });
  });
}

test('threads that wait for each other by looking at memory give their turns away', async () => {
  const mode: RecordingMode = { name: 'debug', globalOptions: ['--log', 'record:debug'], recordOptions: [] };
  const command = [compileGuest('scheduling/spin-turns')];
  await withRecording('spin-turns', { command, mode, deterministic: true }, ({ messages }) => {
    const spins = messages.filter((line) => line.includes(': spins at ')).length;
    // Of 400 turns; a busy machine ends some before they are looked at.
    ok(spins > 100, `${spins} times`);
  });
});

// One that was taken for waiting had turns of two milliseconds; one that was not looked at had ten.
test('loops that only count, or go along an array, do not wait', async () => {
  const mode: RecordingMode = { name: 'debug', globalOptions: ['--log', 'record:debug'], recordOptions: [] };
  const command = [compileGuest('scheduling/short-loops')];
  await withRecording('short-loops', { command, mode, deterministic: true }, (recording) => {
    deepEqual(
      recording.messages.filter((line) => line.includes(': spins at ')),
      [],
    );
    const stops = forcedStops(recording);
    ok(stops >= 4, `${stops} stops`);
  });
});

// With fifteen milliseconds between them there were 87, and it took twenty times as long as the program computes. Beside
// other load there are up to 40: a slice is wall time, what a stop costs is processor time.
test('stops in mid-code that are dear are rare', async () => {
  await recorded('many-mappings', [], [], (_output, recording) => {
    const stops = forcedStops(recording);
    ok(stops > 0 && stops < 60, `${stops} stops`);
  });
});

for (const { cores, bound } of [
  { cores: 1, bound: [] },
  { cores: 4, bound: [] },
  { cores: 3, bound: ['-u'] },
]) {
  test(`${cores} cores ${bound.join(' ')} are told of everywhere`, async () => {
    await recorded('processors', [], ['--num-cores', String(cores), ...bound], (output) =>
      equal(
        output,
        [
          `at first: ${cores} processors, runs on one of them: 1`,
          'as many are online: 1, 1',
          'the same by bytes: 1, ends with a line: 1, the first is one of them: 1',
          'the last = 0',
          'the last: 1 processors, runs on one of them: 1',
          'that is where it runs: 1',
          'child: 1 processors, runs on one of them: 1',
          'child: exited with 0',
          'the first = 0',
          'the first: 1 processors, runs on one of them: 1',
          'that is where it runs: 1',
          'by the old entry: 0',
          'none = -1 EINVAL',
          'far away = -1 EINVAL',
          'bad address = -1 EFAULT',
          'nobody = -1 ESRCH',
          'all = 0',
          `all: ${cores} processors, runs on one of them: 1`,
          '',
        ].join('\n'),
      ),
    );
  });
}

test('the trace tells the seed of chaos, drawn or given', async () => {
  const seedOf = (recording: Recording): number | undefined => {
    const reader = TraceReader.open(recording.traceDirectory);
    const { chaosSeed, coreCount } = reader.header;
    reader.close();
    ok(coreCount >= 1 && coreCount <= 8);
    return chaosSeed;
  };
  await recorded('yield-turns', [], ['--chaos'], (_output, recording) => ok(Number.isInteger(seedOf(recording))));
  await recorded('yield-turns', [], ['--chaos-seed', '7'], (_output, recording) => equal(seedOf(recording), 7));
  await recorded('yield-turns', [], [], (_output, recording) => equal(seedOf(recording), undefined));
});

test.run();

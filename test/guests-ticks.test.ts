// Execution points by ticks, with a breakpoint event in the counter's place: recorded with it, replayed by it, and by the
// state alone. Time limit: 240 s
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { formatVersionFile, parseVersionFile } from '../engine/trace/version-file.ts';
import { compileGuest } from './harness/compile.ts';
import { suiteNeeding } from './harness/machine.ts';
import type { RecordingMode } from './harness/modes.ts';
import { rrCommand, withRecording } from './harness/recording.ts';

const test = suiteNeeding('perf breakpoint events', 'guests: ticks');

/** Of the function that all guests of the family pass. */
function addressOf(program: string): string {
  const { stdout } = spawnSync('nm', [program], { encoding: 'utf8' });
  const digits = /^0*([0-9a-f]+) T counted$/m.exec(stdout)?.[1];
  assert.ok(digits, `nm ${program}: no function "counted"`);
  return `0x${digits}`;
}

function ticksMode(program: string, skid: number, ...more: readonly string[]): RecordingMode {
  const counter = `breakpoint:${addressOf(program)}/${skid}`;
  return {
    name: `ticks, skid ${skid} ${more.join(' ')}`,
    globalOptions: ['--log', 'record:debug'],
    recordOptions: ['--counter', counter, ...more],
  };
}

function replayLog(trace: string, ...words: readonly string[]): { status: number | null; text: string } {
  const command = ['--log', 'replay:debug', 'replay', '-a', '-q', ...words, trace];
  const { status, stderr } = spawnSync(rrCommand, command, { encoding: 'utf8', timeout: 100_000, maxBuffer: 2 ** 28 });
  return { status, text: stderr };
}

const foundByTicks = /forced stop found by its ticks/g;
const foundByState = /forced stop found after/g;

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

const passes = compileGuest('ticks/passes');
for (const skid of [0, 1, 3]) {
  test(`forced stops are found by their ticks, from ${skid} before, and by their state`, () =>
    withRecording(
      'ticks/passes',
      { command: [passes], mode: ticksMode(passes, skid, '--force-stops', '1000-6000'), deterministic: true },
      ({ traceDirectory }) => {
        const byTicks = replayLog(traceDirectory);
        assert.is(byTicks.status, 0, byTicks.text.slice(-3000));
        assert.ok(count(byTicks.text, foundByTicks) > 5, byTicks.text.slice(-3000));
        assert.is(count(byTicks.text, foundByState), 0);
        const byState = replayLog(traceDirectory, '--counter', 'none');
        assert.is(byState.status, 0, byState.text.slice(-3000));
        assert.is(count(byState.text, foundByTicks), 0);
        assert.is(count(byState.text, foundByState), count(byTicks.text, foundByTicks));
      },
    ));
}

test('ticks find what neither registers nor the saved memory tell apart', () => {
  const program = compileGuest('ticks/far-progress');
  return withRecording(
    'ticks/far-progress',
    { command: [program], mode: ticksMode(program, 1), deterministic: false },
    ({ traceDirectory, messages }) => {
      assert.match(messages.join('\n'), /forced stop at [0-9a-f]+, [1-9][0-9]* ticks, weak/);
      const { status, text } = replayLog(traceDirectory);
      assert.is(status, 0, text.slice(-3000));
      assert.ok(count(text, foundByTicks) > 5, text.slice(-3000));
    },
  );
});

test('each task has a count of its own, which ends its slices', () => {
  const program = compileGuest('ticks/threads');
  return withRecording(
    'ticks/threads',
    { command: [program], mode: ticksMode(program, 1, '--slice-ticks', '100'), deterministic: true },
    ({ traceDirectory, messages }) => {
      const stops = [...messages.join('\n').matchAll(/task (\d+): forced stop at [0-9a-f]+, (\d+) ticks/g)];
      assert.ok(new Set(stops.map(([, task]) => task)).size >= 3, 'all three computed past a slice');
      // Time alone would have ended them after some 15 ms, which are some 500 passes here.
      assert.ok(stops.length > 15, `${stops.length} stops`);
      for (const [line, , ticks] of stops) assert.ok(Number(ticks) <= 2000, line);
      const { status, text } = replayLog(traceDirectory);
      assert.is(status, 0, text.slice(-3000));
      assert.ok(count(text, foundByTicks) >= stops.length - 1);
    },
  );
});

test('the count runs over buffered calls', () => {
  const program = compileGuest('ticks/calls');
  return withRecording('ticks/calls', {
    command: [program],
    mode: ticksMode(program, 1, '--force-stops', '500-2000', '--patch-after', '1'),
    deterministic: true,
  });
});

test('a count that differs at an event is a divergence, which names both', () =>
  withRecording(
    'ticks/passes',
    { command: [passes], mode: ticksMode(passes, 1), deterministic: true },
    ({ traceDirectory }) => {
      const file = join(traceDirectory, 'version');
      const content = parseVersionFile(file, readFileSync(file));
      const { counter } = content.header;
      assert.is(content.header.executionPoint, 'ticks');
      assert.is(counter?.counts, `passes of ${addressOf(passes)}`);
      // Padding between two functions, which nothing passes.
      const elsewhere = { ...counter!, address: counter!.address - 1 };
      writeFileSync(file, formatVersionFile({ ...content, header: { ...content.header, counter: elsewhere } }));
      const { status, text } = replayLog(traceDirectory);
      assert.is(status, 1);
      assert.match(text, /expected {2}1000 ticks since the task's last event\n {2}found {5}0 ticks/);
    },
  ));

test.run();

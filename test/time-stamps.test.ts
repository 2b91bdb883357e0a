// That hot rdtsc is recorded without a trap, tells the right time, and can be stopped at.
import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventKinds, frameFlags } from '../engine/generated/schema.ts';
import { entryOffsets, readBufferEntries, trappedInstruction } from '../engine/trace/buffer-entries.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { compileGuest } from './harness/compile.ts';
import { forcedStopsMode } from './harness/forced-stops.ts';
import type { GuestRow } from './harness/guest-tests.ts';
import { recordingModes } from './harness/modes.ts';
import { textOf } from './harness/output.ts';
import { rrCommand, withRecording } from './harness/recording.ts';
import { mixed, text } from './harness/time-stamp-guests.ts';

const test = suite('time stamps');

/** `mixed` executes each of two instructions so often, and 16 others once. */
const hotReadings = 1600;
/** How many of them may trap: until the counter's frequency is known, and where the buffer was full. */
const mostTraps = 1000;
/** Of the counter's frequency, as a program measures it. */
const tolerance = 0.0005;

interface Counts {
  traps: number;
  readonly buffered: Map<string, number>;
}

function countReadings(directory: string): Counts {
  const reader = TraceReader.open(directory);
  const counts: Counts = { traps: 0, buffered: new Map() };
  try {
    while (reader.next()) {
      if (reader.frame.eventKind === eventKinds.trap) counts.traps++;
      if ((reader.frame.flags & frameFlags.buffered) === 0) continue;
      const entries = readBufferEntries(() => reader.nextData());
      assert.ok(entries !== undefined);
      for (const offset of entryOffsets(entries) ?? []) {
        const name = trappedInstruction(entries.readUInt16LE(offset + 4));
        if (name !== undefined) counts.buffered.set(name, (counts.buffered.get(name) ?? 0) + 1);
      }
    }
  } finally {
    reader.close();
  }
  return counts;
}

for (const mode of recordingModes) {
  const isBuffered = !mode.recordOptions.includes('-n');
  // Where each call and each reading takes long, the program cannot measure it so well.
  const frequencyTest = isBuffered && mode.globalOptions.length === 0 ? test : test.skip;
  frequencyTest(`the counter's frequency is the machine's (${mode.name})`, async () => {
    const scenario = { command: [compileGuest('time-stamps/frequency')], mode, deterministic: false };
    await withRecording('time-stamps/frequency', scenario, ({ native, record }) => {
      const machine = Number(textOf(native.stdout));
      const recorded = Number(textOf(record.stdout));
      assert.ok(machine > 0);
      if (Math.abs(recorded / machine - 1) > tolerance) assert.unreachable(`${recorded} for ${machine}`);
    });
  });

  test(`hot instructions are recorded ${isBuffered ? 'without' : 'by'} traps (${mode.name})`, async () => {
    const command = [compileGuest('time-stamps/mixed')];
    const scenario = { command, mode, deterministic: true, prints: mixed.prints };
    await withRecording('time-stamps/mixed', scenario, ({ traceDirectory }) => {
      const { traps, buffered } = countReadings(traceDirectory);
      const rdtsc = buffered.get('rdtsc') ?? 0;
      const rdtscp = buffered.get('rdtscp') ?? 0;
      // The dynamic linker makes some itself.
      assert.ok(traps + rdtsc + rdtscp >= 2 * hotReadings + 16);
      if (!isBuffered) return assert.is(rdtsc + rdtscp, 0);
      assert.ok(traps < mostTraps, `${traps} traps`);
      const lines = execFileSync(rrCommand, ['dump', '-b', traceDirectory], { encoding: 'utf8' });
      assert.is(lines.match(/buffered +rdtsc at 0x/g)?.length, rdtsc);
      assert.is(lines.match(/buffered +rdtscp at 0x/g)?.length, rdtscp);
      assert.match(
        execFileSync(rrCommand, ['dump', '-s', traceDirectory], { encoding: 'utf8' }),
        'rdtsc without a trap',
      );
    });
  });
}

const stopped: readonly GuestRow[] = [
  mixed,
  { guest: 'registers' },
  { guest: 'signals', varies: 'where signals come' },
  text,
  { guest: 'threads' },
];
for (const { guest, varies, prints } of stopped) {
  test(`time-stamps/${guest}, stopped every 0.1 to 0.5 ms`, async () => {
    const scenario = {
      command: [compileGuest(`time-stamps/${guest}`)],
      mode: forcedStopsMode('100-500'),
      deterministic: varies === undefined,
      ...(prints === undefined ? {} : { prints }),
    };
    await withRecording(`time-stamps/${guest}`, scenario);
  });
}

test.run();

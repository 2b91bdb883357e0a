// Programs that only compute, stopped in mid-code at random: each stop must be found again, by stubs and by breakpoints.
import { release } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileGuest } from './harness/compile.ts';
import { computingGuests, forcedStopsMode } from './harness/forced-stops.ts';
import { withRecording } from './harness/recording.ts';
import { countForcedStops } from './harness/trace-figures.ts';

const test = suite('guests: computing');

for (const guest of computingGuests) {
  test(`computing/${guest}, stopped every 1 to 5 ms`, async () => {
    await withRecording(`computing/${guest}`, {
      command: [compileGuest(`computing/${guest}`)],
      mode: forcedStopsMode('1000-5000'),
      deterministic: true,
    });
  });
}

// So often that stops fall on the entries and exits of calls.
test('computing/short-waits, stopped every 0.1 to 0.5 ms', async () => {
  await withRecording('computing/short-waits', {
    command: [compileGuest('computing/short-waits')],
    mode: forcedStopsMode('100-500'),
    deterministic: true,
  });
});

// 256 GB, checked at each event by what is there.
test('computing/reserved, with checksums', async () => {
  await withRecording('computing/reserved', {
    command: [compileGuest('computing/reserved')],
    mode: { name: 'checksums', globalOptions: ['-C', 'on-all-events'], recordOptions: [] },
    deterministic: true,
  });
});

// A signal shows where the loop is: not the same in each run, but in the replay.
test('computing/shared-memory: progress in shared memory alone', async () => {
  await withRecording('computing/shared-memory', {
    command: [compileGuest('computing/shared-memory')],
    mode: forcedStopsMode('1000-5000'),
    deterministic: false,
  });
});

test('computing/shared-text: code that is mapped shared', async () => {
  await withRecording('computing/shared-text', {
    command: [compileGuest('computing/shared-text')],
    mode: forcedStopsMode('50-200'),
    deterministic: true,
  });
});

test('computing/generated-code: code that reads and changes the constants in its instructions', async () => {
  await withRecording('computing/generated-code', {
    command: [compileGuest('computing/generated-code')],
    mode: forcedStopsMode('50-200'),
    deterministic: true,
  });
});

// PAGEMAP_SCAN and write protection without a handler came with Linux 6.7.
const [major = 0, minor = 0] = release().split('.').map(Number);
const tellsWrittenPages = major > 6 || (major === 6 && minor >= 7);

if (tellsWrittenPages) {
  test('no point in a large process is weak', async () => {
    const scenario = {
      command: [compileGuest('computing/large')],
      mode: forcedStopsMode('1000-5000'),
      deterministic: true,
    };
    await withRecording('computing/large', scenario, ({ traceDirectory }) => {
      const { stops, weak } = countForcedStops(traceDirectory);
      assert.ok(stops > 0);
      assert.is(weak, 0);
    });
  });
}

test.run();

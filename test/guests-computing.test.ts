// Programs that only compute, stopped in mid-code at random: each stop must be found again, by stubs and by breakpoints.
import { suite } from 'uvu';
import { compileGuest } from './harness/compile.ts';
import { computingGuests, forcedStopsMode } from './harness/forced-stops.ts';
import { withRecording } from './harness/recording.ts';

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

test.run();

// Programs that only compute, stopped in mid-code at random: each stop must be found again, by stubs and by breakpoints.
// Parts: 2
import { release } from 'node:os';
import * as assert from 'uvu/assert';
import { compileGuest } from './harness/compile.ts';
import { computingGuests, forcedStopsMode } from './harness/forced-stops.ts';
import { machineHas } from './harness/machine.ts';
import { guestSuite } from './harness/only.ts';
import { type Scenario, withRecording } from './harness/recording.ts';
import { countForcedStops, type ForcedStops } from './harness/trace-figures.ts';

const test = guestSuite('guests: computing');

/** So few would be by chance: nothing was tried. */
const leastStops = 3;
/** Where the usual one is too near: three thousand stops in a recursion take 8 ms of processor time each on slow machines. */
const limits: Readonly<Record<string, number>> = { recursion: 240 };
/** To have them. */
const mostRecordings = 10;

/** Records and replays `computing/GUEST`, and hands its number of stops on, of which there must be some. */
async function stopAndReplay(
  guest: string,
  period: string,
  deterministic = true,
  use: (stops: ForcedStops) => void = () => {},
): Promise<void> {
  const name = `computing/${guest}`;
  const limitSeconds = limits[guest];
  const scenario: Scenario = {
    command: [compileGuest(name)],
    mode: forcedStopsMode(period),
    deterministic,
    ...(limitSeconds === undefined ? {} : { limitSeconds }),
  };
  // A short program on a busy machine may be done before its timer comes: another recording, which must be right, too.
  let stops = 0;
  for (let i = 0; i < mostRecordings && stops < leastStops; i++) {
    await withRecording(name, scenario, ({ traceDirectory }) => {
      const found = countForcedStops(traceDirectory);
      stops += found.stops;
      if (found.stops > 0) use(found);
    });
  }
  assert.ok(stops >= leastStops, `${name}: stopped ${stops} times, expected ${leastStops} at least`);
}

for (const guest of computingGuests) {
  test(`computing/${guest}, stopped every 1 to 5 ms`, () => stopAndReplay(guest, '1000-5000'));
}

// So often that stops fall on the entries and exits of calls.
test('computing/short-waits, stopped every 0.1 to 0.5 ms', () => stopAndReplay('short-waits', '100-500'));

// 256 GB, checked at each event by what is there.
test('computing/reserved, with checksums', async () => {
  await withRecording('computing/reserved', {
    command: [compileGuest('computing/reserved')],
    mode: { name: 'checksums', globalOptions: ['-C', 'on-all-events'], recordOptions: [] },
    deterministic: true,
  });
});

// A signal shows where the loop is: not the same in each run, but in the replay.
test('computing/shared-memory: progress in shared memory alone', () =>
  stopAndReplay('shared-memory', '1000-5000', false));

test('computing/tiles: progress in tiles alone, until a signal', () => stopAndReplay('tiles', '1000-5000', false));

test('computing/shared-code: code of a JIT that has it mapped twice', () => stopAndReplay('shared-code', '1000-5000'));

/** Without them a breakpoint is an int3, which a program sees that reads its own code by another mapping. */
const debugRegistersStop = machineHas('debug registers');

(debugRegistersStop ? test : test.skip)('computing/shared-text: code that is mapped shared', () =>
  stopAndReplay('shared-text', '50-200'),
);

// Each of its writes beside an int3 is a step of its own: minutes.
(debugRegistersStop ? test : test.skip)(
  'computing/generated-code: code that reads and changes the constants in its instructions',
  () => stopAndReplay('generated-code', '50-200'),
);

// PAGEMAP_SCAN and write protection without a handler came with Linux 6.7.
const [major = 0, minor = 0] = release().split('.').map(Number);
const tellsWrittenPages = major > 6 || (major === 6 && minor >= 7);

(tellsWrittenPages ? test : test.skip)('computing/large: no point in a large process is weak', () =>
  stopAndReplay('large', '1000-5000', true, ({ weak }) => assert.is(weak, 0)),
);

test.run();

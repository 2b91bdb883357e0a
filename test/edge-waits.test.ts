// While the tracer waits: what it waits for is told, signals reach the program, and events are on disk.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, type Place, withPlace } from './edge/place.ts';
import { pause, Running } from './edge/running.ts';
import { compile, guestFolder } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: waits');

test('each second without a turn is told at the level info, with what the tasks do', () =>
  withPlace(async (place) => {
    const { err, story } = await place.rr('--log', 'record:info', 'record', 'sleep', '2.5');
    const line = /no turn for \d+\.\d s, at event \d+, waiting for any: \d+ in a call clock_nanosleep \([SR][^)]*\);/;
    assert.match(err, line, story);
  }));

test('where the recorder itself waits for the disk, that is told, with the file', () =>
  withPlace(async (place) => {
    const slow = compile(join(guestFolder, '..', 'edge', 'slow-disk.c'));
    const { err, story } = await place.sh(`LD_PRELOAD=${slow} "$RR" --log record:info record true`);
    assert.match(err, /^rr: info record: to copy \/\S+ to the store took \d+\.\d s$/m, story);
  }));

test('no wait is told where nobody asks', () =>
  withPlace(async (place) => {
    const { err } = await place.rr('record', 'sleep', '1.5');
    assert.is(err, '');
  }));

/** A pid namespace whose first process waits for others, and who has made it waits, too. */
const inside = 'sleep 1000 & sleep 1000 & echo ready; wait';
const namespace = ['sh', '-c', `unshare --pid --fork sh -c "${inside}" & wait`];

async function recordNamespace(place: Place): Promise<Running> {
  const recorder = new Running(place, [rrCommand, 'record', '-o', 'trace', ...namespace]);
  await recorder.lines(1);
  return recorder;
}

if (isRoot) {
  test('SIGTERM ends the recording of a pid namespace whose processes live', () =>
    withPlace(async (place) => {
      using recorder = await recordNamespace(place);
      recorder.kill('SIGTERM');
      const { out } = await recorder.ended;
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.out, out, replay.story);
    }));

  test('kill -9 of the recorder of a pid namespace leaves what is older than a second', () =>
    withPlace(async (place) => {
      using recorder = await recordNamespace(place);
      await pause(1000);
      recorder.kill('SIGKILL');
      await recorder.ended;
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.out, 'ready\n', replay.story);
    }));
}

test.run();

// Forced stops of which too little was saved: found too early, and found right when the replay begins again.
// Time limit: 180 s
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WeakPoints } from '../engine/replay/weak-points.ts';
import { withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

test('a divergence behind a weak stop: again, with one match passed over', () => {
  const points = new WeakPoints();
  points.note(10);
  points.note(20);
  points.note(40);
  assert.ok(points.retry(30));
  assert.is(points.skips(20), 1);
  assert.is(points.skips(10), 0);
  assert.is(points.skips(40), 0);
});

test('a stop without further matches was right, and the one before is looked at', () => {
  const points = new WeakPoints();
  points.note(10);
  points.note(20);
  assert.ok(points.retry(30));
  points.note(10);
  assert.ok(points.retry(20));
  assert.is(points.skips(20), 0);
  assert.is(points.skips(10), 1);
  assert.not(points.retry(10));
});

test('without a weak stop, and after many attempts, the divergence stands', () => {
  assert.not(new WeakPoints().retry(30));
  const points = new WeakPoints();
  let attempts = 0;
  for (points.note(10); points.retry(30); points.note(10)) attempts++;
  assert.ok(attempts > 5 && attempts < 50);
});

test('a recording whose stops are all weak replays, if need be at a second attempt, and prints once', () =>
  withPlace(async (place) => {
    const command = [compileGuest('computing/far-progress')];
    let again = 0;
    for (let round = 0; round < 6 && again === 0; round++) {
      const trace = `trace${round}`;
      const record = await place.rr('record', '-o', trace, '--weak-stops', ...command);
      assert.is(record.status, 0, record.story);
      const replay = await place.rr('replay', '-a', trace);
      assert.is(replay.status, 0, replay.story);
      assert.is(replay.out, record.out);
      again += replay.err.split('passing over').length - 1;
    }
    assert.ok(again > 0, 'no stop was found too early in six recordings: the test tests nothing');
  }));

test.run();

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
  assert.is(points.retry(30), 20);
  assert.is(points.skips(20), 1);
  assert.is(points.skips(10), 0);
  assert.is(points.skips(40), 0);
});

test('a stop without further matches was right, and the one before is looked at', () => {
  const points = new WeakPoints();
  points.note(10);
  points.note(20);
  assert.is(points.retry(30), 20);
  points.note(10);
  assert.is(points.retry(20), 10);
  assert.is(points.skips(20), 0);
  assert.is(points.skips(10), 1);
  assert.is(points.retry(10), undefined);
});

test('without a weak stop, and after many attempts, the divergence stands', () => {
  assert.is(new WeakPoints().retry(30), undefined);
  const points = new WeakPoints();
  let attempts = 0;
  for (points.note(10); points.retry(30) !== undefined; points.note(10)) attempts++;
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

test('a debugger comes to the end of such a recording, too, and its places behind stay', () =>
  withPlace(async (place) => {
    const command = [compileGuest('computing/far-progress')];
    let again = 0;
    for (let round = 0; round < 12 && again === 0; round++) {
      const trace = `trace${round}`;
      const record = await place.rr('record', '-o', trace, '--weak-stops', ...command);
      assert.is(record.status, 0, record.story);
      const middle = Math.floor(JSON.parse((await place.rr('traceinfo', trace)).out).events / 2);
      const said = await place.rr(
        ...['replay', trace, '--', '-nx', '-batch', '-ex', 'seek end', '-ex', 'when', '-ex', 'when-end'],
        ...['-ex', 'reverse-stepi', '-ex', 'stepi', '-ex', 'when', '-ex', `seek ${middle}`, '-ex', 'when'],
        ...['-ex', 'delete', '-ex', 'continue'],
      );
      const events = [...said.out.matchAll(/^Completed event: (\d+)$/gm)].map(([, event]) => Number(event));
      const last = Number(/^Last event: (\d+)$/m.exec(said.out)?.[1]);
      assert.is(events.length, 3, said.story);
      assert.ok(events[0]! > last - 5 && events[1] === events[0] && events[2] === middle, said.story);
      assert.ok(said.out.includes(record.out.trimEnd().split('\n').at(-1)!), said.story);
      assert.ok(/exits with status 0 here/.test(said.err), said.story);
      assert.not.match(said.err, /^rr: replay diverged/m, said.story);
      again += said.err.split('passing over').length - 1;
    }
    assert.ok(again > 0, 'no stop was found too early in twelve recordings: the test tests nothing');
  }));

test.run();

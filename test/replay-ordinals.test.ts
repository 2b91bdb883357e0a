// Passes of forced stops, counted by the first replay and used by later ones. Time limit: 120 s
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ordinals, type TraceIdentity } from '../engine/trace/ordinals.ts';
import { UserCache } from '../engine/trace/user-cache.ts';
import { type Place, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const found = /forced stop found after (\d+) stops, (\d+) of them by (\d+) stubs, 0 wrong, pass (\d+|uncounted)/g;

function stopsOf(log: string): { stops: number; pass: number }[] {
  return [...log.matchAll(found)].map(([, stops, , , pass]) => ({ stops: Number(stops), pass: Number(pass) || 0 }));
}

for (const guest of ['unoptimised', 'short-loop', 'recursion', 'x87']) {
  test(`${guest}: the second replay stops once for each forced stop, at the same passes`, () =>
    withPlace(async (place) => {
      const command = [compileGuest(`computing/${guest}`)];
      const record = await place.rr('record', '-o', 'trace', '--force-stops', '500-3000', ...command);
      assert.is(record.status, 0, record.story);
      const first = await place.rr('--log', 'replay:debug', 'replay', '-a', 'trace');
      assert.is(first.status, 0, first.story);
      const counted = stopsOf(first.err);
      assert.ok(counted.length > 3, first.story);
      assert.ok(counted.some(({ stops }) => stops > 1));
      assert.is(readdirSync(place.path('cache/rr/ordinals')).length, 1);
      const second = await place.rr('--log', 'replay:debug', 'replay', '-a', 'trace');
      assert.is(second.status, 0, second.story);
      assert.is(second.out, first.out);
      const used = stopsOf(second.err);
      assert.is(used.length, counted.length);
      // To compare an x87 register costs more than to count.
      if (guest === 'x87')
        assert.ok(
          counted.some(({ pass }) => pass > 0),
          first.story,
        );
      // One stop, or two where the breakpoint serves; what needed none, or was not counted, is searched again.
      used.forEach(({ stops }, index) => {
        if (counted[index]!.pass > 0) assert.ok(stops <= 2, `stop ${index}: ${stops}`);
      });
    }));
}

/** The cached passes of the only trace, each changed, under a right checksum. Returns how many differ now. */
function changePasses(place: Place, change: (pass: number) => number): number {
  const folder = place.path('cache/rr/ordinals');
  const path = join(folder, readdirSync(folder)[0]!);
  const bytes = readFileSync(path);
  const end = bytes.length - 8;
  let changed = 0;
  for (let at = 24 + 8; at < end; at += 16) {
    const pass = Number(bytes.readBigUInt64LE(at));
    const wrong = change(pass);
    if (wrong !== pass) changed++;
    bytes.writeBigUInt64LE(BigInt(wrong), at);
  }
  bytes.writeBigUInt64LE(BigInt(crc32(bytes.subarray(0, end))), end);
  writeFileSync(path, bytes);
  return changed;
}

for (const [what, change] of [
  ['too high by one', (pass) => pass + 1],
  ['too low', (pass) => Math.ceil(pass / 2)],
  ['far beyond the end', () => 2 ** 40],
] as const satisfies readonly (readonly [string, (pass: number) => number])[]) {
  test(`passes that are wrong (${what}) are dropped, and the points searched`, () =>
    withPlace(async (place) => {
      // Its passes are counted: to compare its registers costs more.
      const command = [compileGuest('computing/x87')];
      const record = await place.rr('record', '-o', 'trace', '--force-stops', '500-3000', ...command);
      assert.is(record.status, 0, record.story);
      const first = await place.rr('replay', '-a', 'trace');
      assert.ok(changePasses(place, change) > 0);
      const second = await place.rr('--log', 'replay:info', 'replay', '-a', 'trace');
      assert.is(second.status, 0, second.story);
      assert.is(second.out, first.out);
      assert.match(second.err, /diverged with what an earlier one has counted: again, without it/);
      // The right ones are kept now.
      const third = await place.rr('--log', 'replay:info', 'replay', '-a', 'trace');
      assert.is(third.status, 0, third.story);
      assert.not.match(third.err, /again/);
    }));
}

test('passes of one recording are not those of another with as many events', () =>
  withPlace(async (place) => {
    const command = [compileGuest('computing/short-loop')];
    for (const trace of ['one', 'other']) {
      const record = await place.rr('record', '-o', trace, '--force-stops', '500-3000', ...command);
      assert.is(record.status, 0, record.story);
      const replay = await place.rr('--log', 'replay:info', 'replay', '-a', trace);
      assert.is(replay.status, 0, replay.story);
      assert.not.match(replay.err, /not used/);
    }
    assert.is(readdirSync(place.path('cache/rr/ordinals')).length, 2);
  }));

const trace: TraceIdentity = { contentKey: 'ab12', lastEvent: 100 };

function withCache(use: (cache: UserCache, path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-ordinals-'));
  try {
    use(new UserCache({ XDG_CACHE_HOME: folder }), join(folder, 'rr/ordinals/ab12'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what was counted is read again', () =>
  withCache((cache) => {
    const first = new Ordinals(trace, cache);
    assert.is(first.of(7), 0);
    first.note(9, 2 ** 40);
    first.note(7, 3);
    first.save();
    const second = new Ordinals(trace, cache);
    assert.is(second.of(7), 3);
    assert.is(second.of(9), 2 ** 40);
    assert.is(second.of(8), 0);
  }));

test('a file that is damaged, cut, or another trace’s is not used', () =>
  withCache((cache, path) => {
    const ordinals = new Ordinals(trace, cache);
    ordinals.note(7, 3);
    ordinals.save();
    const whole = readFileSync(path);
    assert.is(new Ordinals({ ...trace, lastEvent: 101 }, cache).of(7), 0);
    assert.is(new Ordinals({ ...trace, contentKey: 'ab13' }, cache).of(7), 0);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, damaged);
      assert.is(new Ordinals(trace, cache).of(7), 0, `bit ${bit}`);
    }
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      assert.is(new Ordinals(trace, cache).of(7), 0, `length ${length}`);
    }
  }));

test('what was used when the replay diverged is forgotten; a divergence without it is one', () =>
  withCache((cache, path) => {
    const first = new Ordinals(trace, cache);
    first.note(7, 3);
    first.save();
    const second = new Ordinals(trace, cache);
    assert.not(second.retry());
    second.of(7);
    assert.ok(second.retry());
    assert.is(second.of(7), 0);
    assert.not(second.retry());
    assert.not(existsSync(path));
  }));

test('where nothing can be kept, nothing is said', () => {
  for (const environment of [{ XDG_CACHE_HOME: '/proc/self' }, { HOME: '/proc/nonexistent' }, {}]) {
    const ordinals = new Ordinals(trace, new UserCache(environment));
    ordinals.note(7, 3);
    ordinals.save();
    assert.is(new Ordinals(trace, new UserCache(environment)).of(7), 0);
  }
});

test.run();

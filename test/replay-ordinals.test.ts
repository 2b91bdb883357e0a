// Passes of forced stops, counted by the first replay and used by later ones. Time limit: 120 s
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ordinals } from '../engine/trace/ordinals.ts';
import { withPlace } from './edge/place.ts';
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
      assert.ok(existsSync(place.path('trace/ordinals')));
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

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-ordinals-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what was counted is read again', () =>
  withFolder((folder) => {
    const first = new Ordinals(folder, 100);
    assert.is(first.of(7), 0);
    first.note(9, 2 ** 40);
    first.note(7, 3);
    first.save();
    const second = new Ordinals(folder, 100);
    assert.is(second.of(7), 3);
    assert.is(second.of(9), 2 ** 40);
    assert.is(second.of(8), 0);
  }));

test('a file that is damaged, cut, or another trace’s is not used', () =>
  withFolder((folder) => {
    const path = join(folder, 'ordinals');
    const ordinals = new Ordinals(folder, 100);
    ordinals.note(7, 3);
    ordinals.save();
    const whole = readFileSync(path);
    assert.is(new Ordinals(folder, 101).of(7), 0);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path, damaged);
      assert.is(new Ordinals(folder, 100).of(7), 0, `bit ${bit}`);
    }
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      assert.is(new Ordinals(folder, 100).of(7), 0, `length ${length}`);
    }
  }));

test('where nothing can be written, nothing is said', () => {
  const ordinals = new Ordinals('/proc/self', 100);
  ordinals.note(7, 3);
  ordinals.save();
});

test.run();

// A disk that is full, or read-only, at each kind of write to a store and beside it: one line, and nothing is lost.
// Time limit: 300 s
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { verifyStore } from '../engine/store/verify.ts';
import { Store } from '../engine/store/store.ts';

const test = suite('edge: full disk');
const testAsRoot = isRoot ? test : test.skip;

const python = ['/usr/bin/python3', '-c', 'import json; print(json.dumps([1]))'];
const printed = '[1]\n';

/** Lends a disk of so many KiB at `disk`. */
async function withDisk(place: Place, kilobytes: number, use: () => Promise<void>): Promise<void> {
  mkdirSync(place.path('disk'), { recursive: true });
  const mounted = await place.sh('mount -t tmpfs -o size="$1"k none disk', { args: [String(kilobytes)] });
  assert.is(mounted.status, 0, mounted.story);
  try {
    await use();
  } finally {
    const unmounted = await place.sh('umount disk');
    assert.is(unmounted.status, 0, unmounted.story);
  }
}

/** Leaves so many KiB of the disk. */
async function fill(place: Place, free: number): Promise<void> {
  const script = 'free=$(df -k --output=avail disk | tail -1); head -c $((free - $1))k /dev/zero > disk/filler; true';
  const filled = await place.sh(script, { args: [String(free)] });
  assert.is(filled.status, 0, filled.story);
}

function failed(run: Run, reason: RegExp): void {
  assert.is(run.status, 1, run.story);
  assert.match(run.err, /^rr: [^\n]*\n$/);
  assert.match(run.err, reason);
}

async function replays(place: Place, trace: string): Promise<void> {
  const replay = await place.rr('replay', '-a', trace);
  assert.is(replay.status, 0, replay.story);
  assert.is(replay.out, printed);
}

/** Names below a folder, but for temporary ones that a test makes. */
function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

function checkStore(path: string): void {
  using store = Store.open(path);
  assert.equal(verifyStore(store, false).wrong, []);
  assert.equal(
    namesIn(path).filter((name) => name.endsWith('.tmp')),
    [],
  );
}

testAsRoot('a store that fills: what has no room in it is in the trace', () =>
  withPlace(async (place) => {
    for (const kilobytes of [4, 64, 400, 3200, 7000]) {
      await withDisk(place, kilobytes, async () => {
        const record = await place.rr('record', '--store', 'disk/store', '-o', `trace-${kilobytes}`, ...python);
        assert.is(record.status, 0, record.story);
        assert.is(record.out, printed);
        assert.match(
          record.err,
          /^(rr: warning: [^\n]*No space left on device: mapped files go into the trace itself\n)?$/,
        );
        await replays(place, `trace-${kilobytes}`);
        checkStore(place.path('disk/store'));
      });
    }
  }),
);

testAsRoot('recordings on a full disk are packed and compressed, or stay as they are', () =>
  withPlace(async (place) => {
    const record = await place.rr('record', '--store', 'store', '-o', 'trace', ...python);
    assert.is(record.status, 0, record.story);
    await withDisk(place, 40_000, async () => {
      await place.sh('cp -r trace disk/trace');
      for (const free of [0, 4, 12, 40]) {
        await fill(place, free);
        const before = namesIn(place.path('disk'));
        for (const words of [
          ['pack', '-o', 'disk/pack.rrz', 'trace'],
          ['pack', '-o', 'disk/folder', 'trace'],
          ['pack', 'disk/trace'],
        ]) {
          failed(await place.rr(...words), /ENOSPC/);
          assert.equal(namesIn(place.path('disk')), before, words.join(' '));
        }
        const compress = await place.rr('compress', 'disk/trace');
        if (compress.status !== 0) failed(compress, /ENOSPC/);
        assert.equal(namesIn(place.path('disk')), before);
        await replays(place, 'disk/trace');
        await place.sh('rm -f disk/filler');
      }
    });
    await replays(place, 'trace');
  }),
);

testAsRoot('garbage is collected, and what is torn put aside, where the disk is full', () =>
  withPlace(async (place) => {
    await withDisk(place, 60_000, async () => {
      for (const name of ['gone', 'kept']) {
        const record = await place.rr('record', '--store', 'disk/store', '-o', `disk/${name}`, ...python, name);
        assert.is(record.status, 0, record.story);
      }
      const other = await place.rr('record', '--store', 'disk/store', '-o', 'disk/other', '/bin/ls', '-d', '/');
      assert.is(other.status, 0, other.story);
      await place.sh('rm -r disk/gone disk/other');
      await fill(place, 0);
      const collect = await place.rr('gc', '--store', 'disk/store');
      assert.is(collect.status, 0, collect.story);
      assert.match(collect.out, /^removed [1-9]/);
      checkStore(place.path('disk/store'));
      await replays(place, 'disk/kept');
      const torn = await place.sh('f=$(find disk/store/pieces -type f | head -1); chmod 600 $f; truncate -s 10 $f');
      assert.is(torn.status, 0, torn.story);
      const repair = await place.rr('store', 'verify', '--repair', '--store', 'disk/store');
      assert.is(repair.status, 0, repair.story);
      assert.match(repair.out, /is not what its name says/);
      checkStore(place.path('disk/store'));
    });
  }),
);

testAsRoot('a store that is read-only serves what it has, and says so where it cannot', () =>
  withPlace(async (place) => {
    await withDisk(place, 60_000, async () => {
      const first = await place.rr('record', '--store', 'disk/store', '-o', 'first', ...python);
      assert.is(first.status, 0, first.story);
      await place.sh('mount -o remount,ro disk');
      const record = await place.rr('record', '--store', 'disk/store', '-o', 'second', ...python);
      assert.is(record.status, 0, record.story);
      assert.is(record.err, '');
      const other = await place.rr('record', '--store', 'disk/store', '-o', 'third', '/bin/echo', '[1]');
      assert.is(other.status, 0, other.story);
      assert.match(other.err, /^rr: warning: [^\n]*Read-only file system: mapped files go into the trace itself\n$/);
      for (const trace of ['first', 'second', 'third']) await replays(place, trace);
      failed(await place.rr('gc', '--store', 'disk/store'), /cannot collect garbage in the store .*: EROFS/);
      assert.is((await place.rr('gc', '--dry-run', '--store', 'disk/store')).status, 0);
      assert.is((await place.rr('store', 'verify', '--store', 'disk/store')).status, 0);
      failed(
        await place.rr('record', '--store', 'disk/new', '-o', 'fourth', '/bin/true'),
        /cannot make the store .*: EROFS/,
      );
      assert.not(existsSync(place.path('fourth')));
      const pack = await place.rr('pack', 'first');
      assert.is(pack.status, 0, pack.story);
    });
    await replays(place, 'first');
  }),
);

test('a store that has lost what a recording needs', () =>
  withPlace(async (place) => {
    const record = await place.rr('record', '--store', 'store', '-o', 'trace', ...python);
    assert.is(record.status, 0, record.story);
    const files = await place.sh('find store -type f -path "*/??/*" | sort');
    const all = files.out.trim().split('\n');
    // Some of each kind: a whole one takes the test long.
    const chosen = all.filter((_, index) => index % 8 === 0);
    assert.ok(chosen.length > 3);
    for (const file of chosen) {
      await place.sh('mv "$1" lost', { args: [file] });
      failed(await place.rr('replay', '-a', 'trace'), /ENOENT/);
      failed(await place.rr('pack', '-o', 'trace.rrz', 'trace'), /ENOENT/);
      assert.not(existsSync(place.path('trace.rrz')));
      for (const words of [
        ['ps', 'trace'],
        ['traceinfo', 'trace'],
      ]) {
        const listed = await place.rr(...words);
        assert.is(listed.status, 0, listed.story);
      }
      await place.sh('mv lost "$1"', { args: [file] });
    }
    await replays(place, 'trace');
  }));

test.run();

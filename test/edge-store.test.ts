// The store of mapped files: who may read it, what a crash leaves behind, and recordings side by side.
// Time limit: 240 s
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, compileEdge, isRoot, type Place, withPlace } from './edge/place.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: store');
const testAsRoot = isRoot ? test : test.skip;

const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

/** The stored files, by path below the store. */
function blobs(store: string): string[] {
  return readdirSync(store, { recursive: true })
    .map(String)
    .filter((name) => /^..\/[0-9a-f]{62}$/.test(name))
    .sort();
}

/** A program of the place's own, which nothing else maps. */
function ownProgram(place: Place, mode: number): string {
  const program = place.path('program');
  copyFileSync('/bin/true', program);
  chmodSync(program, mode);
  return program;
}

/** The stored copy of a file. */
function storedCopy(store: string, file: string): string {
  const content = readFileSync(file);
  const found = blobs(store).find((name) => readFileSync(join(store, name)).equals(content));
  assert.ok(found, `no copy of ${file} in ${store}`);
  return join(store, found);
}

test('a recording is its user’s alone, whatever the umask', () =>
  withPlace(async (place) => {
    const program = ownProgram(place, 0o700);
    const record = await place.sh('umask 000; "$RR" record -o trace "$1" && "$RR" record "$1"', { args: [program] });
    assert.is(record.status, 0, record.story);
    const folders = [place.path('trace'), place.traces, join(place.traces, 'program-0'), join(place.traces, '.store')];
    for (const folder of folders) assert.is(modeOf(folder), '700', folder);
    for (const name of readdirSync(place.path('trace'))) assert.is(modeOf(place.path(`trace/${name}`)), '600', name);
  }));

test('a stored file has the rights of its original, and nobody’s to write', () =>
  withPlace(async (place) => {
    for (const [mode, stored] of [
      [0o700, '700'],
      [0o777, '755'],
      [0o511, '511'],
    ] as const) {
      const program = ownProgram(place, mode);
      const store = place.path(`store-${stored}`);
      const record = await place.sh('umask 000; "$RR" record --store "$2" -o "$2.trace" "$1"', {
        args: [program, store],
      });
      assert.is(record.status, 0, record.story);
      assert.is(modeOf(storedCopy(store, program)), stored);
    }
  }));

test('a store that others share has their rights, as it was told or as its folder has', () =>
  withPlace(async (place) => {
    const program = ownProgram(place, 0o755);
    for (const [rights, mode] of [
      ['user', '700'],
      ['group', '2770'],
      ['all', '1777'],
    ] as const) {
      const store = place.path(rights);
      const words = ['record', '--store', store, '--store-rights', rights, '-o', `${store}-trace`, program];
      const record = await place.rr(...words);
      assert.is(record.status, 0, record.story);
      for (const folder of ['', 'by-id', ...new Set(blobs(store).map((name) => name.slice(0, 2)))]) {
        assert.is(modeOf(join(store, folder)), mode, folder);
      }
    }
    mkdirSync(place.path('made'));
    chmodSync(place.path('made'), 0o2775);
    const record = await place.rr('record', '--store', place.path('made'), '-o', 'trace', program);
    assert.is(record.status, 0, record.story);
    assert.is(modeOf(place.path('made/by-id')), '2775');
    const bad = await place.rr('record', '--store-rights', 'everybody', '-o', 'bad', program);
    assert.is(bad.status, 2, bad.story);
    assert.match(bad.err, /^rr: --store-rights=everybody: expected user, group, all\n$/);
  }));

testAsRoot('two users share a store: what one may not read, the other puts again', () =>
  withPlace(async (place) => {
    const store = place.path('store');
    const program = ownProgram(place, 0o700);
    const first = await place.rr('record', '--store', store, '--store-rights', 'all', '-o', 'first', program);
    assert.is(first.status, 0, first.story);
    assert.is(modeOf(storedCopy(store, program)), '700');
    chmodSync(program, 0o755);
    // Sticky folders keep what is another's.
    for (const name of ['', ...readdirSync(store)]) {
      if (statSync(join(store, name)).isDirectory()) chmodSync(join(store, name), 0o777);
    }
    mkdirSync(place.path('open'));
    chmodSync(place.path('open'), 0o777);
    const trace = place.path('open/second');
    const second = await place.run([...asNobody, rrCommand, 'record', '--store', store, '-o', trace, program]);
    assert.is(second.status, 0, second.story);
    assert.is(second.err, '');
    assert.is(modeOf(storedCopy(store, program)), '755');
    const replay = await place.run([...asNobody, rrCommand, 'replay', '-a', trace]);
    assert.is(replay.status, 0, replay.story);
  }),
);

for (const size of ['small', 'large'] as const) {
  test(`a stored file that was torn is found and put again (${size})`, () =>
    withPlace(async (place) => {
      const store = place.path('store');
      const program = ownProgram(place, 0o700);
      // More than is read at once.
      if (size === 'large') writeFileSync(program, Buffer.alloc(3 << 20, 'x'), { flag: 'a' });
      const record = (trace: string) => place.rr('record', '--store', store, '-o', trace, program);
      const first = await record('first');
      assert.is(first.status, 0, first.story);
      const copy = storedCopy(store, program);
      const content = readFileSync(copy);
      const inode = statSync(copy).ino;
      const again = await record('again');
      assert.is(again.status, 0, again.story);
      assert.is(statSync(copy).ino, inode, 'what is right is not written again');
      // As large as it was, but empty: as after a crash before the data reached the disk.
      writeFileSync(copy, Buffer.alloc(content.length));
      const repaired = await record('repaired');
      assert.is(repaired.status, 0, repaired.story);
      assert.ok(readFileSync(copy).equals(content));
      const replay = await place.rr('replay', '-a', 'first');
      assert.is(replay.status, 0, replay.story);
      assert.equal(
        readdirSync(store).filter((name) => name.endsWith('.tmp')),
        [],
      );
    }));
}

test('a stored file is on the disk before it has its name, and the name before the recording ends', () =>
  withPlace(async (place) => {
    const program = ownProgram(place, 0o700);
    const log = place.path('calls');
    const record = await place.sh('LD_PRELOAD="$1" CALL_LOG="$2" "$RR" record --store store -o trace "$3"', {
      args: [compileEdge('log-calls'), log, program],
    });
    assert.is(record.status, 0, record.story);
    const store = place.path('store');
    const folder = storedCopy(store, program).slice(0, -63);
    const name = storedCopy(store, program).slice(-62);
    const calls = readFileSync(log, 'utf8').split('\n');
    const renamed = calls.findIndex((call) => call.startsWith('rename ') && call.endsWith(` ${folder}/${name}`));
    assert.ok(renamed > 0, calls.join('\n'));
    const temporary = calls[renamed]!.split(' ')[1]!;
    assert.match(temporary, /\/[0-9a-f]{32}\.tmp$/);
    assert.ok(calls.slice(0, renamed).includes(`fsync ${temporary}`), calls.join('\n'));
    assert.ok(calls.slice(renamed).includes(`fsync ${folder}`), calls.join('\n'));
  }));

testAsRoot('recordings in containers, of processes with the same number, put into one store', () =>
  withPlace(async (place) => {
    const program = ownProgram(place, 0o700);
    const one = 'unshare --pid --fork --mount-proc "$RR" record --store store -o trace-$i "$1" || echo failed $i';
    const run = await place.sh(`for i in 1 2 3 4; do (${one}) & done; wait`, { args: [program] });
    assert.is(run.out + run.err, '', run.story);
    assert.ok(readFileSync(storedCopy(place.path('store'), program)).length > 0);
    for (const i of [1, 2, 3, 4]) assert.is((await place.rr('replay', '-a', `trace-${i}`)).status, 0);
  }),
);

test.run();

// Recordings side by side in one store, with rr gc beside them, and killed at any moment: what is left of a trace replays,
// and the store is right. `RR_TEST_KILLS=200` is what scripts/nightly asks for.
// Time limit: 300 s
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Place, withPlace } from './edge/place.ts';
import { rrCommand } from './harness/recording.ts';
import { ContentServer } from './remote/content-server.ts';
import { Random } from './trace-records.ts';

const test = suite('store: crash');
const kills = Number(process.env.RR_TEST_KILLS ?? 4);
const together = process.env.RR_TEST_KILLS === undefined ? 3 : 8;

/** Reads files of its own, some of them twice, and executes others. */
const script = 'for i in 1 2 3; do cat "$1"/*; cp "$1"/text "$2.$i"; cat "$2.$i"; done > /dev/null; rm -f "$2".*';

/** A folder of files to read. */
async function makeFiles(place: Place): Promise<string> {
  const made = await place.sh(
    'mkdir files; seq 20000 > files/text; for i in 1 2 3 4 5; do seq $i 7 40000 > files/$i; done; head -c 300000 /bin/sh > files/binary; chmod 644 files/*',
  );
  assert.is(made.status, 0, made.story);
  return place.path('files');
}

/** The command that records the script, with copies beside the trace. */
function recordWords(place: Place, files: string, trace: string): string[] {
  const program = ['/bin/sh', '-c', script, 'sh', files, trace];
  return ['record', '--store', place.path('store'), '-o', trace, ...program];
}

async function verify(place: Place): Promise<void> {
  const verified = await place.rr('store', 'verify', '--store', place.path('store'));
  assert.is(verified.status, 0, verified.story);
}

test('recordings at once, and collections of garbage beside them', () =>
  withPlace(async (place) => {
    const files = await makeFiles(place);
    let isOver = false;
    const collect = async () => {
      let count = 0;
      for (; !isOver; count++) {
        const { status, story } = await place.rr('gc', '--store', place.path('store'));
        // Before the first recording there is no store.
        if (existsSync(place.path('store'))) assert.is(status, 0, story);
      }
      return count;
    };
    const record = async (name: string) => {
      for (let round = 0; round < 2; round++) {
        const trace = place.path(`${name}-${round}`);
        const recorded = await place.rr(...recordWords(place, files, trace));
        assert.is(recorded.status, 0, recorded.story);
        if (round === 0) assert.is((await place.rr('rm', trace)).status, 0);
      }
    };
    const first = await place.rr('record', '--store', place.path('store'), '-o', 'first', '/bin/true');
    assert.is(first.status, 0, first.story);
    const collecting = collect();
    await Promise.all(Array.from({ length: together }, (_, index) => record(`trace-${index}`)));
    isOver = true;
    assert.ok((await collecting) > 0);
    await verify(place);
    for (let index = 0; index < together; index++) {
      const replay = await place.rr('replay', '-a', place.path(`trace-${index}-1`));
      assert.is(replay.status, 0, replay.story);
    }
    // What the second has, the first had put: nothing is there twice.
    const sizes = await place.sh('for each in trace-*-1; do stat -c %s $each/data; done');
    for (const size of sizes.out.trim().split('\n')) assert.ok(Number(size) < 120_000, `${size} bytes of data`);
  }));

test('what a recording maps stays, and what no other trace maps goes, while the recording goes on', () =>
  withPlace(async (place) => {
    const made = await place.sh('for name in kept gone; do cp /bin/true $name; echo $name >> $name; done; mkfifo go');
    assert.is(made.status, 0, made.story);
    const record = ['record', '--store', place.path('store')];
    const hashesOf = async (name: string) => (await place.sh(`sha256sum < ${name}`)).out.slice(0, 64);
    const stored = (hash: string) => existsSync(place.path(join('store', hash.slice(0, 2), hash.slice(2))));
    // It maps `kept`, says so, and waits.
    const script = './kept; echo ready; read word < go; ./kept';
    const going = spawn(rrCommand, [...record, '-o', place.path('going'), '/bin/sh', '-c', script], {
      cwd: place.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((done) => going.on('exit', done));
    await new Promise((ready) => going.stdout!.once('data', ready));
    const other = await place.rr(...record, '-o', 'other', place.path('gone'));
    assert.is(other.status, 0, other.story);
    const [kept, gone] = [await hashesOf('kept'), await hashesOf('gone')];
    assert.ok(stored(kept) && stored(gone));
    assert.is((await place.rr('rm', 'other')).status, 0);
    const collect = await place.rr('gc', '--store', place.path('store'));
    assert.is(collect.status, 0, collect.story);
    assert.ok(stored(kept));
    assert.not(stored(gone));
    const go = await place.sh('echo on > go');
    assert.is(go.status, 0, go.story);
    assert.is(await ended, 0);
    assert.is((await place.rr('gc', '--store', place.path('store'))).status, 0);
    const replay = await place.rr('replay', '-a', 'going');
    assert.is(replay.status, 0, replay.story);
  }));

/** Runs rr and kills it after some milliseconds, if it still runs. */
async function killedAfter(place: Place, words: readonly string[], time: number): Promise<void> {
  const env = { ...process.env, _RR_TRACE_DIR: place.traces, XDG_CACHE_HOME: place.path('cache') };
  const child = spawn(rrCommand, words, { cwd: place.folder, env, stdio: 'ignore' });
  const ended = new Promise((done) => child.on('exit', done));
  const timer = setTimeout(() => child.kill('SIGKILL'), time);
  await ended;
  clearTimeout(timer);
}

test('what works on recordings and is killed leaves them whole, and a store that is right', () =>
  withPlace(async (place) => {
    await using server = await ContentServer.start();
    const files = await makeFiles(place);
    const random = new Random(Date.now());
    const store = place.path('store');
    const whole = await place.rr(...recordWords(place, files, place.path('whole')));
    assert.is(whole.status, 0, whole.story);
    const works: Readonly<Record<string, (turn: number) => readonly string[]>> = {
      compress: (turn) => ['compress', `--compress=${turn % 2 === 0 ? 'best' : 'fast'}`, 'whole'],
      gc: () => ['gc', '--store', store],
      packFile: (turn) => ['pack', '-o', `pack-${turn}.rrz`, 'whole'],
      packFolder: (turn) => ['pack', '-o', `folder-${turn}`, 'whole'],
      push: () => ['push', server.url, 'whole'],
      repair: () => ['store', 'verify', '--repair', '--store', store],
    };
    for (let kill = 0; kill < kills; kill++) {
      for (const [name, words] of Object.entries(works)) {
        // Something to be taken away.
        if (name === 'gc') {
          const gone = place.path(`gone-${kill}`);
          assert.is((await place.rr('record', '--store', store, '-o', gone, '/bin/echo', String(kill))).status, 0);
          assert.is((await place.rr('rm', gone)).status, 0);
        }
        await killedAfter(place, words(kill), 60 + random.below(500));
        const events = await place.rr('dump', '-m', 'whole');
        assert.is(events.status, 0, `${name}: ${events.story}`);
        await verify(place);
        for (const pack of [`pack-${kill}.rrz`, `folder-${kill}`].filter((each) => existsSync(place.path(each)))) {
          assert.is((await place.rr('dump', '-m', pack)).status, 0, `${name} left ${pack}`);
          await place.sh('rm -rf "$1"', { args: [pack] });
        }
      }
    }
    const replay = await place.rr('replay', '-a', 'whole');
    assert.is(replay.status, 0, replay.story);
    // Whatever was left half done is gone, or does no harm to the next.
    for (const words of Object.values(works)) {
      const last = await place.rr(...words(1_000_000));
      assert.is(last.status, 0, last.story);
    }
    const again = await place.rr('replay', '-a', 'whole');
    assert.is(again.status, 0, again.story);
  }));

test('a recorder that is killed leaves a trace that can be read, and a store that is right', () =>
  withPlace(async (place) => {
    const files = await makeFiles(place);
    const random = new Random(Date.now());
    const whole = await place.rr('record', '--store', place.path('store'), '-o', 'whole', '/bin/true');
    assert.is(whole.status, 0, whole.story);
    for (let kill = 0; kill < kills; kill++) {
      const trace = place.path(`killed-${kill}`);
      const recorder = spawn(rrCommand, recordWords(place, files, trace), { stdio: 'ignore', detached: true });
      const ended = new Promise((done) => recorder.on('exit', done));
      const collector =
        kill % 2 === 0 ? spawn(rrCommand, ['gc', '--store', place.path('store')], { stdio: 'ignore' }) : undefined;
      const collected = new Promise((done) => (collector ? collector.on('exit', done) : done(0)));
      const moment = setTimeout(() => recorder.kill('SIGKILL'), 200 + random.below(1500));
      const other = setTimeout(() => collector?.kill('SIGKILL'), 100 + random.below(1500));
      await Promise.all([ended, collected]);
      clearTimeout(moment);
      clearTimeout(other);
      if (!existsSync(join(trace, 'version')) && !existsSync(join(trace, 'version.incomplete'))) continue;
      // Its events can be listed with all that they have, or there are none.
      const dump = await place.rr('dump', '-m', trace);
      const isEmpty = dump.err.includes('before its first event was saved');
      assert.ok(dump.status === 0 || isEmpty, dump.story);
    }
    await verify(place);
    const collect = await place.rr('gc', '--store', place.path('store'));
    assert.is(collect.status, 0, collect.story);
    await verify(place);
    for (const trace of readdirSync(place.path('.')).filter((name) => name.startsWith('killed-'))) {
      if (!existsSync(place.path(join(trace, 'version')))) continue;
      const replay = await place.rr('replay', '-a', place.path(trace));
      assert.is(replay.status, 0, replay.story);
    }
  }));

test.run();

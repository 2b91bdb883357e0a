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

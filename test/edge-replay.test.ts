// Replays of damaged traces, and replays where nothing of the recording is left.
// Time limit: 300 s
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { replayElsewhere } from './acceptance/elsewhere.ts';
import { isRoot, withPlace } from './edge/place.ts';
import { readRecords } from './fuzz/records.ts';
import type { RecordingMode } from './harness/modes.ts';
import { withRecording } from './harness/recording.ts';
import { writeTrace } from './trace-fixture.ts';

const test = suite('edge: replays');
const pipeline = 'for i in 1 2 3; do echo $i | cat; done; date; cat /proc/self/stat | wc -w; echo error >&2';
const mode: RecordingMode = { name: 'default', globalOptions: [], recordOptions: [] };

(isRoot ? test : test.skip)('another user, a removed directory, an empty root; and what the tracees call', () =>
  withRecording('pipeline', { command: ['bash', '-c', pipeline], mode, deterministic: false }, (recording) =>
    replayElsewhere(recording, 60),
  ),
);

/** A recording of `cat` on a file whose content is not in any other file. */
const content = 'what the program read from its file\n';

test('a byte of what was read that changed under a right checksum is printed', () =>
  withPlace(async (place) => {
    writeFileSync(place.path('input'), content);
    await place.rr('record', '-o', 'trace', 'cat', 'input');
    const { records, header } = readRecords(place.path('trace'));
    const holding = records.filter((record) => Buffer.from(record).includes(content));
    assert.is(holding.length, 1);
    const at = Buffer.from(holding[0]!).indexOf(content);
    holding[0]![at] = 'W'.charCodeAt(0);
    mkdirSync(place.path('changed'));
    await writeTrace(place.path('changed'), [records], { header, slotSize: 1 << 20, slotCount: 4 });
    const replay = await place.rr('replay', '-a', 'changed');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, content.replace('w', 'W'));
  }));

test('a bit of the lane of data that changed is reported, wherever it is', () =>
  withPlace(async (place) => {
    writeFileSync(place.path('input'), content);
    await place.rr('record', '-o', 'trace', 'cat', 'input');
    const lane = place.path('trace/data');
    const sound = readFileSync(lane);
    for (let part = 0; part < 25; part++) {
      const at = Math.floor((part * sound.length) / 25);
      const damaged = Buffer.from(sound);
      damaged[at]! ^= 1 << (part % 8);
      writeFileSync(lane, damaged);
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.status, 1, `byte ${at}: ${replay.story}`);
      assert.match(replay.err, /^rr: [^\n]*trace\/data[^\n]*\n$/);
    }
  }));

test('a real trace cut off in the middle of each file is reported', () =>
  withPlace(async (place) => {
    await place.rr('record', '-o', 'trace', 'bash', '-c', pipeline);
    for (const name of ['version', 'events', 'data', 'mmaps', 'tasks']) {
      const file = place.path(`trace/${name}`);
      const sound = readFileSync(file);
      for (const length of [0, 1, sound.length >> 1, sound.length - 1]) {
        writeFileSync(file, sound.subarray(0, length));
        const replay = await place.rr('replay', '-a', 'trace');
        assert.is(replay.status, 1, replay.story);
        assert.match(replay.err, new RegExp(`^rr: [^\n]*trace/${name}[^\n]*\n$`, 'm'));
      }
      writeFileSync(file, sound);
    }
    assert.is((await place.rr('replay', '-a', '-q', 'trace')).status, 0);
  }));

test('a stored file that is gone or has another size is named', () =>
  withPlace(async (place) => {
    await place.rr('record', '--store', 'store', '-o', 'trace', 'true');
    const shorten =
      'for file in $(find store -size +100k -type f); do truncate -s 5 $file; done; "$RR" replay -a trace';
    const damaged = await place.sh(shorten);
    assert.is(damaged.status, 1, damaged.story);
    assert.match(damaged.err, /^rr: [^\n]*stored content of [^\n]*5 bytes instead of \d+[^\n]*\n$/);
    const gone = await place.sh('rm -r store; "$RR" replay -a trace');
    assert.is(gone.status, 1, gone.story);
    assert.match(gone.err, /^rr: [^\n]*\/store\/[^\n]*ENOENT[^\n]*; without it the trace cannot be replayed\n$/);
  }));

test('a short run of the fuzzer', () =>
  withPlace(async (place) => {
    const words = [process.execPath, '--import', 'tsx', 'test/fuzz/run.ts', '--rounds', '25', '--records', '25'];
    const run = await place.run(['env', '-C', process.cwd(), ...words], { limitSeconds: 240 });
    assert.is(run.status, 0, run.story);
    assert.match(run.out, /; 0 failed\n$/);
  }));

test.run();

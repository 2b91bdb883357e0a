// Where traces go: directories that cannot take one, a disk that fills, file size limits, a store that cannot be written.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: storage');
const testAsRoot = isRoot ? test : test.skip;

/** Prints 160 lines, and reads more of what cannot be compressed than the ring holds; status 7. */
const hungry = 'for i in {1..160}; do head -c 100000 /dev/urandom | md5sum; done; echo done; exit 7';

/** The recording of `hungry` that ran out of room: the program did not notice, and the trace is good up to there. */
async function checkCutShort(place: Place, record: Run, trace: string, reason: RegExp): Promise<void> {
  assert.is(record.status, 7, record.story);
  assert.is(record.out.split('\n').length, 162, record.story);
  assert.match(record.out, /\ndone\n$/);
  assert.match(record.err, reason);
  assert.match(record.err, /^rr: [^\n]*the program goes on unrecorded, the trace is good up to there\n$/);
  const replay = await place.rr('replay', '-a', trace);
  assert.is(replay.status, 1, replay.story);
  assert.ok(replay.out.length > 0 && record.out.startsWith(replay.out), replay.story);
  assert.match(replay.err, /^rr: [^\n]*the trace breaks off after event \d+: [^\n]*\n$/);
  assert.match(replay.err, reason);
}

test('a mapped file that is large and mostly empty costs neither memory nor room', () =>
  withPlace(async (place) => {
    const guest = compileGuest('memory/sparse-file');
    const record = await place.sh('"$RR" record --store store -o trace "$1"', { args: [guest] });
    assert.is(record.status, 0, record.story);
    const blocks = await place.sh('du -sm store | cut -f1');
    assert.ok(Number(blocks.out) < 20, `${blocks.out} MB in the store`);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, record.out);
  }));

test('a file that many processes map shared and read-only is in the store, and not in the trace', () =>
  withPlace(async (place) => {
    const guest = compileGuest('memory/shared-read-only');
    const record = await place.rr('record', '-o', 'trace', guest, 'unchanged');
    assert.is(record.status, 0, record.story);
    const statistics = JSON.parse((await place.rr('dump', '-s', '--json', 'trace')).out);
    const bytes = statistics.lanes.data.rawBytes;
    // The file has one mebibyte, and is mapped whole seven times; what is written to it is in memory already.
    assert.ok(bytes < 1 << 20, `${bytes} bytes of data`);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, record.out);
  }));

test('of a sparse file that processes map shared again and again the data alone is recorded', () =>
  withPlace(async (place) => {
    const guest = compileGuest('memory/sparse-shared-again');
    const record = await place.rr('record', '-o', 'trace', guest, '256');
    assert.is(record.status, 0, record.story);
    const statistics = JSON.parse((await place.rr('dump', '-s', '--json', 'trace')).out);
    const bytes = statistics.lanes.data.rawBytes;
    assert.ok(bytes < 2 << 20, `${bytes} bytes of data`);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, record.out);
  }));

testAsRoot('a full disk: the program goes on, and the trace up to there replays and says so', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('disk'));
    const record = await place.sh(
      'mount -t tmpfs -o size=2m none disk && "$RR" record --store store -o disk/trace bash -c "$1"; status=$?; cp -r disk/trace kept; umount disk; exit $status',
      { args: [hungry] },
    );
    await checkCutShort(place, record, place.path('kept'), /ENOSPC: no space left on device/);
  }),
);

test('a limit of file size: the same', () =>
  withPlace(async (place) => {
    // The store has what the program maps already: those files are larger than the limit.
    const warm = '"$RR" record -o warm bash -c "head -c 1 /dev/zero | md5sum"';
    const limited = 'ulimit -f 1024; exec "$RR" record -o trace bash -c "$1"';
    const record = await place.sh(`${warm} > out && ${limited}`, { args: [hungry] });
    await checkCutShort(place, record, place.path('trace'), /EFBIG: file too large/);
  }));

test('the deadly signal of a file size limit is the program’s, not the recorder’s', () =>
  withPlace(async (place) => {
    const script =
      '"$RR" record -o warm head -c 1 /dev/zero; ulimit -f 1024; exec "$RR" record -o trace head -c 3000000 /dev/zero';
    const record = await place.sh(`(${script}) > out; kill -l $?`);
    assert.is(record.out, 'XFSZ\n', record.story);
    const replay = await place.sh('"$RR" replay -a trace | wc -c');
    assert.is(replay.out, '1048575\n', replay.story);
  }));

for (const size of [1, 64, 1000]) {
  testAsRoot(`a disk with ${size} KiB: nothing hangs, and the program has its way when it began`, () =>
    withPlace(async (place) => {
      mkdirSync(place.path('disk'));
      const run = await place.sh(
        `mount -t tmpfs -o size=${size}k none disk && "$RR" record --store store -o disk/trace echo hi; status=$?; "$RR" replay -a disk/trace; umount disk; exit $status`,
      );
      assert.not(/this is a bug/.test(run.err), run.story);
      if (run.status === 0) assert.match(run.out, /^hi\n/);
      else assert.match(run.err, /^rr: .*ENOSPC/);
    }),
  );
}

testAsRoot('a store that is full: mapped files go into the trace', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('disk'));
    const record = await place.sh(
      'mount -t tmpfs -o size=1m none disk && "$RR" record --store disk/store -o trace echo hi; status=$?; cp -r disk/store kept; umount disk; mkdir -p disk/store; cp -r kept/. disk/store; exit $status',
    );
    assert.is(record.status, 0, record.story);
    assert.match(record.err, /^rr: warning: cannot write .*No space left on device: mapped files go into the trace/);
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.out, 'hi\n', replay.story);
    assert.is(replay.status, 0);
  }),
);

testAsRoot('a store that the user may not write: mapped files go into the trace', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('store'));
    mkdirSync(place.traces);
    chmodSync(place.traces, 0o777);
    const run = await place.run([...asNobody, rrCommand, 'record', '--store', place.path('store'), 'echo', 'hi']);
    assert.is(run.status, 0, run.story);
    assert.match(run.err, /warning: .*store.*Permission denied: mapped files go into the trace itself\n$/);
    assert.is((await place.run([...asNobody, rrCommand, 'replay', '-a'])).out, 'hi\n');
  }),
);

testAsRoot('directories in which the user may not write', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('closed/empty'), { recursive: true });
    const asUser = (...words: string[]) => place.run([...asNobody, rrCommand, 'record', ...words, 'true']);
    const places = [
      ['-o', place.path('closed/new')],
      ['-o', place.path('closed/empty')],
      ['-o', place.path('closed/deep/new')],
      ['--store', place.path('closed/store'), '-o', '/tmp/rr-edge-never'],
      [],
    ];
    for (const words of places) {
      const run = await asUser(...words);
      assert.is(run.status, 1, run.story);
      assert.match(run.err, /^rr: [^\n]*EACCES: permission denied[^\n]*\n$/);
    }
    assert.equal(readdirSync(place.path('closed')), ['empty']);
    assert.not(existsSync('/tmp/rr-edge-never'));
  }),
);

test('a folder in which nothing can be made, although it is there, is an error of one line', () =>
  withPlace(async (place) => {
    for (const words of [
      ['record', '--store', '/proc/self/fdinfo/none/store', 'true'],
      ['record', '-o', '/proc/none/at/all', 'true'],
    ]) {
      const run = await place.rr(...words);
      assert.is(run.status, 1, run.story);
      assert.match(run.err, /^rr: [^\n]*cannot make [^\n]*\n$/);
    }
    const run = await place.sh('_RR_TRACE_DIR=/proc/none/traces "$RR" record true');
    assert.is(run.status, 1, run.story);
    // The folder that the recording was started in is gone.
    const gone = await place.sh('mkdir gone; cd gone; rmdir ../gone; "$RR" record -o trace true');
    assert.is(gone.status, 1, gone.story);
    assert.match(gone.err, /^rr: [^\n]*\n$/);
  }));

test('directories that exist, and parents that do not', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('full'));
    writeFileSync(place.path('full/file'), '');
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['full', /full: it exists and is not empty: name another, or remove it/],
      ['full/file', /full\/file: it exists and is not a directory/],
      ['full/file/x', /full\/file\/x: .*not a directory/],
    ];
    for (const [output, says] of refusals) {
      const run = await place.rr('record', '-o', output, 'true');
      assert.is(run.status, 1, run.story);
      assert.match(run.err, says);
    }
    assert.equal(readdirSync(place.path('full')), ['file']);
    const deep = await place.rr('record', '-o', 'a/b/c', 'echo', 'hi');
    assert.is(deep.status, 0, deep.story);
    assert.is((await place.rr('replay', '-a', 'a/b/c')).out, 'hi\n');
  }));

testAsRoot('a trace of one’s own beside a root of traces that is another’s', () =>
  withPlace(async (place) => {
    mkdirSync(place.traces);
    mkdirSync(place.path('own'));
    chmodSync(place.path('own'), 0o777);
    const words = ['record', '--store', place.path('own/store'), '-o', place.path('own/trace'), 'sh', '-c', 'exit 4'];
    const run = await place.run([...asNobody, rrCommand, ...words]);
    assert.is(run.status, 4, run.story);
    assert.match(run.err, /^rr: warning: [^\n]*latest-trace: cannot make the link: EACCES[^\n]*\n$/);
  }),
);

test('what is no trace, or none that can be read here', () =>
  withPlace(async (place) => {
    await place.rr('record', '-o', 'good', 'echo', 'hi');
    mkdirSync(place.path('empty'));
    writeFileSync(place.path('file'), '');
    symlinkSync('nowhere', place.path('link'));
    cpSync(place.path('good'), place.path('newer'), { recursive: true });
    writeFileSync(place.path('newer/version'), '99\n{}\n');
    cpSync(place.path('good'), place.path('foreign'), { recursive: true });
    writeFileSync(place.path('foreign/version'), 'TRACE 1\n');
    for (const lane of ['events', 'data', 'mmaps', 'tasks']) {
      cpSync(place.path('good'), place.path(`without-${lane}`), { recursive: true });
      await place.run(['rm', join(place.path(`without-${lane}`), lane)]);
    }
    const cases: readonly (readonly [string, RegExp])[] = [
      ['missing', /no such trace/],
      ['/missing/too', /no such trace directory/],
      ['link', /no such trace/],
      ['empty', /not a trace: it has no version file/],
      ['file', /not a trace: a trace is a directory/],
      ['newer', /version: format 99; this version reads formats \d+ to \d+: use a newer one/],
      ['foreign', /version: no format number/],
      ['without-events', /events: the file is missing/],
      ['without-data', /data: the file is missing/],
      ['without-mmaps', /mmaps: the file is missing/],
      ['without-tasks', /tasks: the file is missing/],
    ];
    for (const [name, says] of cases) {
      for (const command of [['replay', '-a'], ['dump'], ['ps'], ['traceinfo']]) {
        // Lanes that a command does not need may be missing.
        if (name.startsWith('without-') && command[0] === 'traceinfo') continue;
        const run = await place.rr(...command, name);
        assert.is(run.status, 1, run.story);
        assert.match(run.err, says);
        assert.match(run.err, /^rr: [^\n]*\n$/);
      }
    }
  }));

test.run();

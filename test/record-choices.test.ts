// Which recordings are kept, how large and long they may be, and which are removed by age and size.
// Time limit: 180 s
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Place, withPlace } from './edge/place.ts';

const test = suite('choices of a recording');

/** Reads what cannot be compressed until the recorder has said something, which it finds in the file `said`. */
const hungry = 'until test -s said; do head -c 100000 /dev/urandom | md5sum > /dev/null; done; echo done; exit 7';
const saying = '"$RR" record -o trace "$@" 2>said; status=$?; cat said >&2; exit $status';

test('--keep: failures, never, always', () =>
  withPlace(async (place) => {
    const statusOf = async (...words: string[]) => {
      const run = await place.rr('record', ...words);
      assert.is(run.err.replace(/^(Segmentation fault|Killed).*\n/m, ''), '', run.story);
      return run.signal ?? run.status;
    };
    assert.is(await statusOf('--keep=failures', 'true'), 0);
    assert.equal(place.traceNames(), []);
    assert.not(existsSync(join(place.traces, 'latest-trace')));
    assert.is(await statusOf('--keep=failures', 'sh', '-c', 'exit 4'), 4);
    assert.is(await statusOf('--keep=failures', 'sh', '-c', 'kill -SEGV $$'), 'SIGSEGV');
    assert.equal(place.traceNames(), ['sh-0', 'sh-1']);
    assert.is(await statusOf('--keep=never', 'sh', '-c', 'exit 4'), 4);
    assert.is(await statusOf('--keep=always', 'true'), 0);
    assert.equal(place.traceNames(), ['sh-0', 'sh-1', 'true-0']);
    // Exactly that directory, and what was there before stays.
    assert.is(await statusOf('--keep=failures', '-o', place.path('new'), 'true'), 0);
    assert.not(existsSync(place.path('new')));
    await place.sh('mkdir empty');
    assert.is(await statusOf('--keep=failures', '-o', place.path('empty'), 'true'), 0);
    assert.equal(readdirSync(place.path('empty')), []);
    assert.equal(place.traceNames(), ['sh-0', 'sh-1', 'true-0']);
  }));

function sizeOf(place: Place, trace: string): number {
  return ['events', 'data', 'mmaps', 'tasks'].reduce(
    (sum, lane) => sum + statSync(place.path(`${trace}/${lane}`)).size,
    0,
  );
}

async function checkCapped(place: Place, cap: RegExp): Promise<void> {
  const replay = await place.rr('replay', '-a', 'trace');
  assert.is(replay.status, 1, replay.story);
  assert.match(replay.err, /^rr: [^\n]*the trace breaks off after event \d+: [^\n]*; all before was replayed\n$/);
  assert.match(replay.err, cap);
}

test('--max-size: the trace is no larger, is good, and the program goes on', () =>
  withPlace(async (place) => {
    const record = await place.sh(saying, { args: ['--max-size=3M', 'bash', '-c', hungry] });
    assert.is(record.status, 7, record.story);
    assert.is(record.out, 'done\n');
    assert.match(record.err, /^rr: [^\n]*3145728 bytes of --max-size; the program goes on unrecorded, [^\n]*\n$/);
    const size = sizeOf(place, 'trace');
    // The indexes come on top.
    assert.ok(size > 1 << 20 && size < (3 << 20) + 4096, `${size} bytes`);
    await checkCapped(place, /--max-size/);
  }));

test('--max-size --at-cap=kill: the program is killed', () =>
  withPlace(async (place) => {
    const endless = 'while :; do head -c 100000 /dev/urandom | md5sum > /dev/null; done';
    const record = await place.rr('record', '-o', 'trace', '--max-size=2M', '--at-cap=kill', 'bash', '-c', endless);
    assert.is(record.signal, 'SIGKILL', record.story);
    assert.match(record.err, /^rr: [^\n]*--max-size; the program is killed, [^\n]*\n$/);
    await checkCapped(place, /--max-size/);
  }));

test('--max-time: what comes later is not in the trace', () =>
  withPlace(async (place) => {
    // Ends when the recording has: what it writes is not replayed.
    const script = 'echo early; while ! test -s said; do sleep 0.1; done; echo late; exit 5';
    const record = await place.sh(saying, { args: ['--max-time=1500ms', 'sh', '-c', script] });
    assert.is(record.status, 5, record.story);
    assert.is(record.out, 'early\nlate\n');
    assert.match(record.err, /^rr: [^\n]*1500 ms of --max-time; the program goes on unrecorded, [^\n]*\n$/);
    await checkCapped(place, /--max-time/);
  }));

test('--max-time --at-cap=kill: a program that hangs ends, and its recording is kept as a failure', () =>
  withPlace(async (place) => {
    const words = ['--max-time', '1s', '--at-cap', 'kill', '--keep=failures', '-o', 'trace'];
    const record = await place.rr('record', ...words, 'sh', '-c', 'echo begun; sleep 600 & wait');
    assert.is(record.signal, 'SIGKILL', record.story);
    assert.is(record.out, 'begun\n');
    // Its end, by the kill, is in the trace.
    const replay = await place.rr('replay', '-a', 'trace');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, 'begun\n');
    assert.match(replay.err, /^rr: warning: the trace ends before the program did, at event \d+: [^\n]*--max-time\n$/);
  }));

test('rm by age and by size', () =>
  withPlace(async (place) => {
    for (const program of ['true', 'false']) await place.rr('record', program);
    const large = await place.rr('record', 'bash', '-c', 'head -c 3000000 /dev/urandom | md5sum');
    assert.is(large.status, 0, large.story);
    // A recording that was killed has no end.
    await place.sh('"$RR" record sleep 600 & until test -e traces/sleep-0/version.incomplete; do :; done; kill -9 $!');
    const names = ['bash-0', 'false-0', 'sleep-0', 'true-0'];
    assert.equal(place.traceNames(), names);
    const none = await place.rr('rm', '--older-than=1h');
    assert.is(none.status, 0, none.story);
    const dry = await place.rr('rm', '--larger-than', '200K', '--dry-run');
    assert.is(dry.out, `${place.traces}/bash-0\n`, dry.story);
    assert.equal(place.traceNames(), names);
    assert.is((await place.rr('rm', '--larger-than', '200K', '--older-than=1h')).status, 0);
    assert.equal(place.traceNames(), names);
    const larger = await place.rr('rm', '--larger-than', '200K');
    assert.is(larger.status, 0, larger.story);
    assert.equal(place.traceNames(), names.slice(1));
    const older = await place.rr('rm', '--older-than=1ms');
    assert.is(older.status, 0, older.story);
    assert.equal(place.traceNames(), ['sleep-0']);
    assert.is((await place.rr('rm', '--older-than=1ms', '-f')).status, 0);
    assert.equal(place.traceNames(), []);
    for (const words of [['--older-than=x'], ['--larger-than', '0'], ['--older-than=1d', 'true-0'], []]) {
      const run = await place.rr('rm', ...words);
      assert.is(run.status, 2, run.story);
      assert.match(run.err, /^rr: [^\n]+\n$/);
    }
  }));

test.run();

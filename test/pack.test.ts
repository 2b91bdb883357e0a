// Packs: recordings that need no store, in one file or a directory, and what every command does with them.
// Time limit: 180 s
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRoot, type Place, type Run, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('packs');
const testAsRoot = isRoot ? test : test.skip;

const script = 'echo out; echo err >&2; md5sum /bin/ls; exit 3';

/** Records the script to `trace`, and takes its store away after `use` has packed it. */
async function recorded(place: Place): Promise<Run> {
  const record = await place.rr(
    'record',
    '--store',
    place.path('store'),
    '-o',
    place.path('trace'),
    'bash',
    '-c',
    script,
  );
  assert.is(record.status, 3, record.story);
  return record;
}

function success(run: Run): Run {
  assert.is(run.err, '', run.story);
  assert.is(run.status, 0, run.story);
  return run;
}

/** One line, a status, and nothing new in the place. */
function failure(run: Run, pattern: RegExp): void {
  assert.is(run.status, 1, run.story);
  assert.match(run.err, /^rr: [^\n]+\n$/, run.story);
  assert.not.match(run.err, /this is a bug/);
  assert.match(run.err, pattern);
}

async function checkReplay(place: Place, trace: string, record: Run): Promise<void> {
  const replay = await place.rr('replay', '-a', trace);
  assert.is(replay.status, 0, replay.story);
  assert.is(replay.out, record.out);
  assert.is(replay.err, record.err);
}

test('one file: other tools list and test it, and every command takes it where it takes a recording', () =>
  withPlace(async (place) => {
    const record = await recorded(place);
    success(await place.rr('pack', place.path('trace'), '-o', place.path('it.rrz')));
    const ps = success(await place.rr('ps', place.path('trace'))).out;
    const names = success(await place.rr('filename', place.path('trace'))).out;
    for (const gone of ['trace', 'store']) rmSync(place.path(gone), { recursive: true });
    const zip =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip()); print("\\n".join(z.namelist()))';
    const [tested, first, ...others] = success(await place.run(['/usr/bin/python3', '-c', zip, 'it.rrz'])).out.split(
      '\n',
    );
    assert.is(tested, 'None');
    assert.is(first, 'trace/version');
    assert.ok(others.some((name) => /^trace\/store\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(name)));
    assert.ok(others.some((name) => /^trace\/store\/pieces\/[0-9a-f]{2}\/[0-9a-f]{62}$/.test(name)));
    await checkReplay(place, 'it.rrz', record);
    assert.is(success(await place.rr('ps', 'it.rrz')).out, ps);
    assert.is(success(await place.rr('filename', 'it.rrz')).out, names);
    assert.match(success(await place.rr('dump', 'it.rrz', 'end')).out, /traceEnd +exited with 3/);
    assert.is(JSON.parse(success(await place.rr('traceinfo', 'it.rrz')).out).complete, true);
    success(await place.rr('sources', 'it.rrz'));
    success(await place.rr('rerun', '-e', '3', '--event-regs=ip', 'it.rrz'));
    const debug = await place.rr('replay', 'it.rrz', '--', '-batch', '-ex', 'info files');
    assert.match(debug.out, /Entry point/, debug.story);
    // A change to the file is another pack.
    appendFileSync(place.path('it.rrz'), 'x');
    failure(await place.rr('ps', 'it.rrz'), /no pack, or cut off/);
  }));

test('a directory, and a recording that is packed where it is: they replay without the store', () =>
  withPlace(async (place) => {
    const record = await recorded(place);
    success(await place.rr('pack', 'trace', '-o', 'packed'));
    success(await place.rr('pack', 'trace'));
    success(await place.rr('pack', 'trace'));
    rmSync(place.path('store'), { recursive: true });
    await checkReplay(place, 'packed', record);
    await checkReplay(place, 'trace', record);
    success(await place.rr('pack', 'packed', '-o', 'again.rrz'));
    await checkReplay(place, 'again.rrz', record);
    failure(await place.rr('pack', 'trace', '-o', 'packed'), /packed exists: name another/);
    success(await place.rr('rm', place.path('packed')));
    assert.not(existsSync(place.path('packed')));
  }));

test('rm leaves what is no part of a recording’s store', () =>
  withPlace(async (place) => {
    await recorded(place);
    success(await place.rr('pack', 'trace'));
    mkdirSync(place.path('trace/store/mine'));
    failure(await place.rr('rm', place.path('trace')), /"store" in it is no part of a recording/);
    assert.ok(existsSync(place.path('trace/version')));
  }));

test('unpack: among the other recordings, or where it is told', () =>
  withPlace(async (place) => {
    const record = await recorded(place);
    success(await place.rr('pack', 'trace', '-o', 'it.rrz'));
    for (const gone of ['trace', 'store']) rmSync(place.path(gone), { recursive: true });
    success(await place.rr('unpack', 'it.rrz'));
    assert.equal(place.traceNames(), ['trace']);
    await checkReplay(place, 'trace', record);
    failure(await place.rr('unpack', 'it.rrz'), /exists: name another with -o/);
    success(await place.rr('unpack', 'it.rrz', '-o', 'elsewhere'));
    await checkReplay(place, place.path('elsewhere'), record);
    failure(await place.rr('unpack', 'it.rrz', '-o', 'no/such/folder'), /no such directory/);
    failure(await place.rr('unpack', 'nothing.rrz'), /ENOENT/);
    failure(await place.rr('unpack', place.folder), /no regular file/);
  }));

test('variables are left out of the header, and it is said where they still are', () =>
  withPlace(async (place) => {
    await recorded(place);
    const environment = async (trace: string): Promise<string[]> =>
      JSON.parse((await place.rr('traceinfo', trace)).out).environment;
    assert.ok((await environment('trace')).some((each) => each.startsWith('PATH=')));
    const redacted = await place.rr('pack', 'trace', '-o', 'one.rrz', '--redact', 'PATH', '--redact=NONE');
    assert.is(redacted.status, 0);
    assert.match(redacted.err, /^rr: warning: [^\n]*memory of the programs still has[^\n]*\n$/);
    const left = await environment('one.rrz');
    assert.not(left.some((each) => each.startsWith('PATH=')));
    assert.ok(left.some((each) => each.startsWith('RUNNING_UNDER_RR=')));
    assert.is((await place.rr('pack', 'trace', '-o', 'all', '--strip-env')).status, 0);
    assert.equal(await environment('all'), []);
    const inPlace = await place.rr('pack', 'trace', '--strip-env');
    assert.is(inPlace.status, 2);
    assert.match(inPlace.err, /^rr: [^\n]*need -o[^\n]*\n$/);
  }));

test('a file with holes costs a pack no more than its data, and has its holes again', () =>
  withPlace(async (place) => {
    const guest = compileGuest('memory/sparse-file');
    const record = await place.rr('record', '--store', place.path('store'), '-o', place.path('trace'), guest);
    assert.is(record.status, 0, record.story);
    success(await place.rr('pack', 'trace', '-o', 'it.rrz'));
    success(await place.rr('pack', 'trace', '-o', 'copied'));
    assert.ok(statSync(place.path('it.rrz')).size < 8 << 20);
    rmSync(place.path('store'), { recursive: true });
    success(await place.rr('unpack', 'it.rrz', '-o', 'unpacked'));
    for (const made of ['copied', 'unpacked']) {
      const blocks = await place.sh('du -sm "$1" | cut -f1', { args: [made] });
      assert.ok(Number(blocks.out) < 20, `${made}: ${blocks.out} MB`);
      await checkReplay(place, made, record);
    }
  }));

test('a store that has lost a file, or has another content: no pack, and nothing is left of it', () =>
  withPlace(async (place) => {
    await recorded(place);
    const [, stored] = (await place.sh('find store -type f -size +100k | head -1')).out.match(/(.*)\n/)!;
    const before = readdirSync(place.folder).sort();
    const content = readFileSync(place.path(stored!));
    const outputs = [['-o', 'it.rrz'], ['-o', 'packed'], []];
    renameSync(place.path(stored!), place.path('away'));
    for (const output of outputs) {
      failure(await place.rr('pack', 'trace', ...output), /cannot open .*: ENOENT/);
    }
    renameSync(place.path('away'), place.path(stored!));
    assert.is(spawnSync('sh', ['-c', 'printf x | dd of="$1" conv=notrunc', 'sh', place.path(stored!)]).status, 0);
    for (const output of outputs) {
      failure(await place.rr('pack', 'trace', ...output), /is not what was stored: the store is damaged/);
    }
    assert.equal(
      readdirSync(place.folder)
        .filter((name) => name !== 'cache')
        .sort(),
      before,
    );
    assert.equal(readdirSync(place.path('trace')).sort(), ['data', 'events', 'mmaps', 'tasks', 'version']);
    assert.is(content.length, statSync(place.path(stored!)).size);
  }));

testAsRoot('a full disk: one line, and nothing is left', () =>
  withPlace(async (place) => {
    await recorded(place);
    success(await place.rr('pack', 'trace', '-o', 'it.rrz'));
    mkdirSync(place.path('disk'));
    const onDisk = (words: string) =>
      place.sh(`mount -t tmpfs -o size=600k none disk; ${words}; status=$?; ls -A disk; umount disk; exit $status`);
    for (const words of [
      '"$RR" pack trace -o disk/it.rrz',
      '"$RR" pack trace -o disk/packed',
      '"$RR" unpack it.rrz -o disk/unpacked',
      'XDG_CACHE_HOME=$PWD/disk "$RR" ps it.rrz; status=$?; rm -r disk/rr/packs && rmdir disk/rr; (exit $status)',
    ]) {
      const run = await onDisk(words);
      failure(run, /ENOSPC/);
      assert.is(run.out, '', run.story);
    }
  }),
);

test('a folder that cannot be written to: one line', () =>
  withPlace(async (place) => {
    await recorded(place);
    failure(await place.rr('pack', 'trace', '-o', 'no/it.rrz'), /cannot write .*ENOENT/);
    failure(await place.rr('pack', 'trace', '-o', '/proc/it.rrz'), /cannot write \/proc\/it.rrz: ENOENT/);
    failure(await place.rr('pack', 'nothing', '-o', 'it.rrz'), /no such trace/);
    assert.not(existsSync(join(place.folder, 'it.rrz')));
  }));

test.run();

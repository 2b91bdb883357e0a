// Files of traces and stores that are something else than they should be: links to files of the user's, pipes, folders.
// Time limit: 120 s
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Folder, NotRegularError } from '../engine/trace/folder.ts';
import { type Place, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

type Trick = (path: string, place: { readonly precious: string }) => void;

/** What stands in the place of a file; none of them may be written to, read or waited for. */
const tricks: Readonly<Record<string, Trick>> = {
  link: (path, { precious }) => symlinkSync(precious, path),
  pipe: (path) => assert.is(spawnSync('mkfifo', [path]).status, 0),
  folder: (path) => mkdirSync(path),
  device: (path) => symlinkSync('/dev/zero', path),
};

for (const [name, trick] of Object.entries(tricks)) {
  test(`a ${name} is not opened in the place of a file`, () => {
    const path = mkdtempSync(join(tmpdir(), 'rr-folder-'));
    try {
      const precious = join(path, 'precious');
      writeFileSync(precious, 'as it was');
      trick(join(path, 'file'), { precious });
      using folder = Folder.open(path);
      for (const access of ['read', 'append'] as const) {
        assert.throws(
          () => folder.openFile('file', access),
          (error: unknown) => error instanceof NotRegularError,
        );
      }
      assert.throws(() => folder.openFile('file', 'create'), /^EEXIST/);
      assert.is(readFileSync(precious, 'utf8'), 'as it was');
    } finally {
      rmSync(path, { recursive: true });
    }
  });
}

test('a folder that is a link is not entered, and names stay in their folder', () => {
  const path = mkdtempSync(join(tmpdir(), 'rr-folder-'));
  try {
    mkdirSync(join(path, 'real'));
    symlinkSync('real', join(path, 'link'));
    using folder = Folder.open(path);
    folder.folder('real')[Symbol.dispose]();
    assert.throws(() => folder.folder('link'), /^ENOTDIR/);
    for (const name of ['', 'real/x', '/etc/passwd']) assert.throws(() => folder.openFile(name, 'read'), RangeError);
  } finally {
    rmSync(path, { recursive: true });
  }
});

test('a folder stays the one that was opened when another takes its name', () => {
  const path = mkdtempSync(join(tmpdir(), 'rr-folder-'));
  try {
    mkdirSync(join(path, 'first'));
    writeFileSync(join(path, 'first', 'file'), 'first');
    using folder = Folder.open(join(path, 'first'));
    renameSync(join(path, 'first'), join(path, 'gone'));
    mkdirSync(join(path, 'first'));
    const descriptor = folder.openFile('file', 'read');
    assert.is(readFileSync(descriptor, 'utf8'), 'first');
    closeSync(descriptor);
  } finally {
    rmSync(path, { recursive: true });
  }
});

/** A recording with forced stops, `trace` with the store `store`. */
async function recordStops(place: Place): Promise<void> {
  const command = [compileGuest('computing/short-loop')];
  const record = await place.rr('record', '--store', 'store', '-o', 'trace', '--force-stops', '500-3000', ...command);
  assert.is(record.status, 0, record.story);
}

const fileNames = (folder: string) => readdirSync(folder, { recursive: true }).sort();

test('a replay writes nothing into the trace or the store, and so to no file that links in them name', () =>
  withPlace(async (place) => {
    await recordStops(place);
    const precious = place.path('precious');
    writeFileSync(precious, 'as it was');
    for (const name of ['ordinals', 'ordinals.new']) symlinkSync(precious, place.path(`trace/${name}`));
    const blobs = fileNames(place.path('store')).filter((name) => /^..\/[0-9a-f]{62}$/.test(String(name)));
    assert.ok(blobs.length > 0);
    for (const blob of blobs) symlinkSync(precious, place.path(`store/${blob}.verified`));
    const before = ['trace', 'store'].map((name) => fileNames(place.path(name)));
    for (let round = 0; round < 2; round++) {
      const replay = await place.rr('replay', '-a', 'trace');
      assert.is(replay.status, 0, replay.story);
    }
    assert.is(readFileSync(precious, 'utf8'), 'as it was');
    assert.equal(
      ['trace', 'store'].map((name) => fileNames(place.path(name))),
      before,
    );
  }));

for (const [name, trick] of Object.entries(tricks)) {
  test(`a ${name} in the place of each file of a trace, and of its store: a line and status 1, at once`, () =>
    withPlace(async (place) => {
      await recordStops(place);
      const precious = place.path('precious');
      writeFileSync(precious, '2\n{}\n');
      for (const file of ['version', 'events', 'data', 'mmaps', 'tasks']) {
        renameSync(place.path(`trace/${file}`), place.path('kept'));
        trick(place.path(`trace/${file}`), { precious });
        for (const command of [['replay', '-a'], ['dump'], ['ps'], ['traceinfo'], ['rm', '-f']]) {
          const run = await place.run([rrCommand, ...command, place.path('trace')], { limitSeconds: 10 });
          assert.is(run.status, 1, run.story);
          assert.match(run.err, /^rr: [^\n]*\n$/, run.story);
        }
        rmSync(place.path(`trace/${file}`), { recursive: true });
        renameSync(place.path('kept'), place.path(`trace/${file}`));
      }
      const blob = fileNames(place.path('store')).find((each) => /^..\/[0-9a-f]{62}$/.test(String(each)))!;
      for (const part of [String(blob), String(blob).slice(0, 2)]) {
        renameSync(place.path(`store/${part}`), place.path('kept'));
        trick(place.path(`store/${part}`), { precious });
        const run = await place.run([rrCommand, 'replay', '-a', place.path('trace')], { limitSeconds: 10 });
        assert.is(run.status, 1, run.story);
        assert.match(run.err, /^rr: [^\n]*stored content of [^\n]*\n$/, run.story);
        rmSync(place.path(`store/${part}`), { recursive: true });
        renameSync(place.path('kept'), place.path(`store/${part}`));
      }
      assert.is(readFileSync(precious, 'utf8'), '2\n{}\n');
    }));
}

test('ls tells what is wrong, and does not wait for a pipe', () =>
  withPlace(async (place) => {
    mkdirSync(join(place.traces, 'trace'), { recursive: true });
    tricks.pipe!(join(place.traces, 'trace', 'version'), { precious: '' });
    const run = await place.run([rrCommand, 'ls', '-l'], { limitSeconds: 10 });
    assert.is(run.status, 0, run.story);
    assert.match(run.out, /^trace .*\(.*not a regular file\)$/m);
  }));

test.run();

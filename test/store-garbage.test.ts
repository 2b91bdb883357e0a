// What no trace refers to is removed from a store; what any refers to stays, whoever records meanwhile
// (engine/store/garbage.ts, registrations.ts).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../engine/errors.ts';
import { dataFlags, recordHeaderOffsets } from '../engine/generated/schema.ts';
import { collectGarbage, type GarbageOptions } from '../engine/store/garbage.ts';
import { forgetTrace, moveRegistration, OpenRegistration, readRegistrations } from '../engine/store/registrations.ts';
import { sizesByTrace } from '../engine/store/sizes.ts';
import { Store } from '../engine/store/store.ts';
import { verifyStore } from '../engine/store/verify.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { hashOf } from '../engine/trace/store-layout.ts';
import { header, withDirectory, writeTrace } from './trace-fixture.ts';
import { data, frame, plausibleRecords, Random } from './trace-records.ts';

const test = suite('store: garbage');

const random = new Random(11);
const contents = Array.from({ length: 4 }, () => random.bytes(3000));
const uuids = contents.map((_, index) => `00000000-0000-4000-8000-00000000000${index}`);

interface Place {
  readonly directory: string;
  readonly store: Store;
  readonly path: string;
  /** Records a trace that has read these contents, and registers it; `end: false` leaves it as it is while it is recorded. */
  record(name: string, which: readonly number[], end?: boolean): Promise<OpenRegistration>;
  collect(options?: Partial<GarbageOptions>): ReturnType<typeof collectGarbage>;
}

const withPlace = (use: (place: Place) => Promise<void>) =>
  withDirectory(async (directory) => {
    const cache = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = join(directory, 'cache');
    const path = join(directory, 'store');
    mkdirSync(path, { mode: 0o700 });
    using store = Store.open(path);
    const record = async (name: string, which: readonly number[], end = true) => {
      const trace = join(directory, name);
      mkdirSync(trace);
      const uuid = uuids[Number(/\d/.exec(name)?.[0] ?? 0)]!;
      const registration = OpenRegistration.begin(path, trace, uuid);
      const events = which.flatMap((index, at) => {
        const record = data(at + 1, 0n, contents[index]!);
        record[recordHeaderOffsets.flags] = dataFlags.fromFile;
        return [record, frame(at + 1, { dataCount: 1 })];
      });
      const pieces = { directory: path, registration: registration.path };
      await writeTrace(trace, [events], { header: { ...header, store: path, uuid }, pieces });
      if (end) await registration.end();
      return registration;
    };
    const collect = (options: Partial<GarbageOptions> = {}) =>
      collectGarbage(store, { references: [], earlier: false, dropUnreachable: false, dryRun: false, ...options });
    try {
      await use({ directory, store, path, record, collect });
    } finally {
      if (cache === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = cache;
    }
  });

/** Where an open descriptor of this process leads. */
function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch (error) {
    // The one that the folder was read with.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

const piecesOf = (store: Store) => [...store.list()].map(({ hash }) => hash).sort();
const hashes = (...which: number[]) => which.map((index) => hashOf(contents[index]!)).sort();

function readable(trace: string): boolean {
  const reader = TraceReader.open(trace);
  try {
    while (reader.next()) while (reader.nextData());
    return true;
  } finally {
    reader.close();
  }
}

test('content goes with the last trace that refers to it', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0, 1]);
    await record('trace1', [1, 2]);
    assert.is(collect().removed, 0);
    rmSync(join(directory, 'trace0'), { recursive: true });
    assert.equal(collect({ dryRun: true }).removed, 1);
    assert.equal(piecesOf(store), hashes(0, 1, 2));
    const report = collect();
    assert.equal(report.gone, [join(directory, 'trace0')]);
    assert.is(report.removed, 1);
    assert.equal(piecesOf(store), hashes(1, 2));
    assert.ok(readable(join(directory, 'trace1')));
    assert.is(readRegistrations(path).length, 1);
    forgetTrace(path, join(directory, 'trace1'));
    collect();
    assert.equal(piecesOf(store), []);
    assert.equal(readdirSync(join(path, 'aside')), []);
  }));

test('what a recording that goes on has announced stays, before anything of it is in its trace', () =>
  withPlace(async ({ directory, store, record, collect }) => {
    await record('trace0', [0]);
    rmSync(join(directory, 'trace0'), { recursive: true });
    const going = await record('trace1', [], false);
    going.announce(hashOf(contents[0]!));
    assert.is(collect().removed, 0);
    assert.equal(piecesOf(store), hashes(0));
    going.drop();
    assert.is(collect().removed, 1);
  }));

test('whole files stay that a recording has announced, and all of them where an earlier recorder goes on', () =>
  withPlace(async ({ store, record, collect }) => {
    const blobs = contents.map((content) => ({ hash: hashOf(content), kind: 'file' as const }));
    const going = await record('trace1', [], false);
    for (const [index, blob] of blobs.entries()) await store.put(blob, [contents[index]!]);
    going.announce(hashOf(contents[2]!));
    assert.is(collect().removed, 3);
    assert.equal(piecesOf(store), hashes(2));
    // Recorders of earlier versions told of pieces alone.
    await store.put(blobs[0]!, [contents[0]!]);
    const whole = readFileSync(going.path);
    assert.ok(whole.includes(',"announcesFiles":true'));
    writeFileSync(going.path, Buffer.from(whole.toString('latin1').replace(',"announcesFiles":true', ''), 'latin1'));
    assert.is(collect().removed, 0);
    going.drop();
    assert.is(collect().removed, 2);
  }));

test('what is announced while garbage is put aside comes back, and is read meanwhile', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0, 1]);
    const copy = join(directory, 'moved');
    renameSync(join(directory, 'trace0'), copy);
    const going = await record('trace1', [], false);
    const putAside = store.putAside.bind(store);
    store.putAside = (blob) => {
      const done = putAside(blob);
      // Between the two readings of who refers to what.
      if (blob.hash === hashOf(contents[0]!)) going.announce(blob.hash);
      if (blob.hash === hashOf(contents[0]!)) assert.is(store.check(blob), 'right');
      return done;
    };
    assert.is(collect().removed, 1);
    assert.equal(piecesOf(store), hashes(0));
    assert.equal(readdirSync(join(path, 'aside')), []);
  }));

test('what a collection that was killed has put aside is put back or removed by the next', () =>
  withPlace(async ({ directory, store, record, collect }) => {
    await record('trace0', [0, 1]);
    for (const blob of store.list()) store.putAside(blob);
    assert.ok(readable(join(directory, 'trace0')), 'readers look aside');
    await record('trace1', [1]);
    collect();
    assert.equal(piecesOf(store), hashes(0, 1));
    for (const blob of store.list()) store.putAside(blob);
    for (const name of ['trace0', 'trace1']) rmSync(join(directory, name), { recursive: true });
    assert.is(collect().removed, 2);
    assert.equal(piecesOf(store), []);
  }));

test('a trace that was moved takes its content along; another in its place does not', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0]);
    const target = join(directory, 'elsewhere');
    renameSync(join(directory, 'trace0'), target);
    moveRegistration(path, join(directory, 'trace0'), target);
    assert.is(collect().removed, 0);
    assert.equal(
      readRegistrations(path).map((each) => each.directory),
      [target],
    );
    rmSync(target, { recursive: true });
    await record('trace1', [1]);
    renameSync(join(directory, 'trace1'), target);
    moveRegistration(path, join(directory, 'trace1'), target);
    collect();
    assert.equal(piecesOf(store), hashes(1));
  }));

test('the lock of a registration ends with it, whoever has a copy of its descriptor', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0]);
    const going = await record('trace1', [1], false);
    const descriptor = readdirSync('/proc/self/fd').find((number) => linkOf(number) === going.path);
    const copy = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', Number(descriptor)] });
    await once(copy, 'spawn');
    going.endAtOnce();
    assert.equal(
      readRegistrations(path).map(({ isOpen }) => isOpen),
      [false, false],
    );
    assert.is(collect().removed, 0);
    assert.equal(piecesOf(store), hashes(0, 1));
    assert.ok(readable(join(directory, 'trace1')));
    copy.stdin!.end();
    await once(copy, 'exit');
  }));

test('a trace that cannot be looked at keeps everything, unless it is to be forgotten', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0]);
    await record('trace1', [1]);
    rmSync(join(directory, 'trace1'), { recursive: true });
    // As if its disk were not there: the folder above is on another than it was.
    const name = join(path, 'traces', uuids[0]!);
    rmSync(join(directory, 'trace0'), { recursive: true });
    writeFileSync(name, `${JSON.stringify({ trace: join(directory, 'trace0'), device: 1 })}\n`);
    assert.throws(collect, (error: unknown) => error instanceof EngineError && error.code === 'TRACE_UNREADABLE');
    assert.equal(piecesOf(store), hashes(0, 1));
    collect({ dropUnreachable: true });
    assert.equal(piecesOf(store), []);
  }));

test('a trace whose references are in what the store has lost keeps everything, until that is back', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    await record('trace0', [0]);
    const trace = join(directory, 'trace1');
    mkdirSync(trace);
    const registration = OpenRegistration.begin(path, trace, uuids[1]!);
    const records = [...plausibleRecords(new Random(5), 300)];
    const pieces = { directory: path, registration: registration.path };
    await writeTrace(trace, [records], {
      header: { ...header, store: path, uuid: uuids[1]! },
      pieces,
      slotSize: 1 << 20,
    });
    await registration.end();
    const reader = TraceReader.open(trace);
    const [base] = reader.basePieces();
    reader.close();
    const file = join(path, 'pieces', base!.slice(0, 2), base!.slice(2));
    renameSync(file, join(directory, 'lost'));
    const before = piecesOf(store);
    assert.throws(collect, (error: unknown) => error instanceof EngineError && error.code === 'TRACE_UNREADABLE');
    assert.equal(piecesOf(store), before);
    renameSync(join(directory, 'lost'), file);
    assert.is(collect().removed, 0);
    assert.ok(readable(trace));
  }));

test('in a store that others use, a trace of theirs that cannot be read is told by its registration', () =>
  withPlace(async ({ directory, store, path, record, collect }) => {
    chmodSync(path, 0o770);
    await record('trace0', [0]);
    writeFileSync(join(directory, 'trace0', 'version'), '999\n{}\n');
    assert.is(collect().removed, 0);
    assert.equal(piecesOf(store), hashes(0));
  }));

test('content from before traces were registered stays, unless it is asked for', () =>
  withPlace(async ({ directory, store, record, collect }) => {
    const blob = { hash: hashOf(contents[3]!), kind: 'file' as const };
    await store.put(blob, [contents[3]!]);
    const file = join(directory, 'store', blob.hash.slice(0, 2), blob.hash.slice(2));
    utimesSync(file, 1, 1);
    await record('trace0', [0]);
    const report = collect();
    assert.equal([report.removed, report.earlier], [0, 1]);
    assert.is(collect({ earlier: true, references: [blob] }).removed, 0);
    assert.is(collect({ earlier: true }).removed, 1);
    assert.equal(piecesOf(store), hashes(0));
  }));

test('two collections do not work at once', () =>
  withPlace(async ({ store, record, collect }) => {
    await record('trace0', [0]);
    const list = store.list.bind(store);
    store.list = function* () {
      assert.throws(collect, (error: unknown) => error instanceof EngineError && error.code === 'STORE_BUSY');
      yield* list();
    };
    collect();
  }));

test('registrations that make no sense are of nothing', () =>
  withPlace(async ({ path, store, record, collect }) => {
    await record('trace0', [0]);
    const folder = join(path, 'traces');
    for (const [index, text] of [
      '',
      '\n',
      '{}\n',
      '[1]\n',
      'null\n',
      '{"trace":"relative"}\n',
      '{"trace":1}\nxxx',
      `{"trace":"/${'x'.repeat(70_000)}"}\n`,
    ].entries()) {
      writeFileSync(join(folder, `bad-${index}`), text);
    }
    mkdirSync(join(folder, 'folder'));
    assert.is(readRegistrations(path).length, 9);
    assert.is(collect().removed, 0);
    assert.equal(piecesOf(store), hashes(0));
    assert.is(readRegistrations(path).length, 1);
  }));

test('sizes tell what a trace has for itself', () =>
  withPlace(async ({ directory, store, record }) => {
    await record('trace0', [0, 1]);
    await record('trace1', [1, 2]);
    rmSync(join(store.directory, 'pieces', hashes(2)[0]!.slice(0, 2)), { recursive: true });
    const sizes = sizesByTrace(store).sort((one, other) => (one.directory < other.directory ? -1 : 1));
    const of = (which: number) => store.size({ hash: hashOf(contents[which]!), kind: 'piece' })!;
    assert.equal(
      sizes.map(({ directory: trace, bytes, ownBytes, missing }) => [trace, bytes, ownBytes, missing]),
      [
        [join(directory, 'trace0'), of(0) + of(1), of(0), 0],
        [join(directory, 'trace1'), of(1), 0, 1],
      ],
    );
  }));

test('what is torn is found, and put aside', () =>
  withPlace(async ({ store, path, record }) => {
    await record('trace0', [0, 1]);
    assert.equal(verifyStore(store, false).wrong, []);
    const [hash] = hashes(0);
    const file = join(path, 'pieces', hash!.slice(0, 2), hash!.slice(2));
    chmodSync(file, 0o600);
    writeFileSync(file, 'torn');
    assert.equal(
      verifyStore(store, false).wrong.map((each) => each.hash),
      [hash],
    );
    verifyStore(store, true);
    assert.not(existsSync(file));
    assert.equal(readdirSync(join(path, 'torn')), [`piece-${hash}`]);
    await record('trace1', [0]);
    assert.equal(verifyStore(store, false).wrong, []);
    assert.equal(piecesOf(store), hashes(0, 1));
  }));

test.run();

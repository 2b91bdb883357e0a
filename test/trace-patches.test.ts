// Chunks that are patches of what earlier recordings of the program have put into the store: codec/patch.ts,
// engine/trace/encoder-base.ts. They come back byte for byte, and nothing that a forged one says is followed.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../engine/errors.ts';
import { chunkCodecs, chunkHeaderOffsets, chunkHeaderSize } from '../engine/generated/schema.ts';
import { packInPlace, packToDirectory, packToFile } from '../engine/pack/pack-trace.ts';
import { unpackTo } from '../engine/pack/unpack-trace.ts';
import { pushTrace } from '../engine/remote/push-trace.ts';
import { RemoteStore } from '../engine/remote/remote-store.ts';
import { referencesOf } from '../engine/store/references.ts';
import { compressTrace } from '../engine/trace/compress-trace.ts';
import { listedPieces } from '../engine/trace/patched-chunk.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { CodecMemory } from './codec-memory.ts';
import { damageBytes } from './fuzz/damage.ts';
import { PatchMemory } from './patch-memory.ts';
import { ContentServer } from './remote/content-server.ts';
import { header, inSlots, withDirectory, writeTrace } from './trace-fixture.ts';
import { data, frame, plausibleRecords, Random } from './trace-records.ts';

const test = suite('trace: patches');

/** A chunk of lane `data` with plain bytes, of records from a seed; some are changed. */
function plainChunk(codec: CodecMemory, seed: number, changes: Random, rate: number): Uint8Array {
  const records = [...plausibleRecords(new Random(seed), 400)].filter(() => changes.below(100) >= rate);
  codec.fill(records);
  return codec.encode('none').find(({ lane }) => lane === 1)!.bytes;
}

test('a patch gives the chunk back, whatever they share', () => {
  const codec = new CodecMemory();
  const changes = new Random(3);
  for (let round = 0; round < 30; round++) {
    const memory = new PatchMemory();
    const first = plainChunk(codec, round, changes, 0).subarray(chunkHeaderSize);
    for (let at = 0; at < first.length; at += 1 << 16) {
      memory.base.add({ hash: changes.bytes(32), content: first.subarray(at, at + (1 << 16)) });
    }
    for (const compression of ['none', 'fast', 'best'] as const) {
      const chunk = plainChunk(codec, round, changes, round % 10);
      const patched = memory.patch(chunk, compression);
      assert.ok(patched !== undefined && patched.length < chunk.length, `${patched?.length} of ${chunk.length}`);
      assert.is(patched[chunkHeaderOffsets.codec], chunkCodecs.patched);
      assert.ok(listedPieces(patched)!.length > 0);
      assert.is(Buffer.compare(memory.plain(patched) as Uint8Array, chunk), 0);
    }
  }
  // Zeros go on behind the last piece, which another may be put there for.
  const short = new PatchMemory();
  short.base.add({ hash: changes.bytes(32), content: Buffer.concat([changes.text(2000), Buffer.alloc(5000)]) });
  codec.fill([data(1, 0x1000n, new Uint8Array(200_000)), frame(1, { dataCount: 1 })]);
  const zeros = codec.encode('none').find(({ lane }) => lane === 1)!.bytes;
  const ofZeros = short.patch(zeros, 'fast')!;
  assert.equal(
    listedPieces(ofZeros)!.map(({ place }) => place),
    [0],
  );
  assert.is(Buffer.compare(short.plain(ofZeros) as Uint8Array, zeros), 0);
  const strange = new PatchMemory();
  strange.base.add({ hash: changes.bytes(32), content: changes.bytes(1 << 16) });
  assert.is(strange.patch(plainChunk(codec, 1, changes, 0), 'fast'), undefined, 'what shares nothing is no patch');
});

test('a damaged patch is an error, or some chunk; nothing else is written', () => {
  const codec = new CodecMemory();
  const random = new Random(4);
  const memory = new PatchMemory();
  const chunk = plainChunk(codec, 7, random, 0);
  memory.base.add({ hash: random.bytes(32), content: chunk.subarray(chunkHeaderSize, chunkHeaderSize + (1 << 16)) });
  const sound = ['none', 'fast'].map((level) => memory.patch(plainChunk(codec, 7, random, 8), level as 'fast')!);
  let errors = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = Uint8Array.from(damageBytes(Buffer.from(sound[round % 2]!), random).bytes);
    codec.reseal(bytes);
    if (typeof memory.plain(bytes) === 'number') errors += 1;
  }
  assert.ok(errors > 1000, `${errors} errors`);
});

interface Place {
  readonly directory: string;
  readonly store: string;
  /** Writes a trace of records from two seeds, the first of all alike; how many bytes its data lane has. */
  write(name: string, seed: number, compression?: 'fast' | 'best', alike?: number): Promise<number>;
}

const withPlace = (use: (place: Place) => Promise<void>) =>
  withDirectory(async (directory) => {
    const store = join(directory, 'store');
    mkdirSync(store, { mode: 0o700 });
    const write = async (name: string, seed: number, compression: 'fast' | 'best' = 'fast', alike = 77) => {
      const trace = join(directory, name);
      mkdirSync(trace);
      // Alike at first, and then not.
      const records = [...plausibleRecords(new Random(alike), 300), ...plausibleRecords(new Random(seed), 40, 301)];
      const pieces = { directory: store, registration: undefined };
      await writeTrace(trace, inSlots(records, records.length), {
        header: { ...header, store, compression },
        pieces,
        slotSize: 1 << 20,
        slotCount: 4,
      });
      return statSync(join(trace, 'data')).size;
    };
    await use({ directory, store, write });
  });

function linesOf(trace: string): string {
  const reader = TraceReader.open(trace);
  try {
    const lines: string[] = [];
    const add = (view: { buffer: Uint8Array; position: number; size: number }) =>
      lines.push(Buffer.from(view.buffer.subarray(view.position, view.position + view.size)).toString('base64'));
    while (reader.next()) {
      add(reader.frame);
      for (let view = reader.nextData(); view; view = reader.nextData()) add(view);
      for (let view = reader.nextMapping(); view; view = reader.nextMapping()) add(view);
      for (let view = reader.nextTask(); view; view = reader.nextTask()) add(view);
    }
    return lines.join('\n');
  } finally {
    reader.close();
  }
}

/** Pieces that the chunks of a trace are patches of. */
function basesOf(trace: string): string[] {
  const reader = TraceReader.open(trace);
  try {
    return [...reader.basePieces()];
  } finally {
    reader.close();
  }
}

const codeOf = (error: unknown) => (error instanceof EngineError ? error.code : String(error));

function failure(body: () => unknown): string {
  try {
    body();
    return 'none';
  } catch (error) {
    return codeOf(error);
  }
}

test('recordings of one program have what they share once, and come back as they were', () =>
  withPlace(async ({ directory, store, write }) => {
    const sizes = [await write('first', 5), await write('second', 6), await write('third', 6, 'best')];
    const pieces = readdirSync(join(store, 'pieces'), { recursive: true, withFileTypes: true });
    const stored = pieces.filter((entry) => entry.isFile());
    assert.ok(stored.length > 0);
    rmSync(join(directory, 'plain'), { recursive: true, force: true });
    chmodSync(store, 0o750);
    const alone = await write('alone', 6);
    for (const size of sizes) assert.ok(size < alone / 3, `${size} of ${alone}`);
    assert.is(linesOf(join(directory, 'second')), linesOf(join(directory, 'alone')));
    assert.is(linesOf(join(directory, 'third')), linesOf(join(directory, 'alone')));
    const reader = TraceReader.open(join(directory, 'second'));
    const references = [...referencesOf(reader)];
    reader.close();
    assert.ok(references.length > 0 && references.every(({ kind }) => kind === 'piece'));
    const other = TraceReader.open(join(directory, 'alone'));
    assert.equal([...other.basePieces()], [], 'others may read the store: nothing of the chunk goes there');
    other.close();
  }));

test('without its piece the rest of a trace is listed, and the error names what is missing', () =>
  withPlace(async ({ directory, store, write }) => {
    // What a reader of this thread has met already is not looked for.
    await write('first', 5, 'fast', 78);
    rmSync(join(store, 'pieces'), { recursive: true });
    const reader = TraceReader.open(join(directory, 'first'));
    while (reader.next()) reader.nextTask();
    reader.seek(1);
    const codes = new Set<string>();
    while (reader.next()) codes.add(failure(() => reader.nextData()));
    assert.ok(codes.has('STORE_FILE_MISSING'), [...codes].join(' '));
    reader.close();
    // The next recording puts it again.
    await write('again', 5, 'fast', 78);
    assert.is(
      failure(() => linesOf(join(directory, 'first'))),
      'none',
    );
  }));

test('lists of pieces that make no sense are left out', () =>
  withPlace(async ({ directory, store, write }) => {
    await write('first', 5);
    const [name] = readdirSync(join(store, 'bases'));
    const path = join(store, 'bases', name!);
    const right = readFileSync(path);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(32 * 17), Buffer.alloc(64, 7), right]) {
      writeFileSync(path, bytes);
      await write(`after-${bytes.length}-${bytes[0]}`, 6);
      assert.is(
        failure(() => linesOf(join(directory, `after-${bytes.length}-${bytes[0]}`))),
        'none',
      );
    }
    rmSync(path);
    mkdirSync(path);
    await write('folder', 6);
    assert.is(
      failure(() => linesOf(join(directory, 'folder'))),
      'none',
    );
  }));

test('a base that is full of another version of the program is replaced', () =>
  withPlace(async ({ directory, store }) => {
    const size = async (name: string, seed: number) => {
      const trace = join(directory, name);
      mkdirSync(trace);
      const random = new Random(seed);
      const records = Array.from({ length: 9 }, (_, index) => data(1, BigInt(index), random.bytes(30_000)));
      const pieces = { directory: store, registration: undefined };
      const slots = [[...records, frame(1, { dataCount: records.length })]];
      await writeTrace(trace, slots, { header: { ...header, store }, pieces, slotSize: 1 << 20, slotCount: 4 });
      return statSync(join(trace, 'data')).size;
    };
    const listed = () => readFileSync(join(store, 'bases', readdirSync(join(store, 'bases'))[0]!)).length / 32;
    // Each adds something of its own, until there is room for no more.
    for (let version = 0; version < 4; version++) await size(`version-${version}`, 101 + 2 * version);
    assert.is(listed(), 16);
    assert.ok((await size('first', 901)) < 1000);
    assert.ok(listed() < 16);
    assert.ok((await size('second', 901)) < 1000);
  }));

test('a trace that is compressed again stays a patch, and one that is packed has all that it needs', () =>
  withPlace(async ({ directory, write, store }) => {
    await write('first', 5);
    await write('second', 6);
    const trace = join(directory, 'second');
    const lines = linesOf(trace);
    const options = { compression: 'best', workers: 1, onProgress: () => undefined } as const;
    const { before, after } = await compressTrace(trace, options);
    assert.ok(after <= before, `${before} bytes before, ${after} now`);
    assert.is(linesOf(trace), lines);
    await packInPlace(trace);
    rmSync(store, { recursive: true });
    assert.is(linesOf(trace), lines);
  }));

test('who is handed a recording is given nothing of the others that share its store', () =>
  withPlace(async ({ directory, write, store }) => {
    await write('first', 5);
    await write('second', 6);
    const lines = linesOf(join(directory, 'second'));
    const base = basesOf(join(directory, 'second'));
    assert.ok(base.length > 0);
    const redaction = { stripsEnvironment: true, names: [] };
    const [folder, file] = [join(directory, 'packed'), join(directory, 'packed.rrz')];
    await packToDirectory(join(directory, 'second'), folder, redaction);
    await packToFile(join(directory, 'second'), file, redaction);
    const unpacked = await unpackTo(file, () => join(directory, 'unpacked'));
    assert.ok(unpacked);
    await using server = await ContentServer.start();
    using remote = RemoteStore.open(server.url);
    await pushTrace(remote, join(directory, 'second'), redaction);
    // In place, too: such a folder may be copied anywhere.
    await packInPlace(join(directory, 'second'));
    rmSync(store, { recursive: true });
    for (const name of ['packed', 'unpacked', 'second']) {
      assert.is(linesOf(join(directory, name)), lines);
      assert.equal(basesOf(join(directory, name)), []);
      const names = readdirSync(join(directory, name), { recursive: true }).map((each) =>
        String(each).replaceAll('/', ''),
      );
      for (const hash of base) assert.not(names.some((each) => each.endsWith(hash)));
    }
    for (const hash of base) assert.not(server.objects.has(`cas/${hash}`));
    assert.equal(
      readdirSync(directory).filter((name) => name.endsWith('.tmp')),
      [],
    );
  }));

test('a chunk that names more than it may is damage', () =>
  withPlace(async ({ directory, write }) => {
    await write('first', 5);
    const path = join(directory, 'first', 'data');
    const right = readFileSync(path);
    const codec = new CodecMemory();
    const size = chunkHeaderSize + right.readUInt32LE(chunkHeaderOffsets.storedSize);
    for (const [at, value] of [
      [chunkHeaderSize, 17],
      [chunkHeaderSize, 0xffffffff],
      [chunkHeaderSize + 4, 16],
    ] as const) {
      const bytes = Buffer.from(right);
      bytes.writeUInt32LE(value, at);
      const chunk = Uint8Array.from(bytes.subarray(0, size));
      codec.reseal(chunk);
      bytes.set(chunk, 0);
      writeFileSync(path, bytes);
      assert.is(
        failure(() => linesOf(join(directory, 'first'))),
        'TRACE_DAMAGED',
      );
    }
  }));

test.run();

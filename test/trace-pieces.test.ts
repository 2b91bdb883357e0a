// What programs read is kept in the store once, and comes back byte for byte (engine/trace/slot-pieces.ts, piece-writer.ts).
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  dataFlags,
  dataOffsets,
  dataSize,
  pieceReferenceOffsets,
  pieceReferenceSize,
  recordHeaderOffsets,
} from '../engine/generated/schema.ts';
import { referencesOf } from '../engine/store/references.ts';
import { Store } from '../engine/store/store.ts';
import { argumentCountAt } from '../engine/trace/buffer-entries.ts';
import type { Compression } from '../engine/trace/codec.ts';
import { checkedPiece, decodePiece, encodePiece } from '../engine/trace/piece-file.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { hashOf } from '../engine/trace/store-layout.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { lz4Piece } from './lz4-piece.ts';
import { header, inSlots, type Slots, withDirectory, writeTrace } from './trace-fixture.ts';
import { data, entriesRecord, frame, Random } from './trace-records.ts';

const test = suite('trace: pieces');

/** RR_READS_FILE of preload/layout.h. */
const readsFile = 0x40;

function flagged(record: Uint8Array, flags: number): Uint8Array {
  const copy = Uint8Array.from(record);
  copy[recordHeaderOffsets.flags] = flags;
  return copy;
}

/** An entry of the syscall buffer that writes these bytes, in as many out-parameters; a string before them. */
function entry(outs: readonly Uint8Array[], marks = 0): Buffer {
  const strings = Buffer.alloc(24, 0);
  strings.writeBigUInt64LE((1n << 63n) | 5n, 8);
  strings.write('a.txt', 16);
  const parts = outs.map((bytes) => {
    const out = Buffer.alloc(16 + Math.ceil(bytes.length / 8) * 8);
    out.writeBigUInt64LE(0x7fff_0000_0000n, 0);
    out.writeBigUInt64LE(BigInt(bytes.length), 8);
    out.set(bytes, 16);
    return out;
  });
  const head = Buffer.alloc(24 + 3 * 8);
  head[argumentCountAt] = 3 | marks;
  head[7] = outs.length + 1;
  const whole = Buffer.concat([head, strings, ...parts]);
  whole.writeUInt32LE(whole.length, 0);
  return whole;
}

interface Place {
  readonly store: string;
  /** Writes a trace that uses the store; its directory. */
  write(name: string, slots: Slots): Promise<string>;
}

const withPlace = (use: (place: Place) => Promise<void>) =>
  withDirectory(async (directory) => {
    const store = join(directory, 'store');
    mkdirSync(store, { mode: 0o700 });
    const write = async (name: string, slots: Slots) => {
      const trace = join(directory, name);
      mkdirSync(trace);
      const pieces = { directory: store, registration: undefined };
      const size = { slotSize: 1 << 20, slotCount: 64 };
      await writeTrace(trace, slots, { header: { ...header, store }, pieces, base: [], ...size });
      return trace;
    };
    await use({ store, write });
  });

function piecesOf(store: string): string[] {
  using open = Store.open(store);
  return [...open.list()].filter(({ kind }) => kind === 'piece').map(({ hash }) => hash);
}

/** The data records of a trace, as a reader gives them. */
function recordsOf(trace: string): Buffer[] {
  const reader = TraceReader.open(trace);
  try {
    const records: Buffer[] = [];
    while (reader.next()) {
      for (let view = reader.nextData(); view; view = reader.nextData()) {
        records.push(Buffer.from(view.buffer.subarray(view.position, view.position + view.size)));
      }
    }
    return records;
  } finally {
    reader.close();
  }
}

const sizeOf = (trace: string) => statSync(join(trace, 'data')).size;

/** One event of each record. */
function events(records: readonly Uint8Array[]): Uint8Array[] {
  return records.flatMap((record, index) => {
    const copy = Uint8Array.from(record);
    new DataView(copy.buffer).setBigUint64(recordHeaderOffsets.event, BigInt(index + 1), true);
    return [copy, frame(index + 1, { dataCount: 1 })];
  });
}

const random = new Random(7);
const content = random.bytes(20_000);

test('what is read of a file is kept once, for all traces', () =>
  withPlace(async ({ store, write }) => {
    const records = [flagged(data(1, 0x1000n, content), dataFlags.fromFile)];
    const first = await write('first', [events(records)]);
    const inode = () => statSync(join(store, 'pieces', hashOf(content).slice(0, 2), hashOf(content).slice(2))).ino;
    const before = inode();
    const second = await write('second', [events(records)]);
    assert.is(inode(), before, 'what is right is not written again');
    assert.equal(piecesOf(store), [hashOf(content)]);
    for (const trace of [first, second]) {
      assert.ok(sizeOf(trace) < 400, `${sizeOf(trace)} bytes`);
      assert.ok(recordsOf(trace)[0]!.equals(records[0]!));
      const reader = TraceReader.open(trace);
      assert.equal([...referencesOf(reader)], [{ hash: hashOf(content), kind: 'piece' }]);
      reader.close();
    }
    const { mode } = statSync(join(store, 'pieces', hashOf(content).slice(0, 2), hashOf(content).slice(2)));
    assert.is(mode & 0o777, 0o400, 'it is on the disk, and nobody writes to it any more');
  }));

test('entries of the syscall buffer keep all but the bytes that they read of files', () =>
  withPlace(async ({ store, write }) => {
    const small = random.bytes(900);
    const outs = [content.subarray(0, 1021), small, content.subarray(3000, 8000)];
    const marked = Buffer.concat([entry([small]), entry(outs, readsFile), entry([small, small], readsFile), entry([])]);
    const unmarked = Buffer.concat([entry([small]), entry(outs), entry([small, small]), entry([])]);
    const trace = await write('trace', [events([entriesRecord(1, marked)])]);
    assert.equal(piecesOf(store), [hashOf(outs[2]!)]);
    assert.ok(recordsOf(trace)[0]!.equals(entriesRecord(1, unmarked)));
  }));

test('other bytes are kept once they come back, in a store of one’s own', () =>
  withPlace(async ({ store, write }) => {
    const record = data(1, 0x1000n, content);
    const once = await write('once', [events([record])]);
    assert.equal(piecesOf(store), []);
    const again = await write('again', [events([record, record, record])]);
    assert.equal(piecesOf(store), [hashOf(content)]);
    const known = await write('known', [events([record])]);
    const other = data(1, 0x1000n, random.bytes(9000));
    for (const name of ['other', 'another']) await write(name, [events([other])]);
    assert.ok(piecesOf(store).includes(hashOf(other.subarray(dataSize))), 'what another recording has met');
    assert.ok(sizeOf(known) < 400, `${sizeOf(known)} bytes`);
    for (const trace of [once, again, known])
      assert.ok(recordsOf(trace).every((each, i) => each.equals(events([record, record, record])[2 * i]!)));
    chmodSync(store, 0o2770);
    rmSync(join(store, 'pieces'), { recursive: true });
    const shared = await write('shared', [events([record, record])]);
    assert.equal(piecesOf(store), []);
    assert.ok(recordsOf(shared)[0]!.equals(record));
    await write('file', [events([flagged(record, dataFlags.fromFile)])]);
    const { folder, name } = { folder: hashOf(content).slice(0, 2), name: hashOf(content).slice(2) };
    assert.is(statSync(join(store, 'pieces', folder)).mode & 0o7777, 0o2770);
    assert.is(statSync(join(store, 'pieces', folder, name)).mode & 0o777, 0o440);
  }));

test('what cannot be compressed stays what it is while other pieces are read', () =>
  withPlace(async ({ write }) => {
    const [one, other] = [random.bytes(8192), random.bytes(8192)];
    const records = [one, other, one].map((bytes) => flagged(data(1, 0x1000n, bytes), dataFlags.fromFile));
    const found = recordsOf(await write('trace', [events(records)]));
    for (const [index, bytes] of [one, other, one].entries()) {
      assert.ok(found[index]!.subarray(-8192).equals(bytes), `record ${index}`);
    }
  }));

test('a piece is packed where that makes it smaller; LZ4, as formats up to 7 have it, is read', () => {
  const text = random.text(30_000);
  const sizes = ['best', 'fast', 'none'].map((level) => encodePiece(text, level as Compression).length);
  const old = lz4Piece(text);
  assert.ok(sizes[0] === sizes[1] && sizes[1]! < old.length && old.length < sizes[2]!, `${sizes}, ${old.length}`);
  for (const file of [encodePiece(text, 'fast'), encodePiece(text, 'none'), old]) {
    assert.equal(checkedPiece(file, hashOf(text)), Uint8Array.from(text));
    for (const cut of [file.subarray(0, -1), Buffer.concat([file, Buffer.alloc(1)])]) {
      assert.is(checkedPiece(cut, hashOf(text)), undefined);
    }
  }
  const other = Buffer.from(old);
  other.writeUInt32LE(3, 4);
  assert.is(decodePiece(other), undefined);
});

test('zeros take no piece', () =>
  withPlace(async ({ store, write }) => {
    const records = [flagged(data(1, 0n, new Uint8Array(60_000)), dataFlags.fromFile)];
    const trace = await write('trace', [events(records)]);
    assert.equal(piecesOf(store), []);
    assert.ok(recordsOf(trace)[0]!.equals(records[0]!));
  }));

test('any records come back as they were', () =>
  withPlace(async ({ store, write }) => {
    const contents = Array.from({ length: 12 }, () => random.text(random.below(30_000)));
    const some = () => contents[random.below(contents.length)]!;
    const made: Uint8Array[] = [];
    const expected: Uint8Array[] = [];
    for (let index = 0; index < 400; index++) {
      const isFile = random.below(2) === 0;
      if (random.below(3) > 0) {
        const plain = data(1, BigInt(index), some());
        made.push(isFile ? flagged(plain, dataFlags.fromFile) : plain);
        expected.push(made.at(-1)!);
      } else {
        const lists = Array.from({ length: 1 + random.below(4) }, () => Array.from({ length: random.below(4) }, some));
        const whole = (marks: number) =>
          Buffer.concat(
            lists.map((outs) =>
              entry(
                outs.map((out) => out.subarray(0, 5000)),
                marks,
              ),
            ),
          );
        made.push(entriesRecord(1, whole(isFile ? readsFile : 0)));
        expected.push(entriesRecord(1, whole(0)));
      }
    }
    const slots = inSlots(events(made), 24);
    const wanted = events(expected).filter((_, index) => index % 2 === 0);
    for (const name of ['first', 'second']) {
      const found = recordsOf(await write(name, slots));
      assert.is(found.length, wanted.length);
      for (const [index, each] of found.entries()) assert.ok(each.equals(wanted[index]!), `${name}: record ${index}`);
    }
    assert.ok(piecesOf(store).length > 0);
  }));

test('a torn piece is found and put again', () =>
  withPlace(async ({ store, write }) => {
    const records = [flagged(data(1, 0x1000n, content), dataFlags.fromFile)];
    const first = await write('first', [events(records)]);
    const path = join(store, 'pieces', hashOf(content).slice(0, 2), hashOf(content).slice(2));
    const whole = readFileSync(path);
    for (const torn of [Buffer.alloc(0), whole.subarray(0, 100), Buffer.alloc(whole.length)]) {
      chmodSync(path, 0o600);
      writeFileSync(path, torn);
      assert.throws(
        () => recordsOf(first),
        (error: TraceError) => error.code === 'STORE_FILE_CHANGED',
      );
      await write(`after-${torn.length}-${torn[0]}`, [events(records)]);
      assert.ok(recordsOf(first)[0]!.equals(records[0]!));
    }
  }));

test('a store that cannot be written to leaves the bytes in the trace', () =>
  withPlace(async ({ store, write }) => {
    const records = [flagged(data(1, 0x1000n, content), dataFlags.fromFile)];
    writeFileSync(join(store, 'pieces'), 'no folder');
    const trace = await write('trace', [events(records)]);
    assert.ok(recordsOf(trace)[0]!.equals(records[0]!));
    rmSync(store, { recursive: true });
    const alone = await write('alone', [events(records)]);
    assert.ok(recordsOf(alone)[0]!.equals(records[0]!));
  }));

test('a piece that is missing is told where it is wanted', () =>
  withPlace(async ({ store, write }) => {
    const records = [data(1, 0n, content.subarray(0, 500)), flagged(data(1, 0n, content), dataFlags.fromFile)];
    const trace = await write('trace', [events(records)]);
    rmSync(join(store, 'pieces'), { recursive: true });
    const reader = TraceReader.open(trace);
    assert.ok(reader.next());
    assert.ok(reader.nextData());
    assert.ok(reader.next());
    assert.throws(
      () => reader.nextData(),
      (error: unknown) =>
        error instanceof TraceError && error.code === 'STORE_FILE_MISSING' && error.message.includes(store),
    );
    reader.close();
  }));

test('references that no recording makes are damage', () =>
  withPlace(async ({ store, write }) => {
    await write('first', [events([flagged(data(1, 0n, content), dataFlags.fromFile)])]);
    const reference = (offset: number, length: number) => {
      const bytes = Buffer.alloc(pieceReferenceSize);
      bytes.set(Buffer.from(hashOf(content), 'hex'), pieceReferenceOffsets.hash);
      bytes.writeUInt32LE(offset, pieceReferenceOffsets.offset);
      bytes.writeUInt32LE(length, pieceReferenceOffsets.length);
      return bytes;
    };
    const stored = (payload: Uint8Array, space = 0) => {
      const record = flagged(data(1, 0n, payload), dataFlags.stored);
      record[dataOffsets.space] = space;
      return record;
    };
    const good = Buffer.concat([reference(0, 20), reference(100, 8)]);
    const trace = await write('good', [events([stored(good)])]);
    assert.equal(
      [...recordsOf(trace)[0]!.subarray(dataSize, dataSize + 28)],
      [...content.subarray(0, 20), ...content.subarray(100, 108)],
    );
    const bad: readonly Uint8Array[] = [
      new Uint8Array(0),
      good.subarray(0, pieceReferenceSize + 1),
      reference(0, 0),
      reference(0, 20_001),
      reference(0xffff_ffff, 20),
      Buffer.concat(Array.from({ length: 100 }, () => reference(0, 20_000))),
    ];
    const badEntries = [7, 30, 24].map((size) => {
      const bytes = entry([content.subarray(0, 2000)]);
      bytes.writeUInt32LE(size, 0);
      return bytes;
    });
    const lying = entry([content.subarray(0, 2000)]);
    lying[lying.indexOf(content.subarray(0, 16)) - 1] = 0x40;
    for (const [index, record] of [
      ...bad.map((each) => stored(each)),
      ...[...badEntries, lying].map((each) => stored(each, 7)),
    ].entries()) {
      const wrong = await write(`bad-${index}`, [events([record])]);
      assert.throws(
        () => recordsOf(wrong),
        (error: TraceError) => error.code === 'TRACE_DAMAGED',
        `${index}`,
      );
    }
    assert.equal(readdirSync(store), ['pieces']);
  }));

test.run();

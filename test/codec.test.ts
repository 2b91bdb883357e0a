import { compressSync, uncompressSync } from 'lz4-napi';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  chunkCodecs,
  chunkHeaderOffsets,
  lanes,
  recordHeaderOffsets,
  recordKinds,
} from '../engine/generated/schema.ts';
import { codecStaticBytes } from '../engine/trace/codec.ts';
import { CodecMemory, type Level, slotSize } from './codec-memory.ts';
import {
  bufferEntries,
  data,
  entriesRecord,
  frame,
  mapping,
  plausibleRecords,
  Random,
  task,
  wildRecords,
} from './trace-records.ts';

const memory = new CodecMemory();
const { codec } = memory;
const forms = ['packed', 'modelledColumns'] as const;
const laneOfKind = new Map<number, number>([
  [recordKinds.frame, lanes.events],
  [recordKinds.data, lanes.data],
  [recordKinds.mapping, lanes.mmaps],
  [recordKinds.task, lanes.tasks],
]);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function sameBytes(found: Uint8Array | number, expected: Uint8Array, what: string): void {
  assert.type(found, 'object', `${what}: error ${found}`);
  assert.ok(Buffer.compare(Buffer.from(found as Uint8Array), Buffer.from(expected)) === 0, what);
}

/** Encodes, decodes, compares lane by lane; the stored bytes. */
function roundTrip(records: readonly Uint8Array[], level: Level): number {
  memory.fill(records);
  const chunks = memory.encode(level);
  for (const lane of Object.values(lanes)) {
    const expected = joined(records.filter((each) => laneOfKind.get(each[recordHeaderOffsets.kind]!) === lane));
    const chunk = chunks.find((each) => each.lane === lane);
    if (expected.length === 0) assert.is(chunk, undefined);
    else sameBytes(memory.decode(chunk!.bytes), expected, `lane ${lane} at level ${level}`);
  }
  return chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

test('xxh64 gives the published values', () => {
  const hash = (text: string | Uint8Array, seed = 0n): string => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    memory.bytes.set(bytes, memory.slot);
    return BigInt.asUintN(64, codec.xxh64(memory.slot, bytes.length, seed))
      .toString(16)
      .padStart(16, '0');
  };
  assert.is(hash(''), 'ef46db3751d8e999');
  assert.is(hash('a'), 'd24ec4f1a98c6e5b');
  assert.is(hash('abc'), '44bc2cf5ad770999');
  assert.is(hash('Nobody inspects the spammish repetition'), 'fbcea83c8a378bf1');
  assert.is(hash('xxhash', 20141025n), 'b559b98d844e0635');
});

test('LZ4 blocks are read by another implementation', () => {
  const random = new Random(11);
  const sources = [
    new Uint8Array(0),
    random.bytes(12),
    random.text(13),
    random.text(100),
    random.text(70_000),
    new Uint8Array(300_000),
    joined([random.text(5000), random.bytes(70_000), random.text(5000)]),
    joined([...plausibleRecords(random, 1500)]),
  ];
  for (const source of sources) {
    for (const best of [0, 1]) {
      memory.bytes.set(source, memory.slot);
      const limit = source.length * 2 + 64;
      const size = codec.lz4Compress(memory.slot, source.length, memory.output, limit, best, memory.work);
      assert.ok(size > 0);
      const prefixed = Buffer.alloc(4 + size);
      prefixed.writeUInt32LE(source.length);
      prefixed.set(memory.bytes.subarray(memory.output, memory.output + size), 4);
      sameBytes(source.length === 0 ? source : uncompressSync(prefixed), source, `${source.length} bytes`);
    }
  }
});

test('LZ4 blocks of another implementation are read', () => {
  const random = new Random(12);
  for (const source of [random.text(13), random.text(99_999), new Uint8Array(200_000), random.bytes(1000)]) {
    const block = compressSync(Buffer.from(source)).subarray(4);
    memory.bytes.set(block, memory.slot);
    assert.ok(codec.lz4Decompress(memory.slot, block.length, memory.decoded, source.length));
    sameBytes(memory.bytes.slice(memory.decoded, memory.decoded + source.length), source, `${source.length} bytes`);
    assert.not(codec.lz4Decompress(memory.slot, block.length, memory.decoded, source.length - 1));
    assert.not(codec.lz4Decompress(memory.slot, block.length, memory.decoded, source.length + 1));
  }
});

test('matches of every offset and length survive', () => {
  const random = new Random(13);
  for (let offset = 1; offset <= 40; offset++) {
    for (const length of [4, 7, 8, 15, 16, 17, 33, 300]) {
      const seed = random.bytes(offset);
      const repeated = Uint8Array.from({ length }, (_, index) => seed[index % offset]!);
      const source = joined([seed, repeated, random.bytes(13)]);
      const block = compressSync(Buffer.from(source)).subarray(4);
      memory.bytes.set(block, memory.slot);
      assert.ok(codec.lz4Decompress(memory.slot, block.length, memory.decoded, source.length));
      sameBytes(memory.bytes.slice(memory.decoded, memory.decoded + source.length), source, `offset ${offset}`);
    }
  }
});

test('records of a program come back byte for byte, smaller at each level', () => {
  const records = [...plausibleRecords(new Random(1), 1500)];
  const none = roundTrip(records, 'none');
  const fast = roundTrip(records, 'fast');
  const best = roundTrip(records, 'best');
  assert.ok(none > fast && fast > best, `${none} > ${fast} > ${best}`);
});

test('records of one kind alone, and the smallest ones', () => {
  for (const level of ['fast', 'best', ...forms] as const) {
    roundTrip([frame(1)], level);
    roundTrip([data(1, 0n, new Uint8Array(0))], level);
    roundTrip([mapping(9, 1n, '', new Uint8Array(32)), mapping(9, 1n, '/x', new Uint8Array(32))], level);
    roundTrip([task(3, 5, 'a')], level);
    roundTrip([data(1, 0n, new Random(4).bytes(slotSize - 40))], level);
    roundTrip([data(1, 0n, new Uint8Array(slotSize - 40))], level);
  }
});

test('bytes of any distribution survive packing, at each edge of its blocks', () => {
  const random = new Random(31);
  const block = 1 << 18;
  const skewed = (length: number, most: number): Uint8Array =>
    Uint8Array.from({ length }, () => Math.min(most, Math.floor(-Math.log(1 - random.below(1e6) / 1e6) * 3)));
  const far = random.bytes(700);
  const payloads = [
    ...[1, 15, 16, 17, 63, 64, 65, 66, 67, 1000].map((length) => random.text(length)),
    ...[block - 100, block - 41, block - 40, block, 2 * block + 5].map((length) => random.text(length)),
    ...[1, 2, 3, 40, 255].map((most) => skewed(50_000, most)),
    // Counts as in Fibonacci's numbers make the longest codes there can be.
    Uint8Array.from({ length: 100_000 }, () => Math.min(30, Math.clz32(random.below(2 ** 31) | 1))),
    joined([far, random.text(300_000), far, random.bytes(300_000), far]),
    joined(
      Array.from({ length: 40 }, (_, distance) => random.bytes(1 + distance)).flatMap((each) => [each, each, each]),
    ),
  ];
  for (const payload of payloads) roundTrip([data(1, 7n, payload)], 'packed');
});

test('the form of a chunk follows from how many records there are', () => {
  const codecOf = (bytes: number, level: Level): number => {
    memory.fill([data(1, 7n, new Random(3).text(bytes))]);
    return memory.encode(level)[0]!.bytes[chunkHeaderOffsets.codec]!;
  };
  assert.is(codecOf(1000, 'fast'), chunkCodecs.modelled);
  assert.is(codecOf(200_000, 'fast'), chunkCodecs.modelled);
  assert.is(codecOf(400_000, 'fast'), chunkCodecs.packed);
  assert.is(codecOf(400_000, 'none'), chunkCodecs.plain);
  assert.is(codecOf(1000, 'modelledColumns'), chunkCodecs.modelledColumns);
});

test('best takes the columns where they take less than the records', () => {
  const random = new Random(41);
  // Counters that grow by little, in entries of one kind.
  const entries = Array.from({ length: 12 }, (_, index) => entriesRecord(index + 1, bufferEntries(random, 1000, 1)));
  const best = roundTrip(entries, 'best');
  assert.ok(best <= roundTrip(entries, 'modelledColumns'));
});

test('random fields come back byte for byte', () => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const level of ['best', ...forms] as const) roundTrip([...wildRecords(new Random(seed), 300)], level);
  }
});

test('entries of the syscall buffer come back byte for byte, and the like of each other take little room', () => {
  const random = new Random(23);
  for (const [count, kinds] of [
    [1, 1],
    [3, 1],
    [4, 1],
    [500, 1],
    [500, 4],
    [300, 40],
    [60, 200],
  ] as const) {
    const entries = bufferEntries(random, count, kinds);
    for (const level of ['none', 'fast', 'best', ...forms] as const) {
      const records = [data(4, 77n, random.bytes(9)), entriesRecord(4, entries), entriesRecord(5, entries)];
      const stored = roundTrip(records, level);
      if (level !== 'none' && kinds === 1 && count === 500)
        assert.ok(stored < count * 12, `${stored} bytes for ${2 * count} entries`);
    }
  }
  // What only looks like entries, and what is too long for the tables.
  roundTrip([entriesRecord(4, random.bytes(1000)), entriesRecord(4, new Uint8Array(400))], 'packed');
  const broken = bufferEntries(random, 50, 2);
  roundTrip([entriesRecord(4, broken.subarray(0, broken.length - 8)), entriesRecord(5, broken.subarray(4))], 'packed');
  roundTrip([entriesRecord(4, bufferEntries(random, 2000, 6))], 'packed');
});

test('a slot full of the smallest records fits the areas set aside for it', () => {
  const random = new Random(5);
  const records = Array.from({ length: slotSize / 40 }, (_, index) => {
    const bytes = data(index + 1, random.u64(), new Uint8Array(0), random.below(2 ** 31));
    bytes.set(random.bytes(4), 36);
    bytes.set(random.bytes(4), 28);
    return bytes;
  });
  const stored = roundTrip(records.slice(0, Math.floor(slotSize / 40)), 'fast');
  assert.ok(stored < codec.encodeOutputBytes(slotSize));
  assert.ok(codec.encodeWorkBytes(slotSize) <= memory.workBytes);
});

test('the same records make the same bytes, whatever lay in memory before', () => {
  const records = [...plausibleRecords(new Random(6), 200)];
  memory.fill(records);
  const before = memory.encode('packed').map(({ bytes }) => Buffer.from(bytes).toString('hex'));
  memory.bytes.fill(0xa5, memory.output, memory.output + 4 * slotSize);
  memory.bytes.fill(0x5a, memory.work, memory.work + memory.workBytes);
  const after = memory.encode('packed').map(({ bytes }) => Buffer.from(bytes).toString('hex'));
  assert.equal(after, before);
});

test('static data stays as it is: the instances of a recording’s threads share it', () => {
  const { bytes } = memory;
  const before = Buffer.from(bytes.subarray(0, codecStaticBytes));
  for (const level of ['none', 'fast', 'best'] as const) roundTrip([...plausibleRecords(new Random(8), 300)], level);
  sameBytes(bytes.slice(0, codecStaticBytes), before, 'static data');
});

test('padding behind a payload comes back as zeros', () => {
  const dirty = data(1, 5n, Buffer.from('abc'));
  dirty.fill(0xee, 43);
  memory.fill([dirty, frame(1)]);
  const chunk = memory.encode('fast').find(({ lane }) => lane === lanes.data)!;
  sameBytes(memory.decode(chunk.bytes), data(1, 5n, Buffer.from('abc')), 'padding');
});

test('a malformed slot is refused', () => {
  const encode = (records: readonly Uint8Array[]): number => {
    memory.fill(records);
    return codec.encodeSlot(memory.header, memory.slot, slotSize, 1, memory.output, memory.work);
  };
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = data(2, 5n, Buffer.from('abcdefghi'));
    bytes[at] = value;
    return bytes;
  };
  assert.ok(encode([changed(0, 56)]) > 0);
  assert.is(encode([changed(0, 48)]), -32);
  assert.is(encode([changed(0, 64)]), -32);
  assert.is(encode([changed(32, 200)]), -32);
  assert.is(encode([changed(4, 9)]), -33);
  assert.is(encode([frame(2), frame(1)]), -34);
  assert.is(encode([frame(0)]), -34);
});

test('every flipped byte of a chunk is an error', () => {
  memory.fill([...plausibleRecords(new Random(7), 20)]);
  for (const { bytes } of forms.flatMap((level) => memory.encode(level)).concat(memory.encode('best'))) {
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      assert.type(memory.decode(flipped), 'number', `byte ${at}`);
    }
    for (let length = 0; length < bytes.length; length++) {
      assert.type(memory.decode(bytes.subarray(0, length)), 'number', `cut at ${length}`);
    }
  }
});

test('a forged chunk with a right checksum never reaches beyond its areas', () => {
  const random = new Random(8);
  const guard = 0xc3;
  let accepted = 0;
  for (let round = 0; round < 40; round++) {
    if (round % 3 === 0) memory.fill([1, 2].map((event) => entriesRecord(event, bufferEntries(random, 60, 5))));
    else memory.fill(round % 2 ? [...plausibleRecords(random, 40)] : [...wildRecords(random, 40)]);
    for (const { bytes, rawSize } of memory.encode(
      (['none', 'packed', 'best', 'modelledColumns'] as const)[round % 4]!,
    )) {
      for (let attempt = 0; attempt < 150; attempt++) {
        const forged = bytes.slice();
        const flips = 1 + random.below(4);
        for (let flip = 0; flip < flips; flip++) {
          const inHeader = random.below(4) === 0;
          const at = inHeader ? random.below(64) : 64 + random.below(bytes.length - 64);
          forged[at] = random.below(3) === 0 ? 255 * random.below(2) : forged[at]! ^ (1 << random.below(8));
        }
        memory.reseal(forged);
        const work = codec.decodeWorkBytes(rawSize);
        const behindOutput = memory.decoded + rawSize + codec.decodeSlack();
        memory.bytes.fill(guard, behindOutput, behindOutput + 256);
        memory.bytes.fill(guard, memory.work + work, memory.work + work + 256);
        memory.bytes.fill(guard, memory.decoded - 256, memory.decoded);
        const result = memory.decode(forged, rawSize, work);
        if (typeof result === 'object') {
          accepted++;
          assert.ok(result.length <= rawSize);
        }
        const intact = (from: number): boolean =>
          memory.bytes.subarray(from, from + 256).every((each) => each === guard);
        assert.ok(intact(behindOutput) && intact(memory.work + work) && intact(memory.decoded - 256));
      }
    }
  }
  assert.ok(accepted > 0, 'some forgeries must get past the checks of the header, or this tests nothing');
});

test('sizes that a header claims are checked before they are used', () => {
  memory.fill([...plausibleRecords(new Random(9), 20)]);
  const { bytes } = memory.encode('fast')[0]!;
  for (const field of ['rawSize', 'encodedSize', 'storedSize', 'recordCount'] as const) {
    for (const value of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      const forged = bytes.slice();
      new DataView(forged.buffer).setUint32(chunkHeaderOffsets[field], value, true);
      memory.reseal(forged);
      assert.type(memory.decode(forged), 'number', `${field} ${value}`);
    }
  }
});

test.run();

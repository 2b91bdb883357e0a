/** Raw records for tests of the codec, the ring and the trace: made from a seed, so that a failure comes back. */
import {
  dataOffsets,
  dataSize,
  dataSpaces,
  frameOffsets,
  frameSize,
  mappingOffsets,
  mappingSize,
  recordHeaderOffsets,
  recordKinds,
  registerNames,
  taskOffsets,
  taskSize,
} from '../engine/generated/schema.ts';

/** Numbers from a seed: xorshift32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  u64(): bigint {
    return (BigInt(this.below(2 ** 31)) << 33n) ^ BigInt(this.below(2 ** 31)) ^ (BigInt(this.below(4)) << 62n);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Bytes as programs have them: words from a small vocabulary. */
  text(length: number): Uint8Array {
    const words = ['include ', 'const char *', 'return ', 'struct ', '0x', '\n', 'static int ', 'if ('];
    let text = '';
    while (text.length < length) text += words[this.below(words.length)];
    return Buffer.from(text.slice(0, length));
  }
}

function record(kind: number, fixed: number, event: number, payload: Uint8Array = new Uint8Array(0)): DataView {
  const size = (fixed + payload.length + 7) & ~7;
  const bytes = new Uint8Array(size);
  bytes.set(payload, fixed);
  const view = new DataView(bytes.buffer);
  view.setUint32(recordHeaderOffsets.size, size, true);
  view.setUint8(recordHeaderOffsets.kind, kind);
  view.setBigUint64(recordHeaderOffsets.event, BigInt(event), true);
  return view;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

export interface FrameFields {
  readonly tid?: number;
  readonly number?: number;
  readonly eventKind?: number;
  readonly flags?: number;
  readonly dataCount?: number;
  readonly mappingCount?: number;
  readonly taskCount?: number;
  readonly registers?: readonly bigint[];
}

export function frame(event: number, fields: FrameFields = {}): Uint8Array {
  const view = record(recordKinds.frame, frameSize, event);
  view.setUint8(recordHeaderOffsets.flags, fields.flags ?? 0);
  view.setBigUint64(frameOffsets.time, BigInt(event) * 31_415n, true);
  view.setInt32(frameOffsets.tid, fields.tid ?? 100, true);
  view.setInt32(frameOffsets.number, fields.number ?? 0, true);
  view.setUint8(frameOffsets.eventKind, fields.eventKind ?? 1);
  view.setUint32(frameOffsets.dataCount, fields.dataCount ?? 0, true);
  view.setUint32(frameOffsets.mappingCount, fields.mappingCount ?? 0, true);
  view.setUint32(frameOffsets.taskCount, fields.taskCount ?? 0, true);
  for (const [index, value] of fields.registers?.entries() ?? []) {
    view.setBigUint64(frameOffsets.registers + index * 8, value, true);
  }
  return bytesOf(view);
}

export function data(event: number, address: bigint, payload: Uint8Array, tid = 100): Uint8Array {
  const view = record(recordKinds.data, dataSize, event, payload);
  view.setBigUint64(dataOffsets.address, address, true);
  view.setInt32(dataOffsets.tid, tid, true);
  view.setUint32(dataOffsets.length, payload.length, true);
  return bytesOf(view);
}

export function mapping(event: number, address: bigint, path: string, hash: Uint8Array): Uint8Array {
  const payload = Buffer.from(path);
  const view = record(recordKinds.mapping, mappingSize, event, payload);
  view.setBigUint64(mappingOffsets.address, address, true);
  view.setBigUint64(mappingOffsets.length, 0x1000n, true);
  view.setBigUint64(mappingOffsets.inode, 4711n, true);
  bytesOf(view).set(hash, mappingOffsets.hash);
  view.setUint32(mappingOffsets.pathLength, payload.length, true);
  return bytesOf(view);
}

export function task(event: number, tid: number, text: string): Uint8Array {
  const payload = Buffer.from(text);
  const view = record(recordKinds.task, taskSize, event, payload);
  view.setInt32(taskOffsets.tid, tid, true);
  view.setUint8(taskOffsets.taskKind, 1);
  view.setUint32(taskOffsets.textLength, payload.length, true);
  return bytesOf(view);
}

/** Records as a program makes them: `events` events of a few tasks, each closed by its frame. */
export function* plausibleRecords(random: Random, events: number, firstEvent = 1): Generator<Uint8Array> {
  const tasks = [100, 101, 4000].map((tid) => ({ tid, registers: registerNames.map(() => random.u64()) }));
  const hash = random.bytes(32);
  for (let event = firstEvent; event < firstEvent + events; event++) {
    const { tid, registers } = tasks[random.below(8) < 6 ? 0 : random.below(3)]!;
    for (let change = 0; change < 4; change++) {
      const index = random.below(registers.length);
      registers[index] = BigInt.asUintN(64, registers[index]! + BigInt(random.below(2000) - 1000));
    }
    const dataCount = random.below(3);
    const mappingCount = random.below(10) === 0 ? 2 : 0;
    const taskCount = random.below(20) === 0 ? 1 : 0;
    for (let index = 0; index < dataCount; index++) {
      yield data(event, 0x7fff_0000_0000n + BigInt(random.below(1 << 20)), random.text(random.below(400)), tid);
    }
    for (let index = 0; index < mappingCount; index++) {
      yield mapping(event, 0x7f00_0000_0000n + BigInt(event * 4096), `/usr/lib/lib${random.below(9)}.so`, hash);
    }
    for (let index = 0; index < taskCount; index++) yield task(event, tid, '/bin/true\0true\0');
    yield frame(event, { tid, number: random.below(300), dataCount, mappingCount, taskCount, registers });
  }
}

/** Records with every field random, events aside. */
export function* wildRecords(random: Random, events: number): Generator<Uint8Array> {
  for (let event = 1; event <= events; event++) {
    const kinds = [
      () => frame(event),
      () => data(event, 0n, random.bytes(random.below(100))),
      () => mapping(event, 0n, 'x'.repeat(random.below(20)), random.bytes(32)),
      () => task(event, 0, 'y'.repeat(random.below(20))),
    ];
    const which = random.below(4);
    const bytes = kinds[which]!();
    const fixed = [frameSize, dataSize, mappingSize, taskSize][which]!;
    const lengthAt = [-8, dataOffsets.length, mappingOffsets.pathLength, taskOffsets.textLength][which]!;
    bytes[recordHeaderOffsets.flags] = random.below(256);
    for (let at = 16; at < fixed; at++) {
      if (at < lengthAt || at >= lengthAt + 4) bytes[at] = random.below(256);
    }
    yield bytes;
  }
}

/** Entries of the syscall buffer as a program makes them that calls a few functions again and again (preload/layout.h). */
export function bufferEntries(random: Random, count: number, kinds: number): Uint8Array {
  const parts: Buffer[] = [];
  let clock = 1_000_000_000n;
  for (let index = 0; index < count; index++) {
    const kind = random.below(8) === 0 ? random.below(kinds) : index % kinds;
    const outBytes = kind % 3 === 2 ? random.below(40) * 8 : kind * 8;
    const entry = Buffer.alloc(24 + 16 + 16 + outBytes);
    entry.writeUInt32LE(entry.length, 0);
    entry.writeUInt16LE(kind * 7, 4);
    entry[6] = 2;
    entry[7] = 1;
    entry.writeBigUInt64LE(0x7f00_1234_5678n + BigInt(kind), 8);
    clock += 200n + BigInt(random.below(60));
    entry.writeBigUInt64LE(clock, 16);
    entry.writeBigUInt64LE(BigInt(random.below(3)), 24);
    entry.writeBigUInt64LE(0x7ffe_0000_1000n, 40);
    entry.writeBigUInt64LE(BigInt(outBytes), 48);
    if (outBytes > 0) entry.set(random.bytes(outBytes), 56);
    parts.push(entry);
  }
  return Buffer.concat(parts);
}

/** A data record of entries of the syscall buffer. */
export function entriesRecord(event: number, entries: Uint8Array): Uint8Array {
  const bytes = data(event, BigInt(entries.length), entries);
  bytes[dataOffsets.space] = dataSpaces.syscallBuffer;
  return bytes;
}

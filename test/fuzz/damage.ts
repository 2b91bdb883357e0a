/** Damage done to a trace: to the bytes of its files, and to its records under right checksums. */
import {
  dataOffsets,
  dataSpaces,
  recordHeaderOffsets,
  recordHeaderSize,
  recordKinds,
} from '../../engine/generated/schema.ts';
import type { Random } from '../trace-records.ts';

/** A file's bytes with one thing wrong, and what. */
export function damageBytes(bytes: Buffer, random: Random): { bytes: Buffer; what: string } {
  const at = random.below(bytes.length);
  switch (random.below(8)) {
    case 0:
      return { bytes: bytes.subarray(0, at), what: `cut off at ${at}` };
    case 1: {
      const length = Math.min(1 + random.below(512), bytes.length - at);
      const zeroed = Buffer.from(bytes).fill(0, at, at + length);
      return { bytes: zeroed, what: `bytes ${at} to ${at + length - 1} zeroed` };
    }
    case 2: {
      const length = Math.min(1 + random.below(4096), bytes.length - at);
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      return { bytes: without, what: `${length} bytes at ${at} removed` };
    }
    case 3: {
      const more = Buffer.from(random.bytes(1 + random.below(200)));
      return { bytes: Buffer.concat([bytes, more]), what: `${more.length} bytes behind the end` };
    }
    default: {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << random.below(8);
      return { bytes: flipped, what: `byte ${at} flipped to ${flipped[at]}` };
    }
  }
}

/** Whole numbers at the edges: what checks forget. */
const edges = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe];

function writeEdge(bytes: Buffer, at: number, random: Random): void {
  if (at + 4 <= bytes.length) bytes.writeUInt32LE(edges[random.below(edges.length)]!, at);
}

/** A copy of an input with one to four changes of one kind or another; some of them within the `last` bytes. */
export function damageSome(sound: Buffer, random: Random, last: number): Buffer {
  let bytes = Buffer.from(sound);
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    const at = random.below(bytes.length);
    const length = 1 + random.below(40);
    switch (random.below(8)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
        break;
      case 4:
        // One part over another.
        bytes.copyWithin(random.below(bytes.length), at, at + length);
        break;
      case 5:
        writeEdge(bytes, at, random);
        break;
      case 6:
        writeEdge(bytes, at & ~7, random);
        break;
      default:
        bytes[Math.max(0, bytes.length - 1 - random.below(last))] = random.below(256);
    }
  }
  return bytes;
}

export interface RecordDamage {
  readonly records: readonly Uint8Array[];
  readonly what: string;
  /** What was changed is what the program read or wrote, or where: another output is the truth then. */
  readonly mayChangeOutput: boolean;
}

/** One time in three one of buffered calls, which are few and hold much. */
function pickRecord(records: readonly Uint8Array[], random: Random): number {
  const buffered = records.flatMap((record, index) =>
    record[recordHeaderOffsets.kind] === recordKinds.data && record[dataOffsets.space] === dataSpaces.syscallBuffer
      ? [index]
      : [],
  );
  if (buffered.length > 0 && random.below(3) === 0) return buffered[random.below(buffered.length)]!;
  return random.below(records.length);
}

/** One record with another byte, or another number in it; size, kind and event stay. */
export function damageRecord(records: readonly Uint8Array[], random: Random): RecordDamage {
  const index = pickRecord(records, random);
  const record = Uint8Array.from(records[index]!);
  const view = new DataView(record.buffer);
  const at = recordHeaderSize + random.below(record.length - recordHeaderSize);
  if (random.below(3) === 0 && record.length >= recordHeaderSize + 8) {
    // Whole numbers at the edges are what checks forget.
    const numbers = [0n, 1n, 0x7fff_ffffn, 0xffff_ffffn, 2n ** 47n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
    const field = at - (at % 8);
    view.setBigUint64(field, numbers[random.below(numbers.length)]!, true);
  } else {
    record[at]! ^= 1 << random.below(8);
  }
  const kind = record[recordHeaderOffsets.kind];
  const { memory, output, syscallBuffer } = dataSpaces;
  const space = kind === recordKinds.data ? record[dataOffsets.space] : undefined;
  const event = view.getBigUint64(recordHeaderOffsets.event, true);
  return {
    records: records.map((each, position) => (position === index ? record : each)),
    what: `event ${event}: byte ${at} of a record of kind ${kind}`,
    mayChangeOutput: space === memory || space === output || space === syscallBuffer,
  };
}

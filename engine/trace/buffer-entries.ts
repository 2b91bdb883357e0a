/** Entries of the syscall buffer: calls, and rdtsc, that the in-tracee runtime recorded (preload/layout.h, docs/syscall-buffer.md). */
import { type DataRecordView, dataSize, dataSpaces, trapKindNames } from '../generated/schema.ts';

/** The runtime's buffer is this large; no event has more. Bytes. */
export const bufferSize = 0x4_0000;

/** struct rr_buffer_entry: whole size, and offsets of its fields. */
export const entrySize = 24;
const numberAt = 4;
export const argumentCountAt = 6;
export const outCountAt = 7;
const returnAddressAt = 8;
const resultAt = 16;
/** struct rr_buffer_out: its address, then its length. */
export const outSize = 16;
export const outLengthAt = 8;
const mostArguments = 6;
/** Added to the number of a trap kind: an entry that is no system call. */
const trapEntry = 0x8000;
/** RR_HAS_SENT, in the number of arguments. */
const hasSent = 0x80;
/** The upper half of RR_STRING, in a length. */
const stringFlag = 0x8000_0000;
/** Addresses of our pages and the runtime. */
const ownStart = 0x7000_0000;
const ownEnd = 0x7005_0000;

/** Memory that a buffered call wrote. */
export interface BufferedWrite {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

export interface BufferedCall {
  readonly number: number;
  /** As many as the call has; the registers' whole 64 bits. */
  readonly args: readonly bigint[];
  /** Behind the instruction. */
  readonly returnAddress: bigint;
  /** rax, signed. Of rdtsc: the whole counter. */
  readonly result: bigint;
  readonly writes: readonly BufferedWrite[];
  /** What it read, without the ends. */
  readonly strings: readonly BufferedWrite[];
  /** The hash of what it sent (preload/sent-hash.h); 0: nothing is known. */
  readonly sent: number;
  /** Bytes of a call whose result says how many it sent. */
  readonly sentLength: number | undefined;
}

/**
 * The entries of an event with the flag `buffered`: its first data records. Undefined when they are not there, or not
 * as long as they say. In `into`, of `bufferSize` bytes, when that is given: until its next use.
 */
export function readBufferEntries(nextData: () => DataRecordView | undefined, into?: Buffer): Buffer | undefined {
  let entries: Buffer | undefined;
  let total = 0;
  let length = 0;
  do {
    const record = nextData();
    if (record === undefined || record.space !== dataSpaces.syscallBuffer) return undefined;
    total = record.addressNumber;
    if (total === 0 || total > bufferSize || length + record.length > total) return undefined;
    entries ??= into?.subarray(0, total) ?? Buffer.allocUnsafe(total);
    const start = record.position + dataSize;
    entries.set(record.buffer.subarray(start, start + record.length), length);
    length += record.length;
  } while (length < total);
  return entries;
}

/** The offsets of all entries, and an end; undefined when some entry makes no sense: the hook would trust it. */
export function entryOffsets(entries: Buffer): readonly number[] | undefined {
  const offsets: number[] = [];
  return forEachEntry(entries, (offset) => offsets.push(offset)) ? offsets : undefined;
}

/** The offset of the last entry, under the same conditions. */
export function lastEntry(entries: Buffer): number | undefined {
  let last = 0;
  const whole = forEachEntry(entries, (offset) => {
    last = offset;
  });
  return whole ? last : undefined;
}

/** False when some entry makes no sense. There may be millions: nothing is made for each. */
function forEachEntry(entries: Buffer, visit: (offset: number) => void): boolean {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  for (let at = 0; at < entries.length; ) {
    const left = entries.length - at;
    const size = left >= entrySize ? view.getUint32(at, true) : 0;
    if (size < entrySize || size > left || size % 8 !== 0 || !isWhole(view, at, size)) return false;
    visit(at);
    at += size;
  }
  return true;
}

function isWhole(entries: DataView, start: number, size: number): boolean {
  const count = entries.getUint8(start + argumentCountAt);
  if ((count & ~hasSent) > mostArguments) return false;
  const end = start + size;
  let at = start + entrySize + wordsOf(count) * 8;
  for (let index = entries.getUint8(start + outCountAt); index > 0; index--) {
    if (at + outSize > end) return false;
    const length = entries.getUint32(at + 8, true);
    const top = entries.getUint32(at + 12, true);
    if (length > size || (top !== 0 && top !== stringFlag)) return false;
    // The hook would write over itself.
    const low = entries.getUint32(at, true);
    if (top === 0 && entries.getUint32(at + 4, true) === 0 && low < ownEnd && low + length > ownStart) return false;
    at += outSize + ((length + 7) & ~7);
  }
  return at === end;
}

/** Words behind an entry's head: its arguments, and the hash. */
export function wordsOf(argumentCount: number): number {
  return (argumentCount & ~hasSent) + (argumentCount & hasSent ? 1 : 0);
}

/** The entry at an offset that entryOffsets gave. */
export function bufferedCall(entries: Buffer, offset: number): BufferedCall {
  const count = entries[offset + argumentCountAt]!;
  const argumentCount = count & ~hasSent;
  const args = Array.from({ length: argumentCount }, (_, index) =>
    entries.readBigUInt64LE(offset + entrySize + index * 8),
  );
  const result = entries.readBigInt64LE(offset + resultAt);
  const writes: BufferedWrite[] = [];
  const strings: BufferedWrite[] = [];
  let at = offset + entrySize + wordsOf(count) * 8;
  for (let index = 0; index < entries[offset + outCountAt]!; index++) {
    const length = entries.readUInt32LE(at + 8);
    const list = entries.readUInt32LE(at + 12) === stringFlag ? strings : writes;
    list.push({ address: entries.readBigUInt64LE(at), bytes: entries.subarray(at + outSize, at + outSize + length) });
    at += outSize + Math.ceil(length / 8) * 8;
  }
  return {
    number: entries.readUInt16LE(offset + numberAt),
    args,
    returnAddress: entries.readBigUInt64LE(offset + returnAddressAt),
    result,
    writes,
    strings,
    sent: count & hasSent ? entries.readUInt32LE(offset + entrySize + argumentCount * 8) : 0,
    sentLength: result > 0n ? Number(result) : undefined,
  };
}

/** The name of the instruction that an entry is of, which traps where it is not patched; undefined: of a system call. */
export function trappedInstruction(number: number): string | undefined {
  if (number < trapEntry) return undefined;
  return trapKindNames[number - trapEntry] ?? `trap ${number - trapEntry}`;
}

/** What the entries of an event count, by system call number. */
export function countCalls(entries: Buffer, add: (number: number, dataBytes: number) => void): void {
  for (const offset of entryOffsets(entries) ?? []) {
    const outs = entries.readUInt32LE(offset) - entrySize - wordsOf(entries[offset + argumentCountAt]!) * 8;
    add(entries.readUInt16LE(offset + numberAt), Math.max(0, outs - entries[offset + outCountAt]! * outSize));
  }
}

/**
 * References in place of bytes, in data records with the flag `stored` (docs/trace-format.md, "References"). What they
 * say is checked before it is followed: a trace may come from anybody.
 */
import {
  pieceReferenceOffsets as at,
  dataFlags,
  dataOffsets,
  dataSize,
  dataSpaces,
  pieceReferenceSize,
  recordHeaderOffsets,
} from '../generated/schema.ts';
import { argumentCountAt, entrySize, outCountAt, outLengthAt, outSize, wordsOf } from './buffer-entries.ts';
import { hashBytes } from './store-layout.ts';

/** What a record may stand for at most: more than the in-tracee runtime buffers, and any other record holds. Bytes. */
const mostBytes = 1 << 20;

/** In the upper half of an entry's length (struct rr_buffer_out): references follow, not bytes. */
export const storedBit = 0x4000_0000;

/** The content of a piece, by its hash in hexadecimal digits. @throws TraceError */
export type ReadPiece = (hash: string) => Uint8Array;

/** A record's references are not what any recording makes. */
export class BadReferenceError extends Error {
  constructor() {
    super('references to the store that no recording makes');
  }
}

/** Bytes of references that stand for `length` bytes; they must lie before `end`. `visit` gets the position of each. */
function walkReferences(
  bytes: Buffer,
  start: number,
  end: number,
  length: number,
  visit: (position: number, length: number) => void,
): number {
  let position = start;
  for (let left = length; left > 0; position += pieceReferenceSize) {
    if (end - position < pieceReferenceSize) throw new BadReferenceError();
    const part = bytes.readUInt32LE(position + at.length);
    if (part === 0 || part > left) throw new BadReferenceError();
    visit(position, part);
    left -= part;
  }
  return position - start;
}

/** How many bytes the references of a payload stand for. */
function sumOfReferences(payload: Buffer): number {
  if (payload.length === 0 || payload.length % pieceReferenceSize !== 0) throw new BadReferenceError();
  let sum = 0;
  for (let position = 0; position < payload.length; position += pieceReferenceSize) {
    const part = payload.readUInt32LE(position + at.length);
    if (part === 0) throw new BadReferenceError();
    sum += part;
  }
  if (sum > mostBytes) throw new BadReferenceError();
  return sum;
}

/** An out-parameter of an entry that is stored: where its head is, and the bytes that its references stand for. */
interface StoredOut {
  readonly position: number;
  readonly length: number;
  /** Bytes of its references. */
  readonly references: number;
}

/** Calls `visit` for each entry of the syscall buffer with those of its out-parameters that are stored. */
function walkEntries(
  payload: Buffer,
  visit: (start: number, size: number, stored: readonly StoredOut[]) => void,
  onReference: (position: number, length: number) => void,
): void {
  for (let start = 0; start < payload.length; ) {
    const size = payload.length - start < entrySize ? 0 : payload.readUInt32LE(start);
    if (size < entrySize || size > payload.length - start || size % 8 !== 0) throw new BadReferenceError();
    const end = start + size;
    const stored: StoredOut[] = [];
    let position = start + entrySize + wordsOf(payload[start + argumentCountAt]!) * 8;
    for (let index = payload[start + outCountAt]!; index > 0; index--) {
      if (position + outSize > end) throw new BadReferenceError();
      const length = payload.readUInt32LE(position + outLengthAt);
      const isStored = (payload.readUInt32LE(position + outLengthAt + 4) & storedBit) !== 0;
      if (length > mostBytes) throw new BadReferenceError();
      let taken = padded(length);
      if (isStored) {
        taken = walkReferences(payload, position + outSize, end, length, onReference);
        stored.push({ position, length, references: taken });
      }
      position += outSize + taken;
    }
    if (position !== end) throw new BadReferenceError();
    visit(start, size, stored);
    start = end;
  }
}

function payloadOf(record: Uint8Array): Buffer {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  return bytes.subarray(dataSize, dataSize + bytes.readUInt32LE(dataOffsets.length));
}

function holdsEntries(record: Uint8Array): boolean {
  return record[dataOffsets.space] === dataSpaces.syscallBuffer;
}

/** The hashes that a record names, in hexadecimal digits; each as often as it is named. @throws BadReferenceError */
export function referencedPieces(record: Uint8Array): string[] {
  const payload = payloadOf(record);
  const hashes: string[] = [];
  const add = (position: number): void => {
    hashes.push(payload.toString('hex', position + at.hash, position + at.hash + hashBytes));
  };
  if (holdsEntries(record)) walkEntries(payload, () => undefined, add);
  else walkReferences(payload, 0, payload.length, sumOfReferences(payload), add);
  return hashes;
}

/** The record as it was made: bytes where it has references. @throws BadReferenceError; TraceError of `read` */
export function expandRecord(record: Uint8Array, read: ReadPiece): Uint8Array {
  const payload = payloadOf(record);
  const isBuffer = holdsEntries(record);
  const length = isBuffer ? expandedEntries(payload) : sumOfReferences(payload);
  const size = padded(dataSize + length);
  const whole = Buffer.allocUnsafe(size);
  whole.set(record.subarray(0, dataSize));
  whole.fill(0, dataSize + length);
  const expansion = new Expansion(payload, whole, dataSize, read);
  if (isBuffer) expansion.addEntries();
  else expansion.addReferences(0, payload.length, length);
  whole.writeUInt32LE(size, recordHeaderOffsets.size);
  whole[recordHeaderOffsets.flags] = record[recordHeaderOffsets.flags]! & ~dataFlags.stored;
  whole.writeUInt32LE(length, dataOffsets.length);
  return whole;
}

/** Bytes of an entry with the bytes of its stored out-parameters in it. */
function grownSize(size: number, stored: readonly StoredOut[]): number {
  return stored.reduce((sum, { length, references }) => sum + padded(length) - references, size);
}

/** Bytes of all entries with those of their references in them. */
function expandedEntries(payload: Buffer): number {
  let sum = 0;
  const add = (_: number, size: number, stored: readonly StoredOut[]): void => {
    sum += grownSize(size, stored);
    if (sum > mostBytes) throw new BadReferenceError();
  };
  walkEntries(payload, add, () => undefined);
  return sum;
}

/** Copies a payload, and content in the place of references. */
class Expansion {
  readonly #payload: Buffer;
  readonly #target: Buffer;
  readonly #read: ReadPiece;
  #at: number;

  /** @param at where in the target the first byte goes; it has room for all */
  constructor(payload: Buffer, target: Buffer, at: number, read: ReadPiece) {
    this.#payload = payload;
    this.#target = target;
    this.#at = at;
    this.#read = read;
  }

  addReferences(start: number, end: number, length: number): void {
    walkReferences(this.#payload, start, end, length, (position, part) => this.#addPiece(position, part));
  }

  addEntries(): void {
    walkEntries(
      this.#payload,
      (start, size, stored) => this.#addEntry(start, size, stored),
      () => undefined,
    );
  }

  #addEntry(start: number, size: number, stored: readonly StoredOut[]): void {
    const entry = this.#at;
    let copied = start;
    for (const { position, length, references } of stored) {
      const from = position + outSize;
      this.#copy(copied, from);
      const top = this.#at - 4;
      this.#target.writeUInt32LE((this.#target.readUInt32LE(top) & ~storedBit) >>> 0, top);
      this.addReferences(from, from + references, length);
      const end = this.#at + padded(length) - length;
      this.#target.fill(0, this.#at, end);
      this.#at = end;
      copied = from + references;
    }
    this.#copy(copied, start + size);
    if (stored.length > 0) this.#target.writeUInt32LE(grownSize(size, stored), entry);
  }

  #copy(from: number, to: number): void {
    this.#target.set(this.#payload.subarray(from, to), this.#at);
    this.#at += to - from;
  }

  /** `length` bytes of the piece that the reference at `position` names. */
  #addPiece(position: number, length: number): void {
    const piece = this.#read(this.#payload.toString('hex', position + at.hash, position + at.hash + hashBytes));
    const offset = this.#payload.readUInt32LE(position + at.offset);
    if (offset + length > piece.length) throw new BadReferenceError();
    this.#target.set(piece.subarray(offset, offset + length), this.#at);
    this.#at += length;
  }
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** What a stored file holds, and whether that is what its name says (docs/trace-format.md, "The store"). */
import { createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { loadAddon } from '../addon.ts';
import { readWhole } from '../whole-io.ts';

/** Pieces begin at multiples of this many bytes. */
export const pieceSize = 1 << 20;
/** What the sparse form begins with. */
export const sparseHead = Buffer.from('rr sparse file\n');
/** A piece of them. */
const zeros = Buffer.alloc(pieceSize);
/** The unit of st_blocks (stat(2)). */
const bytesInBlock = 512;

/** A form in which a file has the hash that is its name: its content, or the sparse form, which leaves holes out. */
export interface StoredForm {
  readonly isSparse: boolean;
  /** Bytes of it (storedBytes). */
  readonly length: number;
}

/** The form in which the first `size` bytes of a file have that hash, 64 hexadecimal digits; undefined: in none. */
export function formOf(descriptor: number, size: number, hash: string): StoredForm | undefined {
  // The form is not in the name. What has been stored sparse has holes, unless it was copied since.
  const hasHoles = fstatSync(descriptor).blocks * bytesInBlock <= size - pieceSize;
  for (const isSparse of [hasHoles, !hasHoles]) {
    const sum = createHash('sha256');
    let length = 0;
    for (const bytes of storedBytes(descriptor, size, isSparse)) {
      sum.update(bytes);
      length += bytes.length;
    }
    if (sum.digest('hex') === hash) return { isSparse, length };
  }
  return undefined;
}

/** Whether the first `size` bytes of a file have that hash in one of the two forms. */
export function hasContent(descriptor: number, size: number, hash: string): boolean {
  return formOf(descriptor, size, hash) !== undefined;
}

/** The first `size` bytes of a file in one of its forms. What is given is good until the next is. */
export function* storedBytes(descriptor: number, size: number, isSparse: boolean): Generator<Uint8Array> {
  if (isSparse) yield Buffer.concat([sparseHead, wide(size)]);
  let end = 0;
  for (const { piece, offset } of dataPieces(descriptor, size)) {
    if (isSparse) {
      if (isZero(piece)) continue;
      yield wide(offset);
    } else {
      yield* zerosFrom(end, offset);
    }
    yield piece;
    end = offset + piece.length;
  }
  if (!isSparse) yield* zerosFrom(end, size);
}

/** Of a piece at most. */
export function isZero(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/** The zeros from one offset to another, of which pieces are made. */
export function* zerosFrom(start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += pieceSize) yield zeros.subarray(0, Math.min(pieceSize, end - at));
}

/**
 * Each piece of a file that is not all hole, with its offset: the file may be larger than memory. What is given is good
 * until the next is.
 */
export function* dataPieces(
  descriptor: number,
  size: number,
): Generator<{ readonly piece: Uint8Array; readonly offset: number }> {
  const buffer = Buffer.alloc(Math.min(pieceSize, size));
  for (let offset = 0; offset < size; offset += pieceSize) {
    const data = nextData(descriptor, offset);
    if (data < 0 || data >= size) return;
    offset = data - (data % pieceSize);
    const piece = buffer.subarray(0, Math.min(pieceSize, size - offset));
    if (readWhole(descriptor, piece, offset) < piece.length) return;
    yield { piece, offset };
  }
}

/** Offset of the next byte from `offset` on that is no hole; -1 when there is none (native/replay/replay-napi.cc). */
function nextData(descriptor: number, offset: number): number {
  return loadAddon<{ nextData(descriptor: number, offset: number): number }>().nextData(descriptor, offset);
}

/** A number of the sparse form: u64, little-endian. */
function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/**
 * Stored files as streams of bytes whose SHA-256 is their name (docs/trace-format.md, "The store"): the content itself, or
 * of a file with holes the sparse form, which leaves them out.
 */
import { createHash } from 'node:crypto';
import { fstatSync, ftruncateSync } from 'node:fs';
import { nextData } from '../store/file-content.ts';
import { readWhole, writeWhole } from '../whole-io.ts';

/** Pieces of the sparse form begin at multiples of so many bytes. */
const pieceSize = 1 << 20;
const sparseHead = Buffer.from('rr sparse file\n');
/** The unit of st_blocks (stat(2)). */
const bytesInBlock = 512;

export interface StoredForm {
  readonly isSparse: boolean;
  /** Bytes of the stream. */
  readonly length: number;
}

/**
 * In which form the file has the hash. @returns undefined when in none: it is not what was stored
 * @throws NodeJS.ErrnoException
 */
export function formOf(descriptor: number, hash: string): StoredForm | undefined {
  const { size, blocks } = fstatSync(descriptor);
  // The form is not in the name. What has been stored sparse has holes, unless it was copied since.
  const hasHoles = blocks * bytesInBlock <= size - pieceSize;
  for (const isSparse of [hasHoles, !hasHoles]) {
    const sum = createHash('sha256');
    let length = 0;
    for (const piece of storedStream(descriptor, isSparse)) {
      sum.update(piece);
      length += piece.length;
    }
    if (sum.digest('hex') === hash) return { isSparse, length };
  }
  return undefined;
}

/** The file in one of its forms. A piece is good until the next. @throws NodeJS.ErrnoException */
export function* storedStream(descriptor: number, isSparse: boolean): Generator<Uint8Array> {
  const { size } = fstatSync(descriptor);
  const buffer = Buffer.alloc(Math.min(pieceSize, size));
  if (isSparse) yield Buffer.concat([sparseHead, wide(size)]);
  for (let offset = 0; offset < size; offset += pieceSize) {
    if (isSparse) {
      const data = nextData(descriptor, offset);
      if (data < 0 || data >= size) return;
      offset = data - (data % pieceSize);
    }
    const piece = buffer.subarray(0, Math.min(pieceSize, size - offset));
    if (readWhole(descriptor, piece, offset) < piece.length) return;
    if (isSparse && isZero(piece)) continue;
    if (isSparse) yield wide(offset);
    // Who takes it may keep it: a stream does.
    yield Buffer.from(piece);
  }
}

/** The stream is not what its name says. */
export class FormError extends Error {}

/**
 * Writes the file of which these are the bytes in that form, into an empty one, and tells whether they have the hash.
 * @throws FormError for what is no sparse form; NodeJS.ErrnoException, and what the content throws
 */
export async function writeStored(
  descriptor: number,
  content: AsyncIterable<Uint8Array>,
  isSparse: boolean,
  hash: string,
): Promise<boolean> {
  const sum = createHash('sha256');
  const sparse = isSparse ? new SparseParser() : undefined;
  for await (const bytes of content) {
    sum.update(bytes);
    if (sparse === undefined) writeWhole(descriptor, bytes);
    else for (const { offset, piece } of sparse.add(bytes)) writeWhole(descriptor, piece, offset);
  }
  if (sparse !== undefined) ftruncateSync(descriptor, sparse.finish());
  return sum.digest('hex') === hash;
}

/** Takes a sparse form apart, whatever the pieces that it comes in. */
class SparseParser {
  /** Bytes of the file, once they are known. */
  size: number | undefined;
  #pending: Buffer = Buffer.alloc(0);
  /** Where the next piece may begin. */
  #next = 0;

  /** What has come whole with these bytes: pieces of the file, and where they belong. @throws FormError */
  *add(bytes: Uint8Array): Generator<{ readonly offset: number; readonly piece: Buffer }> {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    if (this.size === undefined) {
      if (this.#pending.length < sparseHead.length + 8) return;
      if (!this.#pending.subarray(0, sparseHead.length).equals(sparseHead)) throw new FormError('it has another head');
      this.size = numberAt(this.#pending, sparseHead.length);
      this.#pending = this.#pending.subarray(sparseHead.length + 8);
    }
    while (this.#pending.length >= 8) {
      const offset = numberAt(this.#pending, 0);
      if (offset % pieceSize !== 0 || offset < this.#next || offset >= this.size) {
        throw new FormError(`a piece is at byte ${offset}, where none can be`);
      }
      const end = 8 + Math.min(pieceSize, this.size - offset);
      if (this.#pending.length < end) return;
      yield { offset, piece: this.#pending.subarray(8, end) };
      this.#next = offset + pieceSize;
      this.#pending = this.#pending.subarray(end);
    }
  }

  /** The file's size, when it has come whole. @throws FormError */
  finish(): number {
    if (this.size === undefined || this.#pending.length > 0) throw new FormError('it ends in the middle');
    return this.size;
  }
}

/** The content of the file of which these are the bytes in the sparse form. @throws FormError, and what they throw */
export async function* plainContent(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parser = new SparseParser();
  let done = 0;
  function* zerosTo(end: number): Generator<Uint8Array> {
    for (; done < end; done += Math.min(pieceSize, end - done))
      yield zeros.subarray(0, Math.min(pieceSize, end - done));
  }
  for await (const bytes of content) {
    for (const { offset, piece } of parser.add(bytes)) {
      yield* zerosTo(offset);
      yield piece;
      done = offset + piece.length;
    }
  }
  yield* zerosTo(parser.finish());
}

function numberAt(bytes: Buffer, position: number): number {
  const value = bytes.readBigUInt64LE(position);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormError('a number in it is impossible');
  return Number(value);
}

function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

const zeros = Buffer.alloc(pieceSize);

function isZero(piece: Buffer): boolean {
  return zeros.compare(piece, 0, piece.length, 0, piece.length) === 0;
}

/**
 * Stored files from streams of bytes whose SHA-256 is their name (engine/store/file-content.ts gives them): the content
 * itself, or of a file with holes the sparse form.
 */
import { createHash } from 'node:crypto';
import { ftruncateSync } from 'node:fs';
import { pieceSize, sparseHead, zerosFrom } from '../store/file-content.ts';
import { writeWhole } from '../whole-io.ts';

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
  for await (const bytes of content) {
    for (const { offset, piece } of parser.add(bytes)) {
      yield* zerosFrom(done, offset);
      yield piece;
      done = offset + piece.length;
    }
  }
  yield* zerosFrom(done, parser.finish());
}

function numberAt(bytes: Buffer, position: number): number {
  const value = bytes.readBigUInt64LE(position);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormError('a number in it is impossible');
  return Number(value);
}

/**
 * The codec for reading: memory of its own, one chunk at a time in, plain bytes out. Nothing stays in it between two
 * calls, so all readers of a thread share one (`chunkDecoder`).
 */

import { chunkHeaderSize } from '../generated/schema.ts';
import { type Chunk, chunkLength } from './chunk.ts';
import { type Codec, codecStaticBytes, compressionLevels, createSharedMemory, instantiateCodec } from './codec.ts';
import { codecErrorText } from './codec-errors.ts';
import type { LaneFile } from './lane-file.ts';
import { isPatched, type ListedPiece, listedPieces } from './patched-chunk.ts';
import { maxPieceBytes } from './piece-file.ts';
import type { ReadPiece } from './stored-payload.ts';
import { TraceError } from './trace-error.ts';

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Where something is in the codec's memory. */
interface Part {
  readonly position: number;
  readonly length: number;
}

/** What patched chunks take beside the others: the base, the chunk with plain bytes, the patch. */
interface PatchAreas {
  readonly base: number;
  readonly plain: number;
  /** Bytes of the encoded form at most. */
  readonly encodedBytes: number;
  readonly patch: number;
}

class ChunkDecoder {
  #bytes!: Uint8Array;
  #codec!: Codec;
  #rawCapacity = 0;
  #storedCapacity = 0;
  #workCapacity = 0;
  #input = 0;
  #output = 0;
  #work = 0;
  /** Made when the first patched chunk is met. */
  #patches: PatchAreas | undefined;
  /** What is in the base: most chunks of a trace are patches of the same. */
  #loaded = '';

  /**
   * The chunk's records (or index entries), copied to `into`, or to new bytes when it is too small. The sizes of
   * `chunk` must have been checked against the file's size and the limits.
   * @param readPiece gives the pieces that a patched chunk is a patch of
   * @throws TraceError TRACE_DAMAGED, TRACE_TRUNCATED, TRACE_UNREADABLE; those of `readPiece`
   */
  decode(file: LaneFile, chunk: Chunk, into: Uint8Array, readPiece: ReadPiece): Uint8Array {
    this.#reserve(chunk.rawSize, chunk.storedSize, this.#patches !== undefined);
    this.#load(file, chunk);
    const { position, length } = this.#isPatched()
      ? this.#plainChunk(file, chunk, readPiece)
      : { position: this.#input, length: chunkLength(chunk) };
    const size = this.#codec.decodeChunk(
      position,
      length,
      this.#output,
      this.#rawCapacity,
      this.#work,
      this.#workCapacity,
    );
    if (size < 0) throw damaged(file, chunk, codecErrorText(size));
    const result = size <= into.length ? into.subarray(0, size) : new Uint8Array(size);
    result.set(this.#bytes.subarray(this.#output, this.#output + size));
    return result;
  }

  /** The chunk as it is stored; of a patched one, the same without what it is a patch of. Errors as decode. */
  unpatched(file: LaneFile, chunk: Chunk, readPiece: ReadPiece): Uint8Array {
    this.#reserve(chunk.rawSize, chunk.storedSize, this.#patches !== undefined);
    this.#load(file, chunk);
    if (!this.#isPatched()) return this.#bytes.slice(this.#input, this.#input + chunkLength(chunk));
    const { position } = this.#plainChunk(file, chunk, readPiece);
    const into = this.#patches!.patch;
    const length = this.#codec.packChunk(position, into, compressionLevels.best, this.#work);
    return this.#bytes.slice(into, into + length);
  }

  /** 0 when the chunk's header and checksum are right, else the codec's error number. Errors as decode. */
  check(file: LaneFile, chunk: Chunk): number {
    this.#reserve(0, chunk.storedSize, false);
    this.#load(file, chunk);
    const length = chunkLength(chunk);
    return this.#isPatched()
      ? this.#codec.checkPatched(this.#input, length)
      : this.#codec.checkChunk(this.#input, length);
  }

  #isPatched(): boolean {
    return isPatched(this.#bytes.subarray(this.#input, this.#input + chunkHeaderSize));
  }

  /** Makes a chunk with plain bytes of the patched one in the input area. */
  #plainChunk(file: LaneFile, chunk: Chunk, readPiece: ReadPiece): Part {
    const length = chunkLength(chunk);
    if (this.#patches === undefined) {
      this.#reserve(chunk.rawSize, chunk.storedSize, true);
      this.#load(file, chunk);
    }
    const { base, plain, encodedBytes, patch } = this.#patches!;
    const fault = this.#codec.checkPatched(this.#input, length);
    const list = listedPieces(this.#bytes.subarray(this.#input, this.#input + length));
    if (fault < 0 || list === undefined) throw damaged(file, chunk, codecErrorText(fault < 0 ? fault : malformed));
    this.#loadBase(base, list, readPiece);
    const made = this.#codec.plainChunk(this.#input, base, plain, encodedBytes, patch);
    if (made < 0) throw damaged(file, chunk, codecErrorText(made));
    return { position: plain, length: made };
  }

  #loadBase(base: number, list: readonly ListedPiece[], readPiece: ReadPiece): void {
    const key = list.map(({ place, hash }) => `${place} ${hash}`).join();
    if (key === this.#loaded) return;
    this.#loaded = '';
    this.#bytes.fill(0, base, base + this.#codec.baseBytes());
    for (const { place, hash } of list) {
      this.#bytes.set(readPiece(hash).subarray(0, maxPieceBytes), base + place * maxPieceBytes);
    }
    this.#loaded = key;
  }

  /** Reads the chunk's bytes to the input area; its header must be the one that `chunk` tells of. */
  #load(file: LaneFile, chunk: Chunk): void {
    const length = chunkLength(chunk);
    if (file.read(chunk.offset, this.#bytes, this.#input, length) < length) {
      throw new TraceError('TRACE_TRUNCATED', file.path, 'the file ends within a chunk', { offset: chunk.offset });
    }
  }

  /** Makes the areas at least so large; memory that is never touched costs nothing. */
  #reserve(rawSize: number, storedSize: number, forPatches: boolean): void {
    const fits = rawSize <= this.#rawCapacity && storedSize <= this.#storedCapacity && this.#bytes;
    if (fits && (!forPatches || this.#patches)) return;
    this.#rawCapacity = Math.max(rawSize, this.#rawCapacity, 1 << 20);
    this.#storedCapacity = Math.max(storedSize, this.#storedCapacity, 1 << 20);
    // The decoder's work area for n bytes stays below 4n + 2 MiB; the codec itself is asked below.
    this.#workCapacity = aligned(this.#rawCapacity * 4 + (2 << 20));
    this.#input = codecStaticBytes;
    this.#output = this.#input + aligned(chunkHeaderSize + this.#storedCapacity + 64);
    this.#work = this.#output + aligned(this.#rawCapacity + 64);
    const end = this.#work + this.#workCapacity;
    const memory = createSharedMemory(end + (forPatches ? patchBytes(this.#rawCapacity) : 0));
    this.#bytes = new Uint8Array(memory.buffer);
    this.#codec = instantiateCodec(memory);
    this.#patches = forPatches ? this.#patchAreas(end) : undefined;
    this.#loaded = '';
    if (this.#codec.decodeWorkBytes(this.#rawCapacity) > this.#workCapacity || this.#codec.decodeSlack() > 64) {
      throw new RangeError(`the codec needs more memory for chunks of ${this.#rawCapacity} bytes than it is given`);
    }
  }

  #patchAreas(start: number): PatchAreas {
    const encodedBytes = encodedBound(this.#rawCapacity);
    const plain = start + baseRoom;
    const patch = plain + aligned(chunkHeaderSize + encodedBytes + 64);
    const needed = patch + this.#codec.plainWorkBytes(encodedBytes);
    if (this.#codec.baseBytes() > baseRoom - 64 || needed > start + patchBytes(this.#rawCapacity)) {
      throw new RangeError(`the codec needs more memory for patches of ${encodedBytes} bytes than it is given`);
    }
    return { base: start, plain, encodedBytes, patch };
  }
}

/** The codec's number for a list that makes no sense. */
const malformed = -14;
/** A base, and what is copied past its end. */
const baseRoom = (1 << 20) + 4096;

/** More than it takes to unpack a patch. */
const unpackRoom = 4 << 20;

/** As codec/work-area.ts has it. */
function encodedBound(rawSize: number): number {
  return rawSize * 2 + 64;
}

/** All areas for patches. */
function patchBytes(rawSize: number): number {
  return baseRoom + 3 * encodedBound(rawSize) + unpackRoom;
}

export const chunkDecoder = new ChunkDecoder();

export function damaged(file: LaneFile, chunk: Chunk, what: string): TraceError {
  return new TraceError('TRACE_DAMAGED', file.path, what, { offset: chunk.offset });
}

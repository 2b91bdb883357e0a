/**
 * The codec for reading: memory of its own, one chunk at a time in, plain bytes out. Nothing stays in it between two
 * calls, so all readers of a thread share one (`chunkDecoder`).
 */

import { chunkHeaderSize } from '../generated/schema.ts';
import { type Chunk, chunkLength } from './chunk.ts';
import { type Codec, codecStaticBytes, createSharedMemory, instantiateCodec } from './codec.ts';
import { codecErrorText } from './codec-errors.ts';
import type { LaneFile } from './lane-file.ts';
import { TraceError } from './trace-error.ts';

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
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

  /**
   * The chunk's records (or index entries), copied to `into`, or to new bytes when it is too small. The sizes of
   * `chunk` must have been checked against the file's size and the limits.
   * @throws TraceError TRACE_DAMAGED, TRACE_TRUNCATED, TRACE_UNREADABLE
   */
  decode(file: LaneFile, chunk: Chunk, into: Uint8Array): Uint8Array {
    this.#reserve(chunk.rawSize, chunk.storedSize);
    this.#load(file, chunk);
    const size = this.#codec.decodeChunk(
      this.#input,
      chunkLength(chunk),
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

  /** 0 when the chunk's header and checksum are right, else the codec's error number. Errors as decode. */
  check(file: LaneFile, chunk: Chunk): number {
    this.#reserve(0, chunk.storedSize);
    this.#load(file, chunk);
    return this.#codec.checkChunk(this.#input, chunkLength(chunk));
  }

  /** Reads the chunk's bytes to the input area; its header must be the one that `chunk` tells of. */
  #load(file: LaneFile, chunk: Chunk): void {
    const length = chunkLength(chunk);
    if (file.read(chunk.offset, this.#bytes, this.#input, length) < length) {
      throw new TraceError('TRACE_TRUNCATED', file.path, 'the file ends within a chunk', { offset: chunk.offset });
    }
  }

  /** Makes the areas at least so large; memory that is never touched costs nothing. */
  #reserve(rawSize: number, storedSize: number): void {
    if (rawSize <= this.#rawCapacity && storedSize <= this.#storedCapacity && this.#bytes) return;
    this.#rawCapacity = Math.max(rawSize, this.#rawCapacity, 1 << 20);
    this.#storedCapacity = Math.max(storedSize, this.#storedCapacity, 1 << 20);
    // The decoder's work area for n bytes stays below 4n + 2 MiB; the codec itself is asked below.
    this.#workCapacity = aligned(this.#rawCapacity * 4 + (2 << 20));
    this.#input = codecStaticBytes;
    this.#output = this.#input + aligned(chunkHeaderSize + this.#storedCapacity + 64);
    this.#work = this.#output + aligned(this.#rawCapacity + 64);
    const memory = createSharedMemory(this.#work + this.#workCapacity);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#codec = instantiateCodec(memory);
    if (this.#codec.decodeWorkBytes(this.#rawCapacity) > this.#workCapacity || this.#codec.decodeSlack() > 64) {
      throw new RangeError(`the codec needs more memory for chunks of ${this.#rawCapacity} bytes than it is given`);
    }
  }
}

export const chunkDecoder = new ChunkDecoder();

export function damaged(file: LaneFile, chunk: Chunk, what: string): TraceError {
  return new TraceError('TRACE_DAMAGED', file.path, what, { offset: chunk.offset });
}

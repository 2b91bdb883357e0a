/** The codec with a base and room for one patched chunk, for tests. */
import * as assert from 'uvu/assert';
import { chunkHeaderSize } from '../engine/generated/schema.ts';
import { baseAreaBytes, ChunkBase } from '../engine/trace/chunk-base.ts';
import { codecStaticBytes, createSharedMemory, instantiateCodec } from '../engine/trace/codec.ts';

export class PatchMemory {
  readonly bytes: Uint8Array;
  readonly codec;
  readonly base: ChunkBase;
  readonly #plain = codecStaticBytes + baseAreaBytes;
  readonly #patched = this.#plain + (4 << 20);
  readonly #work = this.#patched + (4 << 20);
  readonly #again = this.#work + (16 << 20);

  constructor() {
    const memory = createSharedMemory(this.#again + (8 << 20));
    this.bytes = new Uint8Array(memory.buffer);
    this.codec = instantiateCodec(memory);
    this.base = new ChunkBase(this.codec, this.bytes, codecStaticBytes);
  }

  /** A patch of the chunk; undefined where it is none. */
  patch(chunk: Uint8Array, compression: 'fast' | 'best' | 'none'): Uint8Array | undefined {
    this.bytes.set(chunk, this.#plain);
    const length = this.base.patch(this.#plain, this.#patched, this.#work, compression);
    return length === 0 ? undefined : this.bytes.slice(this.#patched, this.#patched + length);
  }

  /** The chunk that it was, or the codec's error. */
  plain(patched: Uint8Array): Uint8Array | number {
    this.bytes.set(patched, this.#patched);
    const fault = this.codec.checkPatched(this.#patched, patched.length);
    if (fault !== 0) return fault;
    const guard = this.bytes.slice(this.#again + chunkHeaderSize + (1 << 20) + 64, this.#again + (2 << 20));
    const length = this.codec.plainChunk(this.#patched, codecStaticBytes, this.#again, 1 << 20, this.#work);
    const behind = this.bytes.subarray(this.#again + chunkHeaderSize + (1 << 20) + 64, this.#again + (2 << 20));
    assert.is(Buffer.compare(guard, behind), 0, 'it writes where it may');
    return length < 0 ? length : this.bytes.slice(this.#again, this.#again + length);
  }
}

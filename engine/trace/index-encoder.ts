/** Makes index chunks and appends them, in memory of its own. */
import { chunkHeaderSize, indexEntrySize } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';
import type { Chunk } from './chunk.ts';
import { codecStaticBytes, compressionLevels, createSharedMemory, instantiateCodec } from './codec.ts';
import { laneNumbers } from './lane-files.ts';
import { maxIndexEntries, writeEntries } from './lane-index.ts';
import type { LaneWriter } from './lane-writer.ts';

const entriesBytes = maxIndexEntries * indexEntrySize;
const entries = codecStaticBytes;
const output = entries + entriesBytes;
const work = output + entriesBytes + chunkHeaderSize;

export class IndexEncoder {
  readonly #memory = createSharedMemory(work + 4 * entriesBytes + (8 << 20));
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #codec = instantiateCodec(this.#memory);

  constructor() {
    if (work + this.#codec.encodeWorkBytes(entriesBytes) > this.#bytes.length) {
      throw new RangeError(`the codec needs more memory for ${maxIndexEntries} index entries than it is given`);
    }
  }

  /** Appends the index chunks for a lane's chunks, at least one; the bytes that they take. */
  append(writer: LaneWriter, lane: LaneName, chunks: readonly Chunk[]): number {
    const { fast } = compressionLevels;
    let written = 0;
    for (let first = 0; first === 0 || first < chunks.length; first += maxIndexEntries) {
      const part = chunks.slice(first, first + maxIndexEntries);
      writeEntries(part, this.#bytes, entries);
      const length = this.#codec.encodeIndex(laneNumbers[lane], entries, part.length, fast, output, work);
      writer.append(this.#bytes, output, length);
      written += length;
    }
    return written;
  }
}

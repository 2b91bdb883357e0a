/**
 * Decides which chunks of a recording are patches, and of what. Recordings of one program begin alike: the first puts what
 * it has encoded into the store, and each adds what is new, as long as there is room.
 */
import { chunkHeaderOffsets, chunkHeaderSize } from '../generated/schema.ts';
import type { ChunkBase } from './chunk-base.ts';
import { type Codec, type Compression, compressionLevels } from './codec.ts';
import { laneNumbers } from './lane-files.ts';
import { maxPieceBytes } from './piece-file.ts';
import type { ProgramBase } from './program-base.ts';

/** Fewer new bytes are not worth pieces of their own; nor are they below this share of a chunk's. */
const leastNew = 8 << 10;
const leastNewShare = 1 / 8;
/** A recording adds so many pieces at most. */
const mostAdded = 8;
/** Slots that are not tried after one that shares little: twice as many each time, up to these. */
const mostSkipped = 64;

export class EncoderBase {
  readonly #base: ChunkBase;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #codec: Codec;
  readonly #program: ProgramBase | undefined;
  #added = 0;
  #hasBegun = false;
  /** Slots that are left out now, and would be after the next that shares little. */
  #skip = 0;
  #nextSkip = 1;

  /** @param program that the base grows with; undefined: it stays as it is */
  constructor(base: ChunkBase, memory: Uint8Array, codec: Codec, program: ProgramBase | undefined) {
    this.#base = base;
    this.#bytes = memory;
    this.#view = new DataView(memory.buffer);
    this.#codec = codec;
    this.#program = program;
  }

  /** Whether the chunks of the next slots are tried: to be asked once of each. */
  isDue(slots: number): boolean {
    if (this.#base.isEmpty && !this.#mayGrow) return false;
    const isSkipped = this.#skip > 0;
    this.#skip = Math.max(0, this.#skip - slots);
    return !isSkipped;
  }

  /**
   * Adds what is new in a slot to the base.
   * @param plain where its chunks are, with plain bytes
   * @param into as for patch
   */
  grow(plain: readonly number[], into: number, work: number): void {
    this.#startAnew(plain, into, work);
    if (!this.#mayGrow) return;
    const parts: Uint8Array[] = [];
    let size = 0;
    let packed = 0;
    for (const at of plain.filter((each) => this.#isPatchable(each))) {
      const lacking = this.#base.isEmpty ? undefined : this.#base.lacking(at, into, work);
      packed += lacking !== undefined ? 0 : this.#codec.packChunk(at, into, compressionLevels.fast, work);
      const bytes = this.#sizeOf(at);
      const start = lacking === undefined ? at + chunkHeaderSize : work;
      parts.push(this.#bytes.slice(start, start + (lacking ?? bytes)));
      size += bytes;
    }
    const fresh = Buffer.concat(parts);
    // What is next to nothing when it is compressed needs no base.
    if (packed > 0 && packed < leastNew / 4) return;
    if (fresh.length >= leastNew && fresh.length >= size * leastNewShare) this.#add(fresh);
  }

  /**
   * Makes a patch of a chunk whose bytes are plain, at `into`; its length, 0 when it shall be none.
   * @param work for codec.patchWorkBytes
   */
  patch(plain: number, into: number, work: number, compression: Compression): number {
    if (!this.#isPatchable(plain)) return 0;
    const length = this.#base.isEmpty ? 0 : this.#base.patch(plain, into, work, compression);
    if (this.#laneAt(plain) === laneNumbers.data) this.#judge(length !== 0);
    return length;
  }

  /** The next recording of the program is given what this one has added. */
  close(): void {
    if (this.#added > 0) this.#program?.save(this.#base.hashes);
  }

  /** A base that is full, and that the recording's beginning has nothing of, is of another version of the program. */
  #startAnew(plain: readonly number[], into: number, work: number): void {
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    if (!isFirst || this.#base.room > 0 || this.#program === undefined) return;
    const data = plain.find((chunk) => this.#laneAt(chunk) === laneNumbers.data);
    if (data !== undefined && this.#base.patch(data, into, work, 'none') === 0) this.#base.clear();
  }

  get #mayGrow(): boolean {
    return this.#program !== undefined && this.#added < mostAdded && this.#base.room > 0;
  }

  /** Bytes of a chunk's encoded form, which is plain. */
  #sizeOf(chunk: number): number {
    return this.#view.getUint32(chunk + chunkHeaderOffsets.storedSize, true);
  }

  #laneAt(chunk: number): number {
    return this.#view.getUint8(chunk + chunkHeaderOffsets.lane);
  }

  /** A trace is listed without these lanes, also when its store is not there. */
  #isPatchable(chunk: number): boolean {
    const lane = this.#laneAt(chunk);
    return lane === laneNumbers.data || lane === laneNumbers.mmaps;
  }

  /** As much as there is room for. */
  #add(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length && this.#mayGrow; done += maxPieceBytes) {
      const piece = this.#program!.keep(bytes.subarray(done, done + maxPieceBytes));
      if (piece === undefined) return;
      this.#base.add(piece);
      this.#added += 1;
    }
  }

  #judge(shares: boolean): void {
    this.#skip = shares ? 0 : this.#nextSkip;
    this.#nextSkip = shares ? 1 : Math.min(this.#nextSkip * 2, mostSkipped);
  }
}

/**
 * What chunks of a recording may be patches of (codec/patch.ts): pieces of the store, each in a place of the base, in the
 * memory of the codec.
 */
import type { Codec, Compression } from './codec.ts';
import { compressionLevels } from './codec.ts';
import { maxPieceBytes } from './piece-file.ts';
import { hashBytes } from './store-layout.ts';

/** Bytes of a place; a piece fits. */
const placeBytes = maxPieceBytes;
export const basePlaces = 16;
/** A base, its table and the hashes of its pieces (codec/patch.ts). */
export const baseAreaBytes = 2 << 20;

/** A piece of a base. */
export interface BasePiece {
  readonly hash: Uint8Array;
  readonly content: Uint8Array;
}

export class ChunkBase {
  readonly #codec: Codec;
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #table: number;
  readonly #hashes: number;
  #count = 0;

  /** @param area of baseAreaBytes */
  constructor(codec: Codec, memory: Uint8Array, area: number) {
    this.#codec = codec;
    this.#bytes = memory;
    this.#base = area;
    this.#table = area + codec.baseBytes() + 64;
    this.#hashes = this.#table + codec.baseTableBytes();
    if (this.#hashes + basePlaces * hashBytes > area + baseAreaBytes || codec.baseBytes() !== basePlaces * placeBytes) {
      throw new RangeError('the codec needs more memory for a base than it is given');
    }
    this.clear();
  }

  /** Pieces that still fit. */
  get room(): number {
    return basePlaces - this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Hashes of its pieces, one behind the other. */
  get hashes(): Uint8Array {
    return this.#bytes.subarray(this.#hashes, this.#hashes + this.#count * hashBytes);
  }

  clear(): void {
    this.#codec.clearBase(this.#base, this.#table);
    this.#count = 0;
  }

  add({ hash, content }: BasePiece): void {
    const place = this.#count;
    this.#bytes.set(content, this.#base + place * placeBytes);
    this.#bytes.set(hash, this.#hashes + place * hashBytes);
    this.#codec.enterPlace(this.#base, this.#table, place, content.length);
    this.#count += 1;
  }

  /** Puts the bytes of a chunk that the base lacks at `work`: how many; undefined when they are too many parts. Otherwise
   * as patch. */
  lacking(plain: number, into: number, work: number): number | undefined {
    const length = this.#patch(plain, into, work, compressionLevels.none, true);
    return length === 0 ? undefined : this.#codec.patchLiterals();
  }

  /**
   * Makes a patch of a chunk whose bytes are plain, at `into`. The chunk's length; 0 when too little of it is in the base.
   * @param work codec.patchWorkBytes; afterwards it begins with codec.patchLiterals() bytes that are not in the base
   */
  patch(plain: number, into: number, work: number, compression: Compression): number {
    return this.#patch(plain, into, work, compressionLevels[compression], false);
  }

  #patch(plain: number, into: number, work: number, level: number, isLoose: boolean): number {
    const { base, table, hashes } = { base: this.#base, table: this.#table, hashes: this.#hashes };
    return this.#codec.patchChunk(plain, into, base, this.#count, table, hashes, work, level, isLoose);
  }
}

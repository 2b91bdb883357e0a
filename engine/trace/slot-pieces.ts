/**
 * Puts references in place of what programs read and the store keeps (docs/trace-format.md, "References"): in a slot of
 * the ring, before it is encoded. The slot gets smaller, never larger.
 */
import {
  dataFlags,
  dataOffsets,
  dataSize,
  dataSpaces,
  pieceReferenceOffsets,
  pieceReferenceSize,
  recordHeaderOffsets,
  recordKinds,
} from '../generated/schema.ts';
import { argumentCountAt, entrySize, outCountAt, outLengthAt, outSize, wordsOf } from './buffer-entries.ts';
import { maxPieceBytes } from './piece-file.ts';
import { storedBit } from './stored-payload.ts';

/** Less is not worth a reference: what is read of files, and anything else. Bytes. */
const leastOfFile = 1024;
const leastOfOther = 4096;

/** RR_READS_FILE of preload/layout.h, in the number of arguments: the call reads a file that everybody may read. */
const readsFile = 0x40;

/** Bytes that a reference may take the place of. */
export interface Candidate {
  /** In the memory, and how many. */
  readonly position: number;
  readonly length: number;
  readonly isFromFile: boolean;
}

/** SHA-256 of those candidates that the store has, in their order; undefined for what stays in the trace. */
export type PlacePieces = (candidates: readonly Candidate[]) => readonly (Uint8Array | undefined)[];

export class SlotPieces {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: PlacePieces | undefined;

  /** @param place undefined where there is no store: then only the marks of the recorder are taken away */
  constructor(memory: Uint8Array, place: PlacePieces | undefined) {
    this.#bytes = memory;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.#place = place;
  }

  /** Replaces what it can in `used` bytes of records; how many bytes they are then. */
  replace(slot: number, used: number): number {
    const candidates: Candidate[] = [];
    for (let record = slot; record < slot + used; record += this.#view.getUint32(record, true)) {
      if (this.#bytes[record + recordHeaderOffsets.kind] === recordKinds.data) this.#look(record, candidates);
    }
    if (candidates.length === 0 || this.#place === undefined) return used;
    const hashes = this.#place(candidates);
    if (hashes.every((hash) => hash === undefined)) return used;
    return this.#rewrite(slot, used, candidates, hashes);
  }

  #look(record: number, candidates: Candidate[]): void {
    const space = this.#bytes[record + dataOffsets.space];
    const length = this.#view.getUint32(record + dataOffsets.length, true);
    const position = record + dataSize;
    if (space === dataSpaces.syscallBuffer) {
      this.#lookAtEntries(position, position + length, candidates);
      return;
    }
    if (space !== dataSpaces.memory && space !== dataSpaces.output) return;
    const isFromFile = (this.#bytes[record + recordHeaderOffsets.flags]! & dataFlags.fromFile) !== 0;
    if (isWorthwhile(length, isFromFile)) candidates.push({ position, length, isFromFile });
  }

  #lookAtEntries(start: number, end: number, candidates: Candidate[]): void {
    let size = 0;
    for (let entry = start; entry < end; entry += size) {
      size = this.#view.getUint32(entry, true);
      if (size < entrySize || size > end - entry) return;
      const count = this.#bytes[entry + argumentCountAt]!;
      const isFromFile = (count & readsFile) !== 0;
      if (isFromFile) this.#bytes[entry + argumentCountAt] = count & ~readsFile;
      if (size < leastOfFile) continue;
      let out = entry + entrySize + wordsOf(count & ~readsFile) * 8;
      for (let index = this.#bytes[entry + outCountAt]!; index > 0; index--) {
        const length = this.#view.getUint32(out + outLengthAt, true);
        const isString = this.#view.getUint32(out + outLengthAt + 4, true) !== 0;
        const position = out + outSize;
        if (position + length > entry + size) break;
        if (!isString && isWorthwhile(length, isFromFile)) candidates.push({ position, length, isFromFile });
        out = position + padded(length);
      }
    }
  }

  /** Moves everything together behind the references, record by record, entry by entry. */
  #rewrite(
    slot: number,
    used: number,
    candidates: readonly Candidate[],
    hashes: readonly (Uint8Array | undefined)[],
  ): number {
    let next = 0;
    let to = slot;
    const skipUnplaced = (): void => {
      while (next < candidates.length && hashes[next] === undefined) next += 1;
    };
    skipUnplaced();
    for (let from = slot; from < slot + used; ) {
      const size = this.#view.getUint32(from, true);
      const isUntouched = next === candidates.length || candidates[next]!.position >= from + size;
      if (isUntouched) {
        this.#bytes.copyWithin(to, from, from + size);
        to += size;
        from += size;
        continue;
      }
      const record = to;
      const length = this.#view.getUint32(from + dataOffsets.length, true);
      const isBuffer = this.#bytes[from + dataOffsets.space] === dataSpaces.syscallBuffer;
      this.#bytes.copyWithin(to, from, from + dataSize);
      to += dataSize;
      if (isBuffer) {
        const end = from + dataSize + length;
        for (let entry = from + dataSize; entry < end; ) {
          const entryBytes = this.#view.getUint32(entry, true);
          const moved = to;
          let done = entry;
          while (next < candidates.length && candidates[next]!.position < entry + entryBytes) {
            const { position, length: stored } = candidates[next]!;
            this.#bytes.copyWithin(to, done, position);
            to += position - done;
            const top = to - outSize + outLengthAt + 4;
            this.#view.setUint32(top, this.#view.getUint32(top, true) | storedBit, true);
            to = this.#refer(to, hashes[next]!, stored);
            done = position + padded(stored);
            next += 1;
            skipUnplaced();
          }
          this.#bytes.copyWithin(to, done, entry + entryBytes);
          to += entry + entryBytes - done;
          this.#view.setUint32(moved, to - moved, true);
          entry += entryBytes;
        }
      } else {
        to = this.#refer(to, hashes[next]!, length);
        next += 1;
        skipUnplaced();
      }
      this.#bytes[record + recordHeaderOffsets.flags]! |= dataFlags.stored;
      this.#view.setUint32(record + dataOffsets.length, to - record - dataSize, true);
      this.#view.setUint32(record, to - record, true);
      from += size;
    }
    return to - slot;
  }

  /** Writes a reference to the whole of a piece; the place behind it. */
  #refer(to: number, hash: Uint8Array, length: number): number {
    this.#bytes.set(hash, to + pieceReferenceOffsets.hash);
    this.#view.setUint32(to + pieceReferenceOffsets.offset, 0, true);
    this.#view.setUint32(to + pieceReferenceOffsets.length, length, true);
    return to + pieceReferenceSize;
  }
}

function isWorthwhile(length: number, isFromFile: boolean): boolean {
  return length >= (isFromFile ? leastOfFile : leastOfOther) && length <= maxPieceBytes;
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

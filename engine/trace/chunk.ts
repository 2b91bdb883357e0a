/** A chunk as the reader and the index know it: where it is, and what its header says (docs/trace-format.md). */
import { chunkHeaderOffsets as at, chunkHeaderSize, chunkMagic } from '../generated/schema.ts';

export interface Chunk {
  /** Of the header in the file. */
  readonly offset: number;
  readonly sequence: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
  readonly storedSize: number;
  readonly rawSize: number;
  readonly recordCount: number;
  readonly laneMask: number;
  /** Slots that it was made from, from `sequence` on. */
  readonly slotCount: number;
}

/** A header's fields, unchecked but for being numbers that a double holds exactly. */
export interface ChunkHeader extends Chunk {
  readonly lane: number;
  readonly content: number;
}

/** Bytes from a chunk's header to the next chunk. */
export function chunkLength(chunk: Chunk): number {
  return chunkHeaderSize + chunk.storedSize;
}

/** Reads the header at `position` of `bytes`; undefined when it is not a header, or numbers in it exceed 2^53. */
export function readChunkHeader(bytes: Uint8Array, position: number, offset: number): ChunkHeader | undefined {
  if (position + chunkHeaderSize > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, chunkHeaderSize);
  if (view.getUint32(at.magic, true) !== chunkMagic || view.getUint16(at.headerSize, true) !== chunkHeaderSize) {
    return undefined;
  }
  const sequence = exactNumber(view, at.slotSequence);
  const firstEvent = exactNumber(view, at.firstEvent);
  const lastEvent = exactNumber(view, at.lastEvent);
  if (sequence === undefined || firstEvent === undefined || lastEvent === undefined) return undefined;
  return {
    offset,
    sequence,
    firstEvent,
    lastEvent,
    storedSize: view.getUint32(at.storedSize, true),
    rawSize: view.getUint32(at.rawSize, true),
    recordCount: view.getUint32(at.recordCount, true),
    laneMask: view.getUint8(at.laneMask),
    slotCount: Math.max(1, view.getUint32(at.slotCount, true)),
    lane: view.getUint8(at.lane),
    content: view.getUint8(at.content),
  };
}

/** A u64 as a number; undefined above 2^53 - 1. */
export function exactNumber(view: DataView, position: number): number | undefined {
  const high = view.getUint32(position + 4, true);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(position, true) : undefined;
}

/** The entries of an index chunk: where a lane's chunks are, and what they hold. */
import { indexEntryOffsets as at, indexEntrySize } from '../generated/schema.ts';
import { type Chunk, exactNumber } from './chunk.ts';

/** Entries of one index chunk; a file with more chunks has several, one behind the other. */
export const maxIndexEntries = 4096;

/** Writes the entries at `position` of `bytes`; the bytes that they take. */
export function writeEntries(chunks: readonly Chunk[], bytes: Uint8Array, position: number): number {
  const size = chunks.length * indexEntrySize;
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, size);
  chunks.forEach((chunk, index) => {
    const entry = index * indexEntrySize;
    view.setBigUint64(entry + at.offset, BigInt(chunk.offset), true);
    view.setBigUint64(entry + at.slotSequence, BigInt(chunk.sequence), true);
    view.setBigUint64(entry + at.firstEvent, BigInt(chunk.firstEvent), true);
    view.setBigUint64(entry + at.lastEvent, BigInt(chunk.lastEvent), true);
    view.setUint32(entry + at.storedSize, chunk.storedSize, true);
    view.setUint32(entry + at.rawSize, chunk.rawSize, true);
    view.setUint32(entry + at.recordCount, chunk.recordCount, true);
    view.setUint8(entry + at.laneMask, chunk.laneMask);
    view.setUint8(entry + at.reserved, 0);
    view.setUint16(entry + at.slotCount, chunk.slotCount, true);
  });
  return size;
}

/** The entries in `bytes`, unchecked but for being exact numbers; undefined when one is not. */
export function readEntries(bytes: Uint8Array): Chunk[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  for (let entry = 0; entry + indexEntrySize <= bytes.length; entry += indexEntrySize) {
    const offset = exactNumber(view, entry + at.offset);
    const sequence = exactNumber(view, entry + at.slotSequence);
    const firstEvent = exactNumber(view, entry + at.firstEvent);
    const lastEvent = exactNumber(view, entry + at.lastEvent);
    if (offset === undefined || sequence === undefined || firstEvent === undefined || lastEvent === undefined) {
      return undefined;
    }
    chunks.push({
      offset,
      sequence,
      firstEvent,
      lastEvent,
      storedSize: view.getUint32(entry + at.storedSize, true),
      rawSize: view.getUint32(entry + at.rawSize, true),
      recordCount: view.getUint32(entry + at.recordCount, true),
      laneMask: view.getUint8(entry + at.laneMask),
      slotCount: Math.max(1, view.getUint16(entry + at.slotCount, true)),
    });
  }
  return chunks;
}

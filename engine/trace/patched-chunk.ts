/** The list of pieces in a patched chunk (docs/trace-format.md, "Patched chunks"). */
import { chunkCodecs, chunkHeaderOffsets, chunkHeaderSize } from '../generated/schema.ts';
import { basePlaces } from './chunk-base.ts';
import { hashBytes } from './store-layout.ts';

const listedBytes = 4 + hashBytes;

/** Bytes from a chunk's beginning on that hold the whole list, if it has one. */
export const listEnd = chunkHeaderSize + 4 + basePlaces * listedBytes;

export interface ListedPiece {
  /** Which place of the base it is for. */
  readonly place: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

export function isPatched(chunk: Uint8Array): boolean {
  return chunk[chunkHeaderOffsets.codec] === chunkCodecs.patched;
}

/** The list of a patched chunk, or of its first `listEnd` bytes; undefined when it is malformed. */
export function listedPieces(chunk: Uint8Array): readonly ListedPiece[] | undefined {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (bytes.length < chunkHeaderSize + 4) return undefined;
  const count = bytes.readUInt32LE(chunkHeaderSize);
  const start = chunkHeaderSize + 4;
  if (count > basePlaces || start + count * listedBytes > bytes.length) return undefined;
  const list = Array.from({ length: count }, (_, index) => {
    const at = start + index * listedBytes;
    return { place: bytes.readUInt32LE(at), hash: bytes.toString('hex', at + 4, at + listedBytes) };
  });
  return list.every(({ place }) => place < basePlaces) ? list : undefined;
}

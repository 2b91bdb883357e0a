/** A piece as formats up to 7 have it: an LZ4 block behind its header (docs/trace-format.md, "The store"). */
import { encodePiece } from '../engine/trace/piece-file.ts';
import { CodecMemory } from './codec-memory.ts';

export function lz4Piece(content: Uint8Array): Buffer {
  const memory = new CodecMemory();
  memory.bytes.set(content, memory.slot);
  const { slot, output, work } = memory;
  const size = memory.codec.lz4Compress(slot, content.length, output, content.length - 1, 0, work);
  const header = encodePiece(content, 'none').subarray(0, 16);
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(size, 12);
  return Buffer.concat([header, memory.bytes.subarray(output, output + size)]);
}

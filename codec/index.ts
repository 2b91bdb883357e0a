// The codec's exports. Everything works in memory that the caller divides; nothing is allocated here, and static data
// stays below the first 64 KiB (scripts/build-codec.mjs checks it). An instance must not be entered twice at once.
import * as schema from './generated/schema';
import { SLACK } from './lz4-emit';
import { compressBest } from './lz4-best';
import { compressFast } from './lz4-fast';
import { decompress } from './lz4-decode';
import { PACK_BYTES, pack, unpack } from './packed';
import { BEHIND } from './packed/layout';
import { encodedBound } from './work-area';

export { checkChunk, decodeChunk, decodeSlack } from './decode';
export { encodeIndex, encodeSlot } from './encode';
export {
  baseBytes,
  baseTableBytes,
  checkPatched,
  clearBase,
  enterPlace,
  packChunk,
  patchChunk,
  patchLiterals,
  patchWorkBytes,
  plainChunk,
  plainWorkBytes,
} from './patch';
export { decodeWorkBytes, encodeWorkBytes } from './work-area';
export { xxh64 } from './xxh64';

/** Bytes that encodeSlot's chunks take at most for a slot of `slotSize` bytes, with what is overwritten behind them. */
export function encodeOutputBytes(slotSize: u32): u32 {
  return encodedBound(slotSize) + schema.LANE_COUNT * (schema.CHUNK_HEADER_BYTES + 64) + SLACK;
}

/** Bytes of the area that packBytes and unpackBytes need. */
export function packWorkBytes(): u32 {
  return PACK_BYTES;
}

/** Bytes that packBytes and unpackBytes may read and write over behind what they are given. */
export function packSlack(): u32 {
  return BEHIND;
}

/** Packed bytes by themselves: how many, 0 when they would be more than `limit`. */
export function packBytes(source: usize, length: u32, into: usize, limit: u32, area: usize): u32 {
  return pack(source, length, into, limit, area);
}

/** The inverse; false when they are malformed or do not hold exactly `size` bytes. */
export function unpackBytes(source: usize, length: u32, into: usize, size: u32, area: usize): bool {
  return unpack(source, length, into, size, area);
}

/** One LZ4 block by itself: for tests, also against other implementations. 0 when it would exceed `limit`. */
export function lz4Compress(source: usize, length: u32, into: usize, limit: u32, best: bool, table: usize): u32 {
  return best ? compressBest(source, length, into, limit, table) : compressFast(source, length, into, limit, table);
}

/** The inverse; false when the block is malformed or does not hold exactly `size` bytes. */
export function lz4Decompress(source: usize, length: u32, into: usize, size: u32): bool {
  return decompress(source, length, into, size);
}

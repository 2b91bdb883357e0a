// A chunk: header, then stored bytes. docs/trace-format.md has every field.
import * as schema from './generated/schema';
import { encodeBytes, encodeRecords } from './model';
import { pack } from './packed';
import { xxh64 } from './xxh64';

export const LEVEL_NONE: u32 = 0;
export const LEVEL_FAST: u32 = 1;
export const LEVEL_BEST: u32 = 2;
/** Tests only: one form of chunk, whatever it makes of the size. */
export const LEVEL_PACKED: u32 = 3;
export const LEVEL_MODELLED_COLUMNS: u32 = 4;

/** Sum over the header with its checksum field zero, and over the stored bytes behind it. */
export function chunkChecksum(chunk: usize, storedSize: u32): u64 {
  const kept = load<u64>(chunk, schema.CHUNK_HEADER_CHECKSUM);
  store<u64>(chunk, 0, schema.CHUNK_HEADER_CHECKSUM);
  const sum = xxh64(chunk, schema.CHUNK_HEADER_BYTES + storedSize, 0);
  store<u64>(chunk, kept, schema.CHUNK_HEADER_CHECKSUM);
  return sum;
}

/**
 * Completes a chunk of `count` records of `rawSize` bytes in all, which lie one behind the other at `gathered`, with zeros
 * for padding, by the models. Otherwise as storeChunk; 0 when they would take `limit` bytes or more.
 */
export function modelChunk(chunk: usize, gathered: usize, count: u32, rawSize: u32, area: usize, zeros: usize): u32 {
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  const lane = <u32>load<u8>(chunk, schema.CHUNK_HEADER_LANE);
  const storedSize = encodeRecords(lane, count, gathered, rawSize, zeros, stored, rawSize, area);
  return storedSize == 0 ? 0 : sealChunk(chunk, schema.CHUNK_CODEC_MODELLED, rawSize, storedSize);
}

/**
 * Completes a chunk at `chunk`: stores `size` encoded bytes, packed if the level says so and it makes them fewer,
 * and fills the fields that say how, and the checksum. The other fields of the header must be set. The chunk's length.
 */
export function storeChunk(chunk: usize, encoded: usize, size: u32, level: u32, area: usize): u32 {
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  let codec = schema.CHUNK_CODEC_PACKED;
  let storedSize: u32 = 0;
  if (level == LEVEL_MODELLED_COLUMNS) {
    codec = schema.CHUNK_CODEC_MODELLED_COLUMNS;
    storedSize = encodeBytes(encoded, size, stored, size, area);
  } else if (level != LEVEL_NONE) {
    storedSize = pack(encoded, size, stored, size, area);
  }
  if (storedSize == 0) {
    memory.copy(stored, encoded, size);
    codec = schema.CHUNK_CODEC_PLAIN;
    storedSize = size;
  }
  return sealChunk(chunk, codec, size, storedSize);
}

/**
 * Stores a chunk's `size` encoded bytes instead, where that takes less than the `length` bytes of the complete chunk; its
 * length then. What lies behind the chunk is overwritten, up to nine eighths of its length.
 */
export function improveChunk(chunk: usize, length: u32, encoded: usize, size: u32, area: usize): u32 {
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  const before = length - schema.CHUNK_HEADER_BYTES;
  // Models find at most an eighth more in them than packing does, or so; packing takes little time.
  const packed = pack(encoded, size, stored + before, before + (before >> 3), area);
  if (packed == 0) return length;
  const least = min<u32>(before, packed);
  const modelled = encodeBytes(encoded, size, stored + before, least, area);
  if (modelled == 0 || modelled >= before) return length;
  memory.copy(stored, stored + before, modelled);
  return sealChunk(chunk, schema.CHUNK_CODEC_MODELLED_COLUMNS, size, modelled);
}

/** Fills the fields that say how the bytes are stored, and the checksum; the chunk's length. */
export function sealChunk(
  chunk: usize,
  codec: u32,
  encodedSize: u32,
  storedSize: u32,
  format: u32 = schema.FORMAT_VERSION,
): u32 {
  store<u32>(chunk, schema.CHUNK_MAGIC, schema.CHUNK_HEADER_MAGIC);
  store<u16>(chunk, <u16>schema.CHUNK_HEADER_BYTES, schema.CHUNK_HEADER_HEADER_SIZE);
  store<u16>(chunk, <u16>format, schema.CHUNK_HEADER_FORMAT);
  store<u8>(chunk, <u8>codec, schema.CHUNK_HEADER_CODEC);
  store<u32>(chunk, encodedSize, schema.CHUNK_HEADER_ENCODED_SIZE);
  store<u32>(chunk, storedSize, schema.CHUNK_HEADER_STORED_SIZE);
  store<u64>(chunk, chunkChecksum(chunk, storedSize), schema.CHUNK_HEADER_CHECKSUM);
  return schema.CHUNK_HEADER_BYTES + storedSize;
}

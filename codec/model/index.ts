// Records coded by models: docs/trace-format.md, "Modelled chunks".
import { BYTES_AREA_BYTES, beginBytes, decodeStretch } from './bytes';
import { Decode, Encode, placeBlend } from './nibble';
import { beginParsing, encodeStretch, parseBytes } from './parse';
import { RANS_AREA_BYTES, beginDecoding, beginEncoding, endDecoding, endEncoding } from './rans';
import { RECORDS_AREA_BYTES, records } from './records';

/** Bytes of the area. */
export function modelDecodeBytes(): u32 {
  return RECORDS_AREA_BYTES;
}

/** The same for windows of at most `size` bytes. */
export function modelEncodeBytes(size: u32): u32 {
  return RECORDS_AREA_BYTES + RANS_AREA_BYTES + parseBytes(size);
}

/**
 * Encodes `count` records of a lane, `rawSize` bytes that lie at `base`, to at most `limit` bytes at `into`: their number,
 * or 0 when they are more. `zeros`: a record of zeros; `area`: modelEncodeBytes(rawSize).
 */
export function encodeRecords(
  lane: u32,
  count: u32,
  base: usize,
  rawSize: u32,
  zeros: usize,
  into: usize,
  limit: u32,
  area: usize,
): u32 {
  const coder = area + RECORDS_AREA_BYTES;
  beginEncoding(into, limit, coder);
  records<Encode>(lane, count, base, rawSize, zeros, area, coder + RANS_AREA_BYTES);
  const end = endEncoding();
  return end == 0 ? 0 : <u32>(end - into);
}

/** Decodes `size` bytes at `from` to `count` records of `rawSize` bytes in all at `base`; false when they are malformed. */
export function decodeRecords(
  lane: u32,
  count: u32,
  base: usize,
  rawSize: u32,
  zeros: usize,
  from: usize,
  size: u32,
  area: usize,
): bool {
  beginDecoding(from, size);
  return records<Decode>(lane, count, base, rawSize, zeros, area, 0) && endDecoding();
}

/**
 * Encodes `size` bytes of no known form, which lie at `base`, to at most `limit` bytes at `into`: their number, or 0 when they
 * are more. `area`: modelEncodeBytes(size).
 */
export function encodeBytes(base: usize, size: u32, into: usize, limit: u32, area: usize): u32 {
  const coder = area + RECORDS_AREA_BYTES;
  beginEncoding(into, limit, coder);
  placeBlend(area + BYTES_AREA_BYTES);
  beginBytes(area, base);
  beginParsing(coder + RANS_AREA_BYTES, base, size);
  encodeStretch(base, base + size);
  const end = endEncoding();
  return end == 0 ? 0 : <u32>(end - into);
}

/** Decodes `size` bytes at `from` to `whole` bytes at `base`; false when they are malformed. `area`: modelDecodeBytes(). */
export function decodeBytes(base: usize, whole: u32, from: usize, size: u32, area: usize): bool {
  beginDecoding(from, size);
  placeBlend(area + BYTES_AREA_BYTES);
  beginBytes(area, base);
  return decodeStretch(base, base + whole) && endDecoding();
}

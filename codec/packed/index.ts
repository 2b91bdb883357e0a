// Bytes packed quickly: copies of what came before, and Huffman's codes. docs/trace-format.md, "Packed bytes".
import { readVarint, varintValue, writeVarint } from '../varint';
import { STARTS_BYTES, placeStarts } from './codes';
import { BEHIND, BLOCK, SHORTEST } from './layout';
import { LENGTHS_AREA_BYTES } from './lengths';
import { LITERALS_AREA_BYTES, literalsEnd, literalsRead, placeLiterals, readLiterals, writeLiterals } from './literals';
import { PLACES_BYTES, beginPlaces, literalsKept, parseBlock } from './parse';
import {
  SEQUENCES_AREA_BYTES,
  SEQUENCE_BYTES,
  beginCounts,
  beginSequences,
  placeSequences,
  readSequenceCodes,
  readSequences,
  sequencesEnd,
  writeSequences,
} from './sequences';

const SCRATCH: u32 = STARTS_BYTES;
const SEQUENCES: u32 = SCRATCH + LENGTHS_AREA_BYTES;
const LITERALS: u32 = SEQUENCES + SEQUENCES_AREA_BYTES;
/** Bytes of the area to unpack. */
export const UNPACK_BYTES: u32 = LITERALS + LITERALS_AREA_BYTES;
const PLACES: u32 = UNPACK_BYTES;
const KEPT_LITERALS: u32 = PLACES + PLACES_BYTES;
const KEPT: u32 = KEPT_LITERALS + BLOCK + BEHIND;
/** Bytes of the area to pack. */
export const PACK_BYTES: u32 = KEPT + (BLOCK / SHORTEST + 1) * SEQUENCE_BYTES;

function divide(area: usize): void {
  placeStarts(area);
  placeSequences(area + SEQUENCES);
  placeLiterals(area + LITERALS);
  beginSequences();
}

/**
 * Packs `length` bytes at `source` to `into`: how many they are, 0 when they would be more than `limit`. Up to BEHIND bytes
 * are read behind the source, and written over behind the limit. `area`: PACK_BYTES.
 */
export function pack(source: usize, length: u32, into: usize, limit: u32, area: usize): u32 {
  divide(area);
  beginPlaces(area + PLACES);
  const end = source + length;
  const intoEnd = into + limit;
  const literals = area + KEPT_LITERALS;
  const sequences = area + KEPT;
  let output = into;
  for (let start = source; start < end; start += BLOCK) {
    if (intoEnd - output < 8) return 0;
    beginCounts();
    const kept = parseBlock(source, start, min<usize>(start + BLOCK, end), literals, sequences);
    const count = <u32>(literalsKept - literals);
    output = writeVarint(output, count);
    output = writeVarint(output, <u32>(kept - sequences) / SEQUENCE_BYTES);
    output = writeLiterals(literals, count, area + SCRATCH, output, intoEnd);
    if (output != 0 && kept != sequences) output = writeSequences(sequences, kept, area + SCRATCH, output, intoEnd);
    if (output == 0) return 0;
  }
  return <u32>(output - into);
}

/**
 * Unpacks `length` bytes at `source` to exactly `size` bytes at `into`. Up to BEHIND bytes are read and written behind them.
 * `area`: UNPACK_BYTES. False when they are malformed.
 */
export function unpack(source: usize, length: u32, into: usize, size: u32, area: usize): bool {
  divide(area);
  const end = source + length;
  const intoEnd = into + size;
  let position = source;
  for (let output = into; output < intoEnd; output += BLOCK) {
    const outputEnd = min<usize>(output + BLOCK, intoEnd);
    position = readVarint(position, end);
    if (position == 0 || varintValue > <u64>(outputEnd - output)) return false;
    const count = <u32>varintValue;
    position = readVarint(position, end);
    if (position == 0 || varintValue > BLOCK / SHORTEST) return false;
    const sequences = <u32>varintValue;
    if (!readLiterals(position, end, count)) return false;
    position = literalsEnd;
    if (sequences != 0) {
      position = readSequenceCodes(position, end);
      if (position == 0) return false;
    }
    const literals = literalsRead;
    if (!readSequences(position, end, sequences, literals, literals + count, into, output, outputEnd)) return false;
    position = sequencesEnd;
  }
  return position == end;
}

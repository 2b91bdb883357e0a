// LZ4 block compression, quick: one table of the last position of each hash, greedy matches, longer strides where
// nothing matches.
import {
  LAST_LITERALS,
  LAST_MATCH_DISTANCE,
  MAX_OFFSET,
  MIN_MATCH,
  matchLength,
  sequenceBound,
  writeLastLiterals,
  writeSequence,
} from './lz4-emit';

const HASH_BITS: u64 = 14;
/** Bytes of the work area. */
export const FAST_TABLE_BYTES: u32 = 4 << (<u32>HASH_BITS);
/** After 2^n fruitless probes the stride grows by one byte. */
const STRIDE_SHIFT: u32 = 6;

/** Hash of the five bytes at `position`; reads eight. */
// @ts-ignore: decorator
@inline
function slotOf(table: usize, position: usize): usize {
  const hash = ((load<u64>(position) << 24) * 0xcf1bbcdcbb000000) >> (64 - HASH_BITS);
  return table + (<usize>hash << 2);
}

/**
 * Compresses `length` bytes at `source` to `into`. The block's size, or 0 when it would take more than `limit` bytes.
 * `table`: FAST_TABLE_BYTES, content of no matter.
 */
export function compressFast(source: usize, length: u32, into: usize, limit: u32, table: usize): u32 {
  const end = source + length;
  const intoEnd = into + limit;
  let output = into;
  let anchor = source;
  if (length > LAST_MATCH_DISTANCE) {
    memory.fill(table, 0, FAST_TABLE_BYTES);
    const lastMatch = end - LAST_MATCH_DISTANCE;
    const matchEnd = end - LAST_LITERALS;
    let position = source + 1; // the table's zeros stand for position 0
    let probes: u32 = 1 << STRIDE_SHIFT;
    while (position <= lastMatch) {
      const slot = slotOf(table, position);
      let candidate = source + load<u32>(slot);
      store<u32>(slot, <u32>(position - source));
      if (position - candidate > MAX_OFFSET || load<u32>(candidate) != load<u32>(position)) {
        position += probes >> STRIDE_SHIFT;
        probes += 1;
        continue;
      }
      while (position > anchor && candidate > source && load<u8>(position - 1) == load<u8>(candidate - 1)) {
        position -= 1;
        candidate -= 1;
      }
      const literals = <u32>(position - anchor);
      const match = MIN_MATCH + matchLength(candidate + MIN_MATCH, position + MIN_MATCH, matchEnd);
      if (output + sequenceBound(literals, match) > intoEnd) return 0;
      output = writeSequence(output, anchor, literals, <u32>(position - candidate), match);
      position += match;
      anchor = position;
      probes = 1 << STRIDE_SHIFT;
      if (position <= lastMatch) store<u32>(slotOf(table, position - 2), <u32>(position - 2 - source));
    }
  }
  const rest = <u32>(end - anchor);
  if (output + sequenceBound(rest, 0) > intoEnd) return 0;
  return <u32>(writeLastLiterals(output, anchor, rest) - into);
}

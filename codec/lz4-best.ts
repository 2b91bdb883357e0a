// LZ4 block compression, thorough: chains of all earlier positions with the same hash, and a match is put off when one
// that begins a byte later is longer.
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

const HASH_BITS: u32 = 16;
const HEADS_BYTES: u32 = 4 << HASH_BITS;
const WINDOW_MASK: u32 = 0xffff;
/** Bytes of the work area: the newest position of each hash, and for each position of the window the one before. */
export const BEST_TABLE_BYTES: u32 = HEADS_BYTES + ((WINDOW_MASK + 1) << 2);
/** Candidates looked at for one position. */
const MAX_PROBES: u32 = 256;
/** A match so long is taken without looking further. */
const LONG_ENOUGH: u32 = 256;

// Positions in the tables are counted from the source, plus one; 0 is none.
let heads: usize = 0;
let chain: usize = 0;
let origin: usize = 0;
let inserted: u32 = 0; // positions below are in the tables
let foundOffset: u32 = 0; // of the match that findMatch returned

// @ts-ignore: decorator
@inline
function headOf(position: usize): usize {
  return heads + (<usize>((load<u32>(position) * 2654435761) >> (32 - HASH_BITS)) << 2);
}

/** Enters all positions before `until`. */
function insertUpTo(until: u32): void {
  for (let index = inserted; index < until; index++) {
    const head = headOf(origin + index);
    store<u32>(chain + (<usize>(index & WINDOW_MASK) << 2), load<u32>(head));
    store<u32>(head, index + 1);
  }
  if (until > inserted) inserted = until;
}

/** The longest match for `position` above `atLeast` bytes: its length, 0 for none; foundOffset tells where. */
function findMatch(position: usize, matchEnd: usize, atLeast: u32): u32 {
  const index = <u32>(position - origin);
  insertUpTo(index);
  let best = atLeast;
  let found: u32 = 0;
  let next = load<u32>(headOf(position));
  for (let probes: u32 = MAX_PROBES; next != 0 && probes != 0; probes--) {
    const candidate = next - 1;
    if (index - candidate > MAX_OFFSET) break;
    const at = origin + candidate;
    if (position + best < matchEnd && load<u8>(at + best) == load<u8>(position + best)) {
      if (load<u32>(at) == load<u32>(position)) {
        const length = MIN_MATCH + matchLength(at + MIN_MATCH, position + MIN_MATCH, matchEnd);
        if (length > best) {
          best = length;
          found = length;
          foundOffset = index - candidate;
          if (length >= LONG_ENOUGH) break;
        }
      }
    }
    next = load<u32>(chain + (<usize>(candidate & WINDOW_MASK) << 2));
  }
  return found;
}

/**
 * Compresses `length` bytes at `source` to `into`. The block's size, or 0 when it would take more than `limit` bytes.
 * `table`: BEST_TABLE_BYTES, content of no matter.
 */
export function compressBest(source: usize, length: u32, into: usize, limit: u32, table: usize): u32 {
  const end = source + length;
  const intoEnd = into + limit;
  let output = into;
  let anchor = source;
  if (length > LAST_MATCH_DISTANCE) {
    heads = table;
    chain = table + HEADS_BYTES;
    origin = source;
    inserted = 0;
    memory.fill(heads, 0, HEADS_BYTES);
    const lastMatch = end - LAST_MATCH_DISTANCE;
    const matchEnd = end - LAST_LITERALS;
    let position = source;
    while (position <= lastMatch) {
      let match = findMatch(position, matchEnd, MIN_MATCH - 1);
      if (match == 0) {
        position += 1;
        continue;
      }
      let offset = foundOffset;
      while (match < LONG_ENOUGH && position + 1 <= lastMatch) {
        const later = findMatch(position + 1, matchEnd, match);
        if (later == 0) break;
        position += 1;
        match = later;
        offset = foundOffset;
      }
      // What equals before the match costs nothing in it, and a byte as a literal.
      while (position > anchor && position - offset > source && load<u8>(position - 1) == load<u8>(position - 1 - offset)) {
        position -= 1;
        match += 1;
      }
      const literals = <u32>(position - anchor);
      if (output + sequenceBound(literals, match) > intoEnd) return 0;
      output = writeSequence(output, anchor, literals, offset, match);
      position += match;
      anchor = position;
      insertUpTo(min<u32>(<u32>(position - source), <u32>(lastMatch - source)));
    }
  }
  const rest = <u32>(end - anchor);
  if (output + sequenceBound(rest, 0) > intoEnd) return 0;
  return <u32>(writeLastLiterals(output, anchor, rest) - into);
}

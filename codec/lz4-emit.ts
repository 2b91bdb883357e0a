// Writing the sequences of an LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md): token, literals, offset, match.
// Up to SLACK bytes past a sequence may be overwritten with rubbish, and as many past the literals are read.
import { copyShort } from './copy';

/** Bytes that must belong to us behind source and destination. */
export const SLACK: u32 = 32;
/** The shortest match. */
export const MIN_MATCH: u32 = 4;
/** A match begins at least so many bytes before the block's end. */
export const LAST_MATCH_DISTANCE: u32 = 12;
/** The block's last bytes are literals. */
export const LAST_LITERALS: u32 = 5;
export const MAX_OFFSET: u32 = 65535;

/** More than a sequence with so many literals and so long a match takes. */
// @ts-ignore: decorator
@inline
export function sequenceBound(literals: u32, match: u32): u32 {
  return literals + (literals >> 7) + (match >> 7) + 8;
}

function writeLength(position: usize, rest: u32): usize {
  while (rest >= 255) {
    store<u8>(position, 255);
    position += 1;
    rest -= 255;
  }
  store<u8>(position, <u8>rest);
  return position + 1;
}

/** Writes literals and a match of `match` bytes `offset` back; the position behind them. */
export function writeSequence(position: usize, literals: usize, count: u32, offset: u32, match: u32): usize {
  const token = position;
  position += 1;
  const rest = match - MIN_MATCH;
  store<u8>(token, <u8>((min<u32>(count, 15) << 4) | min<u32>(rest, 15)));
  if (count >= 15) position = writeLength(position, count - 15);
  copyShort(position, literals, count);
  position += count;
  store<u16>(position, <u16>offset);
  position += 2;
  if (rest >= 15) position = writeLength(position, rest - 15);
  return position;
}

/** Writes the literals that end the block. */
export function writeLastLiterals(position: usize, literals: usize, count: u32): usize {
  store<u8>(position, <u8>(min<u32>(count, 15) << 4));
  position += 1;
  if (count >= 15) position = writeLength(position, count - 15);
  copyShort(position, literals, count);
  return position + count;
}

/** How many bytes at `a` and `b` are equal, looking at `b` up to `end`; `a` is before `b`. */
// @ts-ignore: decorator
@inline
export function matchLength(a: usize, b: usize, end: usize): u32 {
  if (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) return <u32>ctz<u64>(difference) >> 3;
    return 8 + longMatchLength(a + 8, b + 8, end);
  }
  return longMatchLength(a, b, end);
}

function longMatchLength(a: usize, b: usize, end: usize): u32 {
  const start = b;
  while (b + 16 <= end) {
    const different = ~i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) & 0xffff;
    if (different != 0) return <u32>(b - start) + <u32>ctz(different);
    a += 16;
    b += 16;
  }
  while (b < end && load<u8>(a) == load<u8>(b)) {
    a += 1;
    b += 1;
  }
  return <u32>(b - start);
}

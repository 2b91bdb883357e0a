// Writing the sequences of an LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md): token, literals, offset, match.
// Up to SLACK bytes past a sequence may be overwritten with rubbish, and as many past the literals are read.

/** Bytes that must belong to us behind source and destination. */
export const SLACK: u32 = 32;
/** The shortest match. */
export const MIN_MATCH: u32 = 4;
/** A match begins at least so many bytes before the block's end. */
export const LAST_MATCH_DISTANCE: u32 = 12;
/** The block's last bytes are literals. */
export const LAST_LITERALS: u32 = 5;
export const MAX_OFFSET: u32 = 65535;

/** Most bytes that a sequence with so many literals and so long a match takes. */
// @ts-ignore: decorator
@inline
export function sequenceBound(literals: u32, match: u32): u32 {
  return 1 + literals / 255 + 1 + literals + 2 + match / 255 + 1;
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

/** Copies literals, in whole words. */
function writeLiterals(position: usize, from: usize, count: u32): usize {
  if (count > 64) {
    memory.copy(position, from, count);
    return position + count;
  }
  const end = position + count;
  while (position < end) {
    v128.store(position, v128.load(from));
    position += 16;
    from += 16;
  }
  return end;
}

/** Writes literals and a match of `match` bytes `offset` back; the position behind them. */
export function writeSequence(position: usize, literals: usize, count: u32, offset: u32, match: u32): usize {
  const token = position;
  position += 1;
  const rest = match - MIN_MATCH;
  store<u8>(token, <u8>((min<u32>(count, 15) << 4) | min<u32>(rest, 15)));
  if (count >= 15) position = writeLength(position, count - 15);
  position = writeLiterals(position, literals, count);
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
  return writeLiterals(position, literals, count);
}

/** How many bytes at `a` and `b` are equal, looking at `b` up to `end`; `a` is before `b`. */
export function matchLength(a: usize, b: usize, end: usize): u32 {
  const start = b;
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) return <u32>(b - start) + (<u32>ctz<u64>(difference) >> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) == load<u8>(b)) {
    a += 1;
    b += 1;
  }
  return <u32>(b - start);
}

// Codes of symbols from their lengths: of the same length in the order of the symbols, the shortest first, as in DEFLATE
// (RFC 1951, 3.2.2); their first bit is the lowest.
import { MOST_BITS } from './layout';

/** Bytes of a decoder's table: u16 of each MOST_BITS bits that may come next, symbol << 4 | length. */
export const DECODER_BYTES: u32 = 2 << MOST_BITS;
/** Bytes of an encoder's table: u32 of each symbol, code << 4 | length. */
export const ENCODER_BYTES: u32 = 256 * 4;

/** u16 × 16: how many codes there are of each length, then the first code of each. */
let starts: usize = 0;
export const STARTS_BYTES: u32 = 64;

export function placeStarts(area: usize): void {
  starts = area;
}

// @ts-ignore: decorator
@inline
function startOf(length: u32): usize {
  return starts + (<usize>length << 1);
}

/** Finds the first code of each length; false when the lengths make no code: too many, or too few but for a single one. */
function findStarts(lengths: usize, symbols: u32): bool {
  memory.fill(starts, 0, STARTS_BYTES);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = startOf(<u32>load<u8>(lengths + symbol));
    store<u16>(count, load<u16>(count) + 1);
  }
  let code: u32 = 0;
  let used: u32 = 0;
  let all: u32 = 0;
  for (let length: u32 = 1; length <= MOST_BITS; length++) {
    const count = <u32>load<u16>(startOf(length));
    code <<= 1;
    store<u16>(startOf(length), <u16>code);
    code += count;
    used += count << (MOST_BITS - length);
    all += count;
  }
  return used == 1 << MOST_BITS || (all == 1 && load<u16>(startOf(1)) == 0 && used == 1 << (MOST_BITS - 1));
}

/** The `length` lowest bits in the other order. */
// @ts-ignore: decorator
@inline
function reversed(code: u32, length: u32): u32 {
  let value = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | (value >> 8);
  return value >> (16 - length);
}

/** The code of a symbol with that length, the next one of it. */
// @ts-ignore: decorator
@inline
function nextCode(length: u32): u32 {
  const start = startOf(length);
  const code = <u32>load<u16>(start);
  store<u16>(start, <u16>(code + 1));
  return reversed(code, length);
}

/** Makes an encoder's table of lengths that findLengths has made. */
export function makeEncoder(lengths: usize, symbols: u32, table: usize): void {
  findStarts(lengths, symbols);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = <u32>load<u8>(lengths + symbol);
    store<u32>(table + (<usize>symbol << 2), length == 0 ? 0 : (nextCode(length) << 4) | length);
  }
}

/** Makes a decoder's table; false when the lengths make no code. */
export function makeDecoder(lengths: usize, symbols: u32, table: usize): bool {
  if (!findStarts(lengths, symbols)) return false;
  // Where only one symbol occurs the other bit stands for it, too: nothing is left undefined.
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = <u32>load<u8>(lengths + symbol);
    if (length == 0) continue;
    const entry = <u16>((symbol << 4) | length);
    const code = nextCode(length);
    for (let at = code; at < 1 << MOST_BITS; at += 1 << length) store<u16>(table + (<usize>at << 1), entry);
    if (length == 1 && load<u16>(startOf(1)) == 1 && isAlone(lengths, symbols)) {
      for (let at: u32 = 1; at < 1 << MOST_BITS; at += 2) store<u16>(table + (<usize>at << 1), entry);
    }
  }
  return true;
}

function isAlone(lengths: usize, symbols: u32): bool {
  let found: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) found += u32(load<u8>(lengths + symbol) != 0);
  return found == 1;
}

// rANS with two states that take turns: 32 bits each, 16 bits moved at once, frequencies out of 2^15. Symbols are coded
// in blocks, each encoded backwards, so that it is decoded forwards: u32 × 2 states, then u16 words.

const TOTAL_BITS: u32 = 15;
const LOWEST: u32 = 1 << 16;
/** Symbols of a block; only the last one has fewer. */
export const BLOCK: u32 = 1 << 17;
/** Bytes of the encoder's area: the symbols of a block, and the block that is made from them. */
export const RANS_AREA_BYTES: u32 = BLOCK * 4 + BLOCK * 2 + 16;

// Encoding.
let symbols: usize = 0;
let symbolsEnd: usize = 0;
let next: usize = 0;
let output: usize = 0;
let outputEnd: usize = 0;
let overflown = false;

/** Begins to encode to `into`, at most `limit` bytes. `area`: RANS_AREA_BYTES. */
export function beginEncoding(into: usize, limit: u32, area: usize): void {
  symbols = area;
  symbolsEnd = area + BLOCK * 4;
  next = symbols;
  output = into;
  outputEnd = into + limit;
  overflown = false;
}

// @ts-ignore: decorator
@inline
export function encodeNibble(start: u32, frequency: u32): void {
  store<u32>(next, (frequency << 16) | start);
  next += 4;
  if (next == symbolsEnd) flush();
}

/** Puts one symbol before those of the state. */
// @ts-ignore: decorator
@inline
function push(state: u32, symbol: u32): u32 {
  const frequency = symbol >> 16;
  return ((state / frequency) << TOTAL_BITS) + (state % frequency) + (symbol & 0xffff);
}

function flush(): void {
  let first = LOWEST;
  let second = LOWEST;
  const end = symbolsEnd + BLOCK * 2 + 16;
  let words = end;
  let position = next;
  if (((position - symbols) & 4) != 0) {
    position -= 4;
    first = push(first, load<u32>(position));
  }
  while (position > symbols) {
    position -= 8;
    const odd = load<u32>(position, 4);
    // A state must stay below 2^32: 2^17 times the frequency is the largest before.
    if (second >> 17 >= odd >> 16) {
      words -= 2;
      store<u16>(words, <u16>second);
      second >>= 16;
    }
    second = push(second, odd);
    const even = load<u32>(position);
    if (first >> 17 >= even >> 16) {
      words -= 2;
      store<u16>(words, <u16>first);
      first >>= 16;
    }
    first = push(first, even);
  }
  words -= 8;
  store<u32>(words, first);
  store<u32>(words, second, 4);
  next = symbols;
  const size = <u32>(end - words);
  if (overflown || size > <u32>(outputEnd - output)) {
    overflown = true;
    return;
  }
  memory.copy(output, words, size);
  output += size;
}

/** Ends it: the position behind the last byte; 0 when they are more than the limit. */
export function endEncoding(): usize {
  if (next != symbols) flush();
  return overflown ? 0 : output;
}

// Decoding.
let input: usize = 0;
let inputEnd: usize = 0;
let current: u32 = LOWEST;
let other: u32 = LOWEST;
let left: u32 = 0;
let malformed = false;

/** Begins to decode `size` bytes at `from`. */
export function beginDecoding(from: usize, size: u32): void {
  input = from;
  inputEnd = from + size;
  current = LOWEST;
  other = LOWEST;
  left = 0;
  malformed = false;
}

function beginBlock(): void {
  left = BLOCK;
  if (current != LOWEST || other != LOWEST || inputEnd - input < 8) {
    // What is decoded from here on has no meaning, but nothing reads beyond the end.
    malformed = true;
    current = LOWEST;
    other = LOWEST;
    input = inputEnd;
    return;
  }
  current = load<u32>(input);
  other = load<u32>(input, 4);
  input += 8;
  if (current < LOWEST || other < LOWEST) malformed = true;
}

// @ts-ignore: decorator
@inline
export function decodeNibble(model: usize, low: v128, high: v128): u32 {
  if (left == 0) beginBlock();
  left -= 1;
  let state = current;
  const place = state & ((1 << TOTAL_BITS) - 1);
  const wanted = i16x8.splat(<i16>place);
  // The frequencies up to the place: they ascend, and the first is 0.
  const below = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.le_s(low, wanted), i16x8.le_s(high, wanted)));
  const symbol = <u32>popcnt(below) - 1;
  const start = <u32>load<u16>(model + (<usize>symbol << 1));
  const frequency = <u32>load<u16>(model + (<usize>symbol << 1), 2) - start;
  state = frequency * (state >> TOTAL_BITS) + place - start;
  if (state < LOWEST) {
    if (inputEnd - input >= 2) {
      state = (state << 16) | <u32>load<u16>(input);
      input += 2;
    } else {
      malformed = true;
      state = LOWEST;
    }
  }
  current = other;
  other = state;
  return symbol;
}

/** True when all bytes were taken, and nothing was wrong with them. */
export function endDecoding(): bool {
  return !malformed && input == inputEnd && current == LOWEST && other == LOWEST;
}

/** True as soon as something is wrong with the bytes. */
export function isMalformed(): bool {
  return malformed;
}

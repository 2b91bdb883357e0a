// Which copies are made, quickly: the last place with the same six bytes, and the last distances again. Longer strides
// where nothing is found.
import { copyBytes, copyShort } from '../copy';
import { matchLength } from '../lz4-emit';
import { SEQUENCE_BYTES, distanceBeforeLast, keepSequence, lastDistance } from './sequences';

const HASH_BITS: u64 = 15;
/** u32 of each hash: the last position that has it. */
export const PLACES_BYTES: u32 = 4 << (<u32>HASH_BITS);
/** A copy is looked for up to so many bytes before the end of a block: eight are read at once. */
const TAIL: usize = 16;
/** After 2^n fruitless places the stride grows by one byte. */
const STRIDE_SHIFT: u32 = 6;

/** Before the first block. */
const FIRST_LITERAL_COST: u32 = 6 << 4;
const FEWEST_TO_TELL: u32 = 4096;
/** What a copy takes beside the bits of its distance: three codes, less what its distance's code has of these. Bits. */
const COPY_COST: u32 = 8;
/** Beside a copy so long no other is looked for. */
const LONG_ENOUGH: u32 = 32;

let places: usize = 0;

/** What a literal takes, as the block before tells; sixteenths of a bit. */
let literalCost: u32 = FIRST_LITERAL_COST;

/** What a literal of the block that was written takes: `bits` of all `count`. Few of them tell nothing. */
export function noteLiterals(bits: u32, count: u32): void {
  if (count >= FEWEST_TO_TELL) literalCost = (bits << 4) / count;
}

/** Before the first block. `area`: PLACES_BYTES. */
export function beginPlaces(area: usize): void {
  places = area;
  literalCost = FIRST_LITERAL_COST;
  memory.fill(area, 0, PLACES_BYTES);
}

// @ts-ignore: decorator
@inline
function slotOf(bytes: u64): usize {
  return places + (<usize>(((bytes << 16) * 0xcf1bbcdcb7a56463) >> (64 - HASH_BITS)) << 2);
}

/** What a copy takes less than its bytes would as literals; sixteenths of a bit. */
// @ts-ignore: decorator
@inline
function worth(length: u32, distance: u32): i32 {
  return <i32>(length * literalCost) - <i32>((COPY_COST + 32 - clz(distance)) << 4);
}

/** What look() has found. */
let source: usize = 0;
let copied: u32 = 0;

/** Looks for a copy for `position`, of the distance `back` or from the last place alike, and enters it; what it is worth. */
// @ts-ignore: decorator
@inline
function look(position: usize, back: usize, window: usize, end: usize): i32 {
  const bytes = load<u64>(position);
  const slot = slotOf(bytes);
  const candidate = <usize>load<u32>(slot);
  store<u32>(slot, <u32>position);
  if (<u32>bytes == load<u32>(position - back) && position - back >= window) {
    source = position - back;
    copied = 4 + matchLength(position - back + 4, position + 4, end);
    return <i32>(copied * literalCost) - <i32>(COPY_COST << 4);
  }
  if (((load<u64>(candidate) ^ bytes) << 16) != 0 || candidate < window) return 0;
  source = candidate;
  copied = 6 + matchLength(candidate + 6, position + 6, end);
  return worth(copied, <u32>(position - candidate));
}

/** Where the literals that were kept end. */
export let literalsKept: usize = 0;

/**
 * Keeps sequences at `sequences` for the bytes from `start` to `end`, and their literals at `literals`, with those behind
 * the last copy. Copies come from `window` on. The position behind the sequences.
 */
export function parseBlock(window: usize, start: usize, end: usize, literals: usize, sequences: usize): usize {
  let anchor = start;
  let next = start;
  let stride: u32 = 1 << STRIDE_SHIFT;
  // Behind a copy its own distance fits no more.
  let back = <usize>lastDistance();
  const lastStart = end - TAIL;
  while (end - start > TAIL && next < lastStart) {
    let position = next;
    let value = look(position, back, window, end);
    if (value <= 0) {
      next += stride >> STRIDE_SHIFT;
      stride += 1;
      back = <usize>lastDistance();
      continue;
    }
    let candidate = source;
    let length = copied;
    // A byte later there may be a better one.
    while (length < LONG_ENOUGH && position + 1 < lastStart) {
      const later = look(position + 1, <usize>lastDistance(), window, end);
      if (later <= value) break;
      position += 1;
      candidate = source;
      length = copied;
      value = later;
    }
    while (position > anchor && candidate > window && load<u8>(position - 1) == load<u8>(candidate - 1)) {
      position -= 1;
      candidate -= 1;
      length += 1;
    }
    const count = <u32>(position - anchor);
    copyShort(literals, anchor, count);
    literals += count;
    keepSequence(sequences, count, length, <u32>(position - candidate));
    sequences += SEQUENCE_BYTES;
    next = position + length;
    anchor = next;
    stride = 1 << STRIDE_SHIFT;
    back = <usize>distanceBeforeLast();
    if (next < lastStart) store<u32>(slotOf(load<u64>(next - 2)), <u32>(next - 2));
  }
  const rest = <u32>(end - anchor);
  copyBytes(literals, anchor, rest);
  literalsKept = literals + rest;
  return sequences;
}

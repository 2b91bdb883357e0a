// Which copies the encoder makes: it looks for the longest ones, in chains of earlier places with the same four bytes
// and in a table of the last place with the same eight, and puts a copy off where a better one begins a byte or two later.
import { matchLength } from '../lz4-emit';
import { OTHER_SOURCE, SHORTEST, beginStretch, copyLength, literalCount, literals, recentDistance, source } from './bytes';

const HEAD_BITS: u32 = 17;
const LONG_BITS: u64 = 17;
const HEADS_BYTES: u32 = 4 << HEAD_BITS;
const LONG_BYTES: u32 = 4 << (<u32>LONG_BITS);
/** Places of a chain that are looked at. */
const PROBES: u32 = 12;
/** A copy so long is taken without looking further. */
const LONG_ENOUGH: u32 = 128;
/** The last bytes of a stretch begin no copy: eight are read at once. */
const TAIL: u32 = 8;

/** Bytes of the tables for a window of `size` bytes. */
export function parseBytes(size: u32): u32 {
  return HEADS_BYTES + LONG_BYTES + size * 4;
}

let heads: usize = 0;
let longs: usize = 0;
let chain: usize = 0;
let origin: usize = 0;
/** Found by the last search. */
let foundLength: u32 = 0;
let foundSource: u32 = 0;
let foundDistance: u32 = 0;

export function beginParsing(area: usize, window: usize): void {
  heads = area;
  longs = area + HEADS_BYTES;
  chain = longs + LONG_BYTES;
  origin = window;
  memory.fill(area, 0, HEADS_BYTES + LONG_BYTES);
}

// @ts-ignore: decorator
@inline
function headOf(position: usize): usize {
  return heads + (<usize>((load<u32>(position) * 2654435761) >> (32 - HEAD_BITS)) << 2);
}

// @ts-ignore: decorator
@inline
function longOf(position: usize): usize {
  return longs + (<usize>((load<u64>(position) * 0x9e37_79b1_85eb_ca87) >> (64 - LONG_BITS)) << 2);
}

// @ts-ignore: decorator
@inline
function enterPlace(position: usize): void {
  const index = <u32>(position - origin);
  const head = headOf(position);
  store<u32>(chain + (<usize>index << 2), load<u32>(head));
  store<u32>(head, index + 1);
  store<u32>(longOf(position), index + 1);
}

// What a copy saves, roughly, in quarters of a byte.
// @ts-ignore: decorator
@inline
function worth(length: u32, distance: u32): i32 {
  return <i32>(length << 2) - <i32>(32 - clz(distance));
}

const RECENT_COST: i32 = 3;

/** Looks for a copy for `position`, up to `end`: what it is worth, at most 0 for none. Enters the position. */
function search(position: usize, end: usize): i32 {
  let best: i32 = 0;
  foundLength = 0;
  const first = load<u32>(position);
  const room = <u32>(position - origin);
  for (let index: u32 = 0; index < OTHER_SOURCE; index++) {
    const back = recentDistance(index);
    if (back > room) continue;
    const candidate = load<u32>(position - back);
    if (((candidate ^ first) & 0xff_ffff) != 0) continue;
    const length: u32 = SHORTEST + matchLength(position - back + SHORTEST, position + SHORTEST, end);
    const value = <i32>(length << 2) - RECENT_COST - <i32>index;
    if (value > best) {
      best = value;
      foundLength = length;
      foundSource = index;
      foundDistance = back;
    }
  }
  const index = room;
  const head = headOf(position);
  const long = longOf(position);
  let next = load<u32>(head);
  store<u32>(chain + (<usize>index << 2), next);
  store<u32>(head, index + 1);
  const last = load<u32>(long);
  store<u32>(long, index + 1);
  if (foundLength >= LONG_ENOUGH) return best;
  let atLeast = max<u32>(foundLength, 3);
  if (last != 0 && last != next) {
    const at = origin + last - 1;
    if (load<u64>(at) == load<u64>(position)) {
      const length: u32 = 8 + matchLength(at + 8, position + 8, end);
      const value = worth(length, index + 1 - last);
      if (value > best && length > atLeast) {
        best = value;
        atLeast = length;
        foundLength = length;
        foundSource = OTHER_SOURCE;
        foundDistance = index + 1 - last;
        if (length >= LONG_ENOUGH) return best;
      }
    }
  }
  for (let probes: u32 = PROBES; next != 0 && probes != 0; probes--) {
    const at = origin + next - 1;
    // What is longer has the same four bytes up to the first that it has more.
    if (position + atLeast < end && load<u32>(at + atLeast - 3) == load<u32>(position + atLeast - 3) && load<u32>(at) == first) {
      const length: u32 = 4 + matchLength(at + 4, position + 4, end);
      const value = worth(length, index + 1 - next);
      if (length > atLeast) {
        atLeast = length;
        if (value > best) {
          best = value;
          foundLength = length;
          foundSource = OTHER_SOURCE;
          foundDistance = index + 1 - next;
          if (length >= LONG_ENOUGH) break;
        }
      }
    }
    next = load<u32>(chain + (<usize>(next - 1) << 2));
  }
  return best;
}

/** What a copy must be worth at least. */
const LEAST_WORTH: i32 = 5;

/** Encodes the bytes from `start` to `end`. Up to 8 bytes behind the end are read. */
export function encodeStretch(start: usize, end: usize): void {
  beginStretch();
  let anchor = start;
  let position = start;
  const lastStart = end - TAIL;
  let fruitless: u32 = 0;
  while (end - start > TAIL && position <= lastStart) {
    let best = search(position, end);
    if (best < LEAST_WORTH) {
      fruitless += 1;
      position += 1 + (fruitless >> 7);
      continue;
    }
    fruitless = 0;
    let length = foundLength;
    let from = foundSource;
    let back = foundDistance;
    let entered = position + 1;
    while (length < LONG_ENOUGH && position + 1 <= lastStart) {
      let later = search(position + 1, end);
      entered = position + 2;
      if (later > best + 3 && foundLength != 0) {
        position += 1;
      } else {
        break;
      }
      best = later;
      length = foundLength;
      from = foundSource;
      back = foundDistance;
    }
    if (from == OTHER_SOURCE) {
      while (position > anchor && position - back > origin && load<u8>(position - 1) == load<u8>(position - 1 - back)) {
        position -= 1;
        length += 1;
      }
    }
    const count = <u32>(position - anchor);
    literalCount<i32>(count);
    literals<i32>(anchor, position);
    source<i32>(from, back, count != 0);
    copyLength<i32>(length, <u32>(end - position));
    position += length;
    anchor = position;
    const until = min<usize>(position, lastStart);
    // Of a long copy only some places.
    const step: usize = length > 256 ? 4 : 1;
    for (let at = entered; at < until; at += step) enterPlace(at);
  }
  if (anchor < end) {
    literalCount<i32>(<u32>(end - anchor));
    literals<i32>(anchor, end);
  }
}

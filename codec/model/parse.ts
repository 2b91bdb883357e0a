// Which copies the encoder makes. Earlier places are found in two tables, which cost one miss of the cache each: buckets of
// the last four places by four bytes, with the four bytes behind, so that a place is looked at only when it is worth it;
// and for one place in sixteen, picked by its content, the last place with the same eight bytes, however far away. A copy
// is put off where a better one begins a few bytes later.
import { matchLength } from '../lz4-emit';
import { OTHER_SOURCE, SHORTEST, beginStretch, copyFrom, literalCount, literals, recentDistance } from './bytes';

/** Four of u32 index + 1 and u32 the bytes from the fifth to the eighth; the newest first. */
const BUCKET_BYTES: u32 = 32;
const FEWEST_BUCKET_BITS: u32 = 8;
const MOST_BUCKET_BITS: u32 = 15;
const FEWEST_FAR_BITS: u32 = 10;
const MOST_FAR_BITS: u32 = 18;
/** Places with these bits of their hash zero are in the far table. */
const FAR_PICK: u64 = 15;

// The tables are as large as the window is worth: to clear them takes longer than to parse a few bytes.

/** Buckets for a window of `size` bytes, of which there is one for each 32. */
function bucketBitsOf(size: u32): u32 {
  return min<u32>(max<u32>(27 - clz(size | 1), FEWEST_BUCKET_BITS), MOST_BUCKET_BITS);
}

function farBitsOf(size: u32): u32 {
  return min<u32>(max<u32>(30 - clz(size | 1), FEWEST_FAR_BITS), MOST_FAR_BITS);
}

/** Bytes of the tables for a window of `size` bytes. */
export function parseBytes(size: u32): u32 {
  return (BUCKET_BYTES << bucketBitsOf(size)) + (4 << farBitsOf(size));
}

/** A copy so long is taken without looking further. */
const LONG_ENOUGH: u32 = 256;
/** The last bytes of a stretch begin no copy: eight are read at once. */
const TAIL: u32 = 8;

let buckets: usize = 0;
let bucketShift: u32 = 0;
let far: usize = 0;
let farShift: u64 = 0;
let origin: usize = 0;
/** Found by the last search. */
let foundLength: u32 = 0;
let foundSource: u32 = 0;
let foundDistance: u32 = 0;

/** `area`: parseBytes of `size`, the bytes of the window. */
export function beginParsing(area: usize, window: usize, size: u32): void {
  buckets = area;
  bucketShift = 32 - bucketBitsOf(size);
  far = area + (BUCKET_BYTES << bucketBitsOf(size));
  farShift = <u64>(64 - farBitsOf(size));
  origin = window;
  memory.fill(area, 0, parseBytes(size));
}

// @ts-ignore: decorator
@inline
function bucketOf(bytes: u64): usize {
  return buckets + (<usize>((<u32>bytes * 2654435761) >> bucketShift) << 5);
}

// @ts-ignore: decorator
@inline
function farHash(bytes: u64): u64 {
  return bytes * 0x9e37_79b1_85eb_ca87;
}

/** Where the place with that hash is told in the far table. */
// @ts-ignore: decorator
@inline
function farOf(hash: u64): usize {
  return far + (<usize>(hash >> farShift) << 2);
}

/** True for the places that are in the far table. */
// @ts-ignore: decorator
@inline
function isPicked(hash: u64): bool {
  return ((hash >> 32) & FAR_PICK) == 0;
}

/** Enters a place as the newest one of its bucket. */
// @ts-ignore: decorator
@inline
function enterBucket(bucket: usize, index: u32, bytes: u64): void {
  const first = v128.load(bucket);
  const second = load<u64>(bucket, 16);
  v128.store(bucket, first, 8);
  store<u64>(bucket, second, 24);
  store<u64>(bucket, (bytes & 0xffff_ffff_0000_0000) | <u64>(index + 1));
}

// @ts-ignore: decorator
@inline
function enterPlace(position: usize): void {
  const bytes = load<u64>(position);
  const index = <u32>(position - origin);
  enterBucket(bucketOf(bytes), index, bytes);
  const hash = farHash(bytes);
  if (isPicked(hash)) store<u32>(farOf(hash), index + 1);
}

// What a copy saves, roughly, in quarters of a byte.
// @ts-ignore: decorator
@inline
function worth(length: u32, distance: u32): i32 {
  return <i32>(length << 2) - <i32>(32 - clz(distance));
}

const RECENT_COST: i32 = 2;
/**
 * A copy that begins a byte later is taken although it is worth less by up to so much: the literal in between mostly takes
 * less than a byte, and what comes of a recent distance less than is told here.
 */
const LATER_LESS: i32 = 4;
/** A better copy is looked for so many bytes ahead: in lines of digits one from the line before often begins there. */
const AHEAD: u32 = 3;

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
  const bytes = load<u64>(position);
  const bucket = bucketOf(bytes);
  const hash = farHash(bytes);
  let farPlace: u32 = 0;
  if (isPicked(hash)) {
    farPlace = load<u32>(farOf(hash));
    store<u32>(farOf(hash), index + 1);
  }
  if (foundLength < LONG_ENOUGH) {
    let atLeast = max<u32>(foundLength, 3);
    if (farPlace != 0 && load<u64>(origin + farPlace - 1) == bytes) {
      const at = origin + farPlace - 1;
      const length: u32 = 8 + matchLength(at + 8, position + 8, end);
      const value = worth(length, index + 1 - farPlace);
      if (length > atLeast && value > best) {
        atLeast = length;
        best = value;
        foundLength = length;
        foundSource = OTHER_SOURCE;
        foundDistance = index + 1 - farPlace;
      }
    }
    const behind = <u32>(bytes >> 32);
    for (let each: usize = 0; each < BUCKET_BYTES; each += 8) {
      const entry = load<u64>(bucket + each);
      const place = <u32>entry;
      if (place == 0) break;
      const difference = <u32>(entry >> 32) ^ behind;
      // What is no longer than the best one, whatever comes, is not looked at.
      const short: u32 = 4 + (<u32>ctz(difference) >> 3);
      if (difference != 0 && (short <= atLeast || worth(short, index + 1 - place) <= best)) continue;
      const at = origin + place - 1;
      if (load<u32>(at) != first) continue;
      const length: u32 = difference != 0 ? short : 8 + matchLength(at + 8, position + 8, end);
      if (length <= atLeast) continue;
      const value = worth(length, index + 1 - place);
      if (value <= best) continue;
      atLeast = length;
      best = value;
      foundLength = length;
      foundSource = OTHER_SOURCE;
      foundDistance = index + 1 - place;
      if (length >= LONG_ENOUGH) break;
    }
  }
  enterBucket(bucket, index, bytes);
  return best;
}

/** What a copy must be worth at least. */
const LEAST_WORTH: i32 = 8;

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
      position += 1 + (fruitless >> 6);
      continue;
    }
    fruitless = 0;
    let length = foundLength;
    let from = foundSource;
    let back = foundDistance;
    let entered = position + 1;
    let ahead: u32 = 1;
    while (length < LONG_ENOUGH && ahead <= AHEAD && ahead < length && position + ahead <= lastStart) {
      const later = search(position + ahead, end);
      entered = position + ahead + 1;
      if (foundLength == 0 || later <= best - (ahead == 1 ? LATER_LESS : 0)) {
        ahead += 1;
        continue;
      }
      position += ahead;
      ahead = 1;
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
    copyFrom<i32>(from, back, length, <u32>(end - position), count != 0);
    position += length;
    anchor = position;
    const until = min<usize>(position, lastStart);
    // Of a longer copy only some places.
    const step: usize = length > 256 ? 4 : length > 32 ? 2 : 1;
    for (let at = entered; at < until; at += step) enterPlace(at);
  }
  if (anchor < end) {
    literalCount<i32>(<u32>(end - anchor));
    literals<i32>(anchor, end);
  }
}

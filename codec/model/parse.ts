// Which copies the encoder makes. Earlier places are found in two tables, which cost one miss of the cache each: buckets of
// the last eight places by four bytes, with the four bytes behind, so that a place is looked at only when it is worth it;
// and for one place in sixteen, picked by its content, the last place with the same eight bytes, however far away. A copy
// is put off where a better one begins a byte later.
import { matchLength } from '../lz4-emit';
import { OTHER_SOURCE, SHORTEST, beginStretch, copyFrom, literalCount, literals, recentDistance } from './bytes';

const BUCKET_BITS: u32 = 15;
/** Eight of u32 index + 1 and u32 the bytes from the fifth to the eighth; the newest first. */
const BUCKET_BYTES: u32 = 64;
const BUCKETS_BYTES: u32 = BUCKET_BYTES << BUCKET_BITS;
const FAR_BITS: u64 = 18;
const FAR_BYTES: u32 = 4 << (<u32>FAR_BITS);
/** Places with these bits of their hash zero are in the far table. */
const FAR_PICK: u64 = 15;
/** A copy so long is taken without looking further. */
const LONG_ENOUGH: u32 = 256;
/** The last bytes of a stretch begin no copy: eight are read at once. */
const TAIL: u32 = 8;

/** Bytes of the tables. */
export const PARSE_BYTES: u32 = BUCKETS_BYTES + FAR_BYTES;

let buckets: usize = 0;
let far: usize = 0;
let origin: usize = 0;
/** Found by the last search. */
let foundLength: u32 = 0;
let foundSource: u32 = 0;
let foundDistance: u32 = 0;

export function beginParsing(area: usize, window: usize): void {
  buckets = area;
  far = area + BUCKETS_BYTES;
  origin = window;
  memory.fill(area, 0, PARSE_BYTES);
}

// @ts-ignore: decorator
@inline
function bucketOf(bytes: u64): usize {
  return buckets + (<usize>((<u32>bytes * 2654435761) >> (32 - BUCKET_BITS)) << 6);
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
  return far + (<usize>(hash >> (64 - FAR_BITS)) << 2);
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
  const second = v128.load(bucket, 16);
  const third = v128.load(bucket, 32);
  const fourth = load<u64>(bucket, 48);
  v128.store(bucket, first, 8);
  v128.store(bucket, second, 24);
  v128.store(bucket, third, 40);
  store<u64>(bucket, fourth, 56);
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
    while (length < LONG_ENOUGH && position + 1 <= lastStart) {
      let later = search(position + 1, end);
      entered = position + 2;
      if (later > best + 2 && foundLength != 0) {
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
    copyFrom<i32>(from, back, length, <u32>(end - position), count != 0);
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

// XXH64 as published: github.com/Cyan4973/xxHash, doc/xxhash_spec.md.

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

// @ts-ignore: decorator
@inline
function round(accumulator: u64, lane: u64): u64 {
  return rotl<u64>(accumulator + lane * PRIME_2, 31) * PRIME_1;
}

// @ts-ignore: decorator
@inline
function merge(hash: u64, accumulator: u64): u64 {
  return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
}

/** Hash of `length` bytes at `position`. */
export function xxh64(position: usize, length: usize, seed: u64): u64 {
  const end = position + length;
  let hash: u64;
  if (length >= 32) {
    let a = seed + PRIME_1 + PRIME_2;
    let b = seed + PRIME_2;
    let c = seed;
    let d = seed - PRIME_1;
    const lastStripe = end - 32;
    do {
      a = round(a, load<u64>(position));
      b = round(b, load<u64>(position, 8));
      c = round(c, load<u64>(position, 16));
      d = round(d, load<u64>(position, 24));
      position += 32;
    } while (position <= lastStripe);
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  } else {
    hash = seed + PRIME_5;
  }
  hash += <u64>length;
  while (position + 8 <= end) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(position)), 27) * PRIME_1 + PRIME_4;
    position += 8;
  }
  if (position + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(position) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    position += 4;
  }
  while (position < end) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(position) * PRIME_5), 11) * PRIME_1;
    position += 1;
  }
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

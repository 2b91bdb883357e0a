// Variable-length integers: LEB128 of a zigzag number, so that small differences of either sign take one byte.

// @ts-ignore: decorator
@inline
export function zigzag(value: i64): u64 {
  return (<u64>value << 1) ^ <u64>(value >> 63);
}

// @ts-ignore: decorator
@inline
export function unzigzag(value: u64): i64 {
  return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

/** Writes `value` at `position`; the position behind it. */
export function writeVarint(position: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(position, <u8>value | 0x80);
    value >>= 7;
    position += 1;
  }
  store<u8>(position, <u8>value);
  return position + 1;
}

/** The value that the last readVarint found. */
export let varintValue: u64 = 0;

/** Reads one at `position`: the position behind it, or 0 when it does not end before `end` or has more than 64 bits. */
export function readVarint(position: usize, end: usize): usize {
  if (position >= end) return 0;
  let byte = <u64>load<u8>(position);
  position += 1;
  let value = byte & 0x7f;
  let shift: u64 = 7;
  while (byte >= 0x80) {
    if (position >= end || shift > 63) return 0;
    byte = <u64>load<u8>(position);
    position += 1;
    if (shift == 63 && byte > 1) return 0;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  }
  varintValue = value;
  return position;
}

/** The position behind `count` of them, of whatever length; 0 when they do not end before `end`. Reads up to 15 bytes behind it. */
export function skipVarints(position: usize, end: usize, count: u32): usize {
  while (count != 0) {
    if (position >= end) return 0;
    let ends = ~i8x16.bitmask(v128.load(position)) & 0xffff;
    const found = <u32>popcnt(ends);
    if (found < count) {
      count -= found;
      position += 16;
      continue;
    }
    while (count != 1) {
      ends &= ends - 1;
      count -= 1;
    }
    position += <usize>ctz(ends) + 1;
    count = 0;
  }
  return position <= end ? position : 0;
}

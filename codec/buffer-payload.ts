// Payloads of space syscallBuffer: entries of the syscall buffer (preload/layout.h), most of which differ little from the
// last one of the same call. u8 0, then the bytes as they are; or u8 1, and
//
// - varint: number of classes; for each u8 class, u64 the first word of its entries (their size in its lower half);
// - varint: number of entries; for each u8 its class, or 255 for an entry of none;
// - the entries of none, one behind the other;
// - for each class, in the order above, for each further word of its entries: u64 that of the first; a byte whose bit n
//   says that byte n of some difference is not zero; for each such n, byte n of the differences, one for each entry but
//   the first. A difference is the word minus that of the entry before of the class, modulo 2^64.
import { copyBytes } from './copy';
import { readVarint, varintValue, writeVarint } from './varint';
import { entryClasses, entryNexts, entryOffsets } from './work-area';

/** Payloads above this are left as they are. Bytes. */
export const MAX_ENTRIES_BYTES: u32 = 64 * 1024;
const SMALLEST_ENTRY: u32 = 24;
export const MAX_ENTRIES: u32 = MAX_ENTRIES_BYTES / SMALLEST_ENTRY;
/** Fewer are not worth the tables. */
const FEWEST_ENTRIES: u32 = 4;
/** With fewer entries in a class, on average, copies of whole entries are worth more. */
const FEWEST_IN_CLASS: u32 = 16;
/** Entries that are longer are of no class. */
const LONGEST_IN_CLASS: u32 = 1024;

export const CLASSES: u32 = 256;
const NONE: u32 = 255;
/** Ends the chain of a class. */
const LAST: u32 = 0xffff_ffff;
/** Of a class: u64 first word (0: unused), u32 first and u32 last entry. */
export const CLASS_BYTES: u32 = 16;

// @ts-ignore: decorator
@inline
function classAt(index: u32): usize {
  return entryClasses + <usize>(index * CLASS_BYTES);
}

// @ts-ignore: decorator
@inline
function offsetAt(entry: u32): usize {
  return entryOffsets + (<usize>entry << 2);
}

// @ts-ignore: decorator
@inline
function nextAt(entry: u32): usize {
  return entryNexts + (<usize>entry << 2);
}

/** Appends an entry to its class, which is new when `word` is not 0. */
// @ts-ignore: decorator
@inline
function append(found: usize, entry: u32): void {
  store<u32>(nextAt(load<u32>(found, 12)), entry);
  store<u32>(found, entry, 12);
  store<u32>(nextAt(entry), LAST);
}

/** Finds all entries and their classes, which are written to `ids`; their number, 0 when they are not sound. */
function classify(payload: usize, length: u32, ids: usize): u32 {
  memory.fill(entryClasses, 0, CLASSES * CLASS_BYTES);
  let count: u32 = 0;
  let at: u32 = 0;
  while (at < length) {
    if (length - at < SMALLEST_ENTRY) return 0;
    const word = load<u64>(payload + at);
    const size = <u32>word;
    if (size < SMALLEST_ENTRY || size > length - at || (size & 7) != 0) return 0;
    store<u32>(offsetAt(count), at);
    let id = <u32>((word * 0x9e37_79b9_7f4a_7c15) >> 56);
    if (size > LONGEST_IN_CLASS) id = NONE;
    if (id != NONE) {
      const found = classAt(id);
      const known = load<u64>(found);
      if (known == 0) {
        store<u64>(found, word);
        store<u32>(found, count, 8);
        store<u32>(found, count, 12);
        store<u32>(nextAt(count), LAST);
      } else if (known == word) append(found, count);
      else id = NONE;
    }
    store<u8>(ids + count, <u8>id);
    count += 1;
    at += size;
  }
  return count;
}

/** Writes the words of one class but the first; the position behind them. */
function encodeClass(payload: usize, found: usize, output: usize): usize {
  const size = load<u32>(found);
  const first = load<u32>(found, 8);
  const second = load<u32>(nextAt(first));
  for (let word: u32 = 8; word < size; word += 8) {
    const start = load<u64>(payload + load<u32>(offsetAt(first)) + word);
    let all: u64 = 0;
    let before = start;
    for (let entry = second; entry != LAST; entry = load<u32>(nextAt(entry))) {
      const value = load<u64>(payload + load<u32>(offsetAt(entry)) + word);
      all |= value - before;
      before = value;
    }
    store<u64>(output, start);
    const mask = output + 8;
    let bits: u32 = 0;
    output += 9;
    for (let byte: u32 = 0; byte < 8; byte++) {
      const shift = <u64>(byte << 3);
      if (((all >> shift) & 0xff) == 0) continue;
      bits |= 1 << byte;
      before = start;
      for (let entry = second; entry != LAST; entry = load<u32>(nextAt(entry))) {
        const value = load<u64>(payload + load<u32>(offsetAt(entry)) + word);
        store<u8>(output, <u8>((value - before) >> shift));
        before = value;
        output += 1;
      }
    }
    store<u8>(mask, <u8>bits);
  }
  return output;
}

/** Leaves those alone in their class without one; how many classes remain. `ids`: as classify has written them. */
function dissolveSmallest(ids: usize): u32 {
  let classes: u32 = 0;
  for (let id: u32 = 0; id < NONE; id++) {
    const found = classAt(id);
    if (load<u64>(found) == 0) continue;
    if (load<u32>(found, 8) == load<u32>(found, 12)) {
      store<u8>(ids + load<u32>(found, 8), <u8>NONE);
      store<u64>(found, 0);
    } else classes += 1;
  }
  return classes;
}

/** Writes a payload at `output`; the position behind it. */
export function encodeEntries(payload: usize, length: u32, output: usize): usize {
  // The classes' numbers are found where they may stay: behind the longest table that may stand before them.
  const ids = output + 1 + 2 + CLASSES * 9 + 5;
  const count = length <= MAX_ENTRIES_BYTES && length >= FEWEST_ENTRIES * SMALLEST_ENTRY ? classify(payload, length, ids) : 0;
  let classes: u32 = 0;
  if (count >= FEWEST_ENTRIES) classes = dissolveSmallest(ids);
  if (classes == 0 || count < classes * FEWEST_IN_CLASS) {
    store<u8>(output, 0);
    copyBytes(output + 1, payload, length);
    return output + 1 + length;
  }
  store<u8>(output, 1);
  output = writeVarint(output + 1, classes);
  for (let id: u32 = 0; id < NONE; id++) {
    const word = load<u64>(classAt(id));
    if (word == 0) continue;
    store<u8>(output, <u8>id);
    store<u64>(output + 1, word);
    output += 9;
  }
  output = writeVarint(output, count);
  memory.copy(output, ids, count);
  const sorted = output;
  output += count;
  for (let entry: u32 = 0; entry < count; entry++) {
    if (load<u8>(sorted + entry) != NONE) continue;
    const from = payload + load<u32>(offsetAt(entry));
    memory.copy(output, from, load<u32>(from));
    output += load<u32>(from);
  }
  for (let id: u32 = 0; id < NONE; id++) {
    if (load<u64>(classAt(id)) != 0) output = encodeClass(payload, classAt(id), output);
  }
  return output;
}

/** Reads the words of one class; the position behind them, 0 when they are malformed. */
function decodeClass(found: usize, position: usize, end: usize, payload: usize): usize {
  const size = load<u32>(found);
  const first = load<u32>(found, 8);
  if (first == LAST) return 0;
  const second = load<u32>(nextAt(first));
  let count: usize = 0;
  for (let entry = second; entry != LAST; entry = load<u32>(nextAt(entry))) count += 1;
  for (let word: u32 = 8; word < size; word += 8) {
    if (end - position < 9) return 0;
    let value = load<u64>(position);
    const bits = <u32>load<u8>(position, 8);
    position += 9;
    if (<usize>popcnt(bits) * count > end - position) return 0;
    store<u64>(payload + load<u32>(offsetAt(first)) + word, value);
    for (let entry = second; entry != LAST; entry = load<u32>(nextAt(entry))) {
      let byte = position;
      for (let left = bits; left != 0; left &= left - 1) {
        value += <u64>load<u8>(byte) << (<u64>ctz(left) << 3);
        byte += count;
      }
      position += 1;
      store<u64>(payload + load<u32>(offsetAt(entry)) + word, value);
    }
    // One plane has been passed by the way.
    position += bits == 0 ? -count : (<usize>popcnt(bits) - 1) * count;
  }
  return position;
}

/** Reads a payload of `length` bytes to `payload`; the position behind what it took, 0 when that is malformed. */
export function decodeEntries(position: usize, end: usize, payload: usize, length: u32): usize {
  if (position >= end) return 0;
  const form = load<u8>(position);
  position += 1;
  if (form == 0) {
    if (length > <u32>(end - position)) return 0;
    memory.copy(payload, position, length);
    return position + length;
  }
  if (form != 1 || length > MAX_ENTRIES_BYTES) return 0;
  position = readVarint(position, end);
  if (position == 0 || varintValue >= CLASSES) return 0;
  const classes = <u32>varintValue;
  if (classes * 9 > <u32>(end - position)) return 0;
  memory.fill(entryClasses, 0, CLASSES * CLASS_BYTES);
  const table = position;
  for (let index: u32 = 0; index < classes; index++) {
    const found = classAt(load<u8>(table + index * 9));
    const word = load<u64>(table + index * 9 + 1);
    const size = <u32>word;
    if (load<u64>(found) != 0 || size < SMALLEST_ENTRY || size > LONGEST_IN_CLASS || (size & 7) != 0) return 0;
    store<u64>(found, word);
    store<u32>(found, LAST, 8);
  }
  position = readVarint(table + classes * 9, end);
  if (position == 0 || varintValue > MAX_ENTRIES) return 0;
  const count = <u32>varintValue;
  if (count > <u32>(end - position)) return 0;
  const ids = position;
  position += count;
  let used: u32 = 0;
  for (let entry: u32 = 0; entry < count; entry++) {
    const id = <u32>load<u8>(ids + entry);
    store<u32>(offsetAt(entry), used);
    let size: u32;
    if (id == NONE) {
      if (<u32>(end - position) < SMALLEST_ENTRY) return 0;
      size = load<u32>(position);
      if (size < SMALLEST_ENTRY || size > <u32>(end - position) || size > length - used) return 0;
      memory.copy(payload + used, position, size);
      position += size;
    } else {
      const found = classAt(id);
      size = load<u32>(found);
      if (size == 0 || size > length - used) return 0;
      store<u64>(payload + used, load<u64>(found));
      if (load<u32>(found, 8) == LAST) {
        store<u32>(found, entry, 8);
        store<u32>(found, entry, 12);
        store<u32>(nextAt(entry), LAST);
      } else append(found, entry);
    }
    used += size;
  }
  if (used != length) return 0;
  for (let index: u32 = 0; index < classes && position != 0; index++) {
    position = decodeClass(classAt(load<u8>(table + index * 9)), position, end, payload);
  }
  return position;
}

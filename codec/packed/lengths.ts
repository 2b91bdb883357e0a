// How long the code of each symbol is: Huffman's, with at most MOST_BITS; and how these lengths are stored.
import { MOST_BITS } from './layout';

/** Most symbols of any kind. */
const MOST_SYMBOLS: u32 = 256;
/** Bytes of the area: symbols by their counts, and the tree. */
export const LENGTHS_AREA_BYTES: u32 = MOST_SYMBOLS * 4 * 3 + 64;

/** The symbols that occur, the rarest first, as count << 8 | symbol, at `list`; their number. */
function sortSymbols(counts: usize, symbols: u32, list: usize): u32 {
  let found: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<u32>(counts + (<usize>symbol << 2));
    if (count == 0) continue;
    store<u32>(list + (<usize>found << 2), (count << 8) | symbol);
    found += 1;
  }
  // Shell's sort: a few hundred at most, and always the same order.
  for (let gap: u32 = 40; gap != 0; gap = gap == 40 ? 13 : gap == 13 ? 4 : gap == 4 ? 1 : 0) {
    for (let index = gap; index < found; index++) {
      const value = load<u32>(list + (<usize>index << 2));
      let place = index;
      while (place >= gap && load<u32>(list + (<usize>(place - gap) << 2)) > value) {
        store<u32>(list + (<usize>place << 2), load<u32>(list + (<usize>(place - gap) << 2)));
        place -= gap;
      }
      store<u32>(list + (<usize>place << 2), value);
    }
  }
  return found;
}

// @ts-ignore: decorator
@inline
function wordAt(list: usize, index: u32): u32 {
  return load<u32>(list + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function setWord(list: usize, index: u32, value: u32): void {
  store<u32>(list + (<usize>index << 2), value);
}

/** The depth of each of `found` leaves, whose counts ascend at `list`, to `depths`; `tree`: as many words. */
function findDepths(list: usize, found: u32, tree: usize, depths: usize): void {
  // Inner nodes are made in the order of their counts, so leaves and nodes are two queues.
  let leaf: u32 = 0;
  let node: u32 = 0;
  for (let made: u32 = 0; made < found - 1; made++) {
    let sum: u32 = 0;
    for (let half: u32 = 0; half < 2; half++) {
      if (leaf < found && (node == made || wordAt(list, leaf) >> 8 <= wordAt(tree, node))) {
        sum += wordAt(list, leaf) >> 8;
        setWord(depths, leaf, made);
        leaf += 1;
      } else {
        sum += wordAt(tree, node);
        // Its parent.
        setWord(tree, node, made);
        node += 1;
      }
    }
    setWord(tree, made, sum);
  }
  const root = found - 2;
  setWord(tree, root, 0);
  for (let index = root; index != 0; ) {
    index -= 1;
    setWord(tree, index, wordAt(tree, wordAt(tree, index)) + 1);
  }
  for (let index: u32 = 0; index < found; index++) setWord(depths, index, wordAt(tree, wordAt(depths, index)) + 1);
}

/**
 * Finds the length of each symbol's code, u8 at `lengths`, 0 for one that does not occur: its `counts` is 0. Counts add
 * up to less than 2^24. A symbol that is alone gets a code of one bit. `area`: LENGTHS_AREA_BYTES.
 */
export function findLengths(counts: usize, symbols: u32, lengths: usize, area: usize): void {
  memory.fill(lengths, 0, symbols);
  const list = area;
  const tree = list + MOST_SYMBOLS * 4;
  const depths = tree + MOST_SYMBOLS * 4;
  const found = sortSymbols(counts, symbols, list);
  if (found == 0) return;
  if (found == 1) {
    store<u8>(lengths + (wordAt(list, 0) & 0xff), 1);
    return;
  }
  findDepths(list, found, tree, depths);
  // Shares of 2^MOST_BITS: the longest codes are cut, and others grow until all fit. Depths descend.
  let used: u32 = 0;
  for (let index: u32 = 0; index < found; index++) {
    if (wordAt(depths, index) > MOST_BITS) setWord(depths, index, MOST_BITS);
    used += 1 << (MOST_BITS - wordAt(depths, index));
  }
  while (used > 1 << MOST_BITS) {
    // The rarest one that can grow.
    let index: u32 = 0;
    while (wordAt(depths, index) == MOST_BITS) index += 1;
    setWord(depths, index, wordAt(depths, index) + 1);
    used -= 1 << (MOST_BITS - wordAt(depths, index));
  }
  // What is left goes to the most frequent ones; the rarest take the last of it, one share each.
  while (used < 1 << MOST_BITS) {
    for (let index = found; index != 0; ) {
      index -= 1;
      const depth = wordAt(depths, index);
      if (depth > 1 && used + (1 << (MOST_BITS - depth)) <= 1 << MOST_BITS) {
        setWord(depths, index, depth - 1);
        used += 1 << (MOST_BITS - depth);
      }
    }
  }
  for (let index: u32 = 0; index < found; index++) store<u8>(lengths + (wordAt(list, index) & 0xff), <u8>wordAt(depths, index));
}

// Lengths as nibbles: 0 to 11: one; 12: the next nibble and 2 zeros; 13: the next two and 18 zeros; 14: the next one and 3
// times the last one; 15: zeros up to the end.
const SHORT_ZEROS: u32 = 12;
const LONG_ZEROS: u32 = 13;
const REPEAT: u32 = 14;
const REST: u32 = 15;

/** Where the next nibble goes, or is taken from: twice the position, and one more for the upper half. */
let place: u64 = 0;

// @ts-ignore: decorator
@inline
function putNibble(value: u32): void {
  const position = <usize>(place >> 1);
  if ((place & 1) == 0) store<u8>(position, <u8>value);
  else store<u8>(position, <u8>(<u32>load<u8>(position) | (value << 4)));
  place += 1;
}

/** How many symbols from `index` on have the same length. */
function runOf(lengths: usize, symbols: u32, index: u32): u32 {
  const value = load<u8>(lengths + index);
  let end = index + 1;
  while (end < symbols && load<u8>(lengths + end) == value) end += 1;
  return end - index;
}

/** Writes lengths at `output`; the position behind them. */
export function writeLengths(lengths: usize, symbols: u32, output: usize): usize {
  place = <u64>output << 1;
  for (let index: u32 = 0; index < symbols; ) {
    const value = <u32>load<u8>(lengths + index);
    let run = runOf(lengths, symbols, index);
    if (value == 0 && index + run == symbols) {
      putNibble(REST);
      break;
    }
    if (value == 0 && run >= 18) {
      run = min<u32>(run, 18 + 255);
      putNibble(LONG_ZEROS);
      putNibble((run - 18) & 15);
      putNibble((run - 18) >> 4);
      index += run;
    } else if (value == 0 && run >= 2) {
      putNibble(SHORT_ZEROS);
      putNibble(run - 2);
      index += run;
    } else {
      putNibble(value);
      index += 1;
      run = min<u32>(run - 1, 18);
      if (run < 3) continue;
      putNibble(REPEAT);
      putNibble(run - 3);
      index += run;
    }
  }
  return <usize>((place + 1) >> 1);
}

/** Reads lengths at `position`; the position behind them, 0 when they are malformed or do not end before `end`. */
export function readLengths(position: usize, end: usize, symbols: u32, lengths: usize): usize {
  memory.fill(lengths, 0, symbols);
  place = <u64>position << 1;
  const placeEnd = <u64>end << 1;
  let index: u32 = 0;
  let last: u32 = 0;
  while (index < symbols) {
    if (place >= placeEnd) return 0;
    const value = nextNibble();
    if (value == REST) break;
    if (value <= MOST_BITS) {
      store<u8>(lengths + index, <u8>value);
      last = value;
      index += 1;
      continue;
    }
    if (placeEnd - place < 2 && (value == LONG_ZEROS || place >= placeEnd)) return 0;
    let run = nextNibble();
    if (value == LONG_ZEROS) run = 18 + (run | (nextNibble() << 4));
    else run += value == SHORT_ZEROS ? 2 : 3;
    if (run > symbols - index) return 0;
    if (value == REPEAT) memory.fill(lengths + index, <u8>last, run);
    index += run;
  }
  return <usize>((place + 1) >> 1);
}

// @ts-ignore: decorator
@inline
function nextNibble(): u32 {
  const value = (<u32>load<u8>(<usize>(place >> 1)) >> (<u32>(place & 1) << 2)) & 15;
  place += 1;
  return value;
}

// Literals: as they are, or by codes in four streams, which a decoder follows at once.
import { findLengths, readLengths, writeLengths } from './lengths';
import { bytesOfBits, putBits } from './bits';
import { DECODER_BYTES, makeDecoder, makeEncoder } from './codes';
import { copyBytes } from '../copy';
import { noteLiterals } from './parse';
import { BEHIND, BLOCK, LITERALS_CODED, LITERALS_PLAIN, LITERAL_SYMBOLS } from './layout';

/** Fewer are not coded. */
const FEWEST: u32 = 64;

const COUNTS: u32 = 0;
const LENGTHS: u32 = COUNTS + LITERAL_SYMBOLS * 4 * 2;
const TABLE: u32 = LENGTHS + LITERAL_SYMBOLS;
const DECODED: u32 = TABLE + DECODER_BYTES;
/** Counts, lengths, table, and what was decoded. */
export const LITERALS_AREA_BYTES: u32 = DECODED + BLOCK + BEHIND;

let area: usize = 0;

export function placeLiterals(position: usize): void {
  area = position;
}

/** Counts bytes in two tables by turns: one and the same byte is often met twice in a row. */
function countLiterals(position: usize, count: u32): void {
  const first = area + COUNTS;
  const second = first + LITERAL_SYMBOLS * 4;
  memory.fill(first, 0, LITERAL_SYMBOLS * 8);
  const end = position + count;
  for (; position + 2 <= end; position += 2) {
    const one = first + (<usize>load<u8>(position) << 2);
    store<u32>(one, load<u32>(one) + 1);
    const two = second + (<usize>load<u8>(position, 1) << 2);
    store<u32>(two, load<u32>(two) + 1);
  }
  if (position < end) {
    const one = first + (<usize>load<u8>(position) << 2);
    store<u32>(one, load<u32>(one) + 1);
  }
  for (let symbol: usize = 0; symbol < LITERAL_SYMBOLS * 4; symbol += 4) {
    store<u32>(first + symbol, load<u32>(first + symbol) + load<u32>(second + symbol));
  }
}

/** Writes the codes of `count` bytes; the position behind them. */
function writeStream(position: usize, count: u32, output: usize): usize {
  const table = area + TABLE;
  const end = position + count;
  let bit: u32 = 0;
  for (; position + 4 <= end; position += 4) {
    const four = load<u32>(position);
    const first = load<u32>(table + (<usize>(four & 0xff) << 2));
    const second = load<u32>(table + (<usize>((four >> 8) & 0xff) << 2));
    const third = load<u32>(table + (<usize>((four >> 16) & 0xff) << 2));
    const fourth = load<u32>(table + (<usize>(four >> 24) << 2));
    let bits = <u64>(first >> 4);
    let used = first & 15;
    bits |= <u64>(second >> 4) << <u64>used;
    used += second & 15;
    bits |= <u64>(third >> 4) << <u64>used;
    used += third & 15;
    bits |= <u64>(fourth >> 4) << <u64>used;
    used += fourth & 15;
    bit = putBits(output, bit, bits, used);
  }
  for (; position < end; position++) {
    const one = load<u32>(table + (<usize>load<u8>(position) << 2));
    bit = putBits(output, bit, <u64>(one >> 4), one & 15);
  }
  return output + bytesOfBits(bit);
}

function writePlain(position: usize, count: u32, output: usize, limit: usize): usize {
  if (output + 1 + count > limit) return 0;
  store<u8>(output, <u8>LITERALS_PLAIN);
  copyBytes(output + 1, position, count);
  return output + 1 + count;
}

/** Most bytes of the codes, the streams' sizes, and what each stream takes more for its last byte. */
const MOST_BESIDES: u32 = 1 + LITERAL_SYMBOLS / 2 + 3 * 3 + 4;

/** Writes `count` literals; the position behind them, 0 when that is beyond `limit`. `scratch`: LENGTHS_AREA_BYTES. */
export function writeLiterals(position: usize, count: u32, scratch: usize, output: usize, limit: usize): usize {
  if (count < FEWEST) return writePlain(position, count, output, limit);
  countLiterals(position, count);
  const lengths = area + LENGTHS;
  findLengths(area + COUNTS, LITERAL_SYMBOLS, lengths, scratch);
  let bits: u32 = 0;
  for (let symbol: usize = 0; symbol < LITERAL_SYMBOLS; symbol++) {
    bits += load<u32>(area + COUNTS + (symbol << 2)) * <u32>load<u8>(lengths + symbol);
  }
  const size = bits >> 3;
  noteLiterals(bits, count);
  // What is hardly less takes no codes: it is read much faster.
  if (size + (count >> 5) >= count) return writePlain(position, count, output, limit);
  if (output + size + MOST_BESIDES > limit) return 0;
  makeEncoder(lengths, LITERAL_SYMBOLS, area + TABLE);
  store<u8>(output, <u8>LITERALS_CODED);
  output = writeLengths(lengths, LITERAL_SYMBOLS, output + 1);
  const quarter = (count + 3) >> 2;
  // Each size stands before its stream, in three bytes.
  for (let stream: u32 = 0; stream < 3; stream++) {
    const begin = output + 3;
    const end = writeStream(position, quarter, begin);
    store<u16>(output, <u16>(end - begin));
    store<u8>(output, <u8>(<u32>(end - begin) >> 16), 2);
    output = end;
    position += quarter;
  }
  return writeStream(position, count - 3 * quarter, output);
}

/** Where the literals lie that readLiterals has read, and where what tells them ends. */
export let literalsRead: usize = 0;
export let literalsEnd: usize = 0;

// @ts-ignore: decorator
@inline
function entryOf(table: usize, bits: u64): u32 {
  return <u32>load<u16>(table + (<usize>(bits & (DECODER_BYTES / 2 - 1)) << 1));
}

/** Decodes five bytes of a stream; how many bits that takes. */
// @ts-ignore: decorator
@inline
function readFive(table: usize, stream: usize, bit: u32, into: usize): u32 {
  const bits = load<u64>(stream + (bit >> 3)) >> <u64>(bit & 7);
  const first = entryOf(table, bits);
  let used = first & 15;
  const second = entryOf(table, bits >> <u64>used);
  used += second & 15;
  const third = entryOf(table, bits >> <u64>used);
  used += third & 15;
  const fourth = entryOf(table, bits >> <u64>used);
  used += fourth & 15;
  const fifth = entryOf(table, bits >> <u64>used);
  used += fifth & 15;
  store<u32>(into, (first >> 4) | ((second >> 4) << 8) | ((third >> 4) << 16) | ((fourth >> 4) << 24));
  store<u8>(into, <u8>(fifth >> 4), 4);
  return used;
}

/** Decodes the bytes from `into` to `end` one by one; where the bits end, -1 when that is beyond `limit`. */
function readRest(table: usize, stream: usize, bit: u32, limit: u32, into: usize, end: usize): u32 {
  for (; into < end; into++) {
    if (bit > limit) return -1;
    const entry = entryOf(table, load<u64>(stream + (bit >> 3)) >> <u64>(bit & 7));
    store<u8>(into, <u8>(entry >> 4));
    bit += entry & 15;
  }
  return bit;
}

/** Decodes `count` bytes of four streams, of which the last may reach to `end`; false when they are malformed. */
function readStreams(position: usize, end: usize, count: u32): bool {
  const table = area + TABLE;
  const quarter = (count + 3) >> 2;
  const into = area + DECODED;
  // The three sizes first: each stands before its stream.
  const firstSize = sizeAt(position, end);
  if (firstSize == -1) return false;
  const first = position + 3;
  const secondSize = sizeAt(first + firstSize, end);
  if (secondSize == -1) return false;
  const second = first + firstSize + 3;
  const thirdSize = sizeAt(second + secondSize, end);
  if (thirdSize == -1) return false;
  const third = second + secondSize + 3;
  const fourth = third + thirdSize;
  const fourthSize = <u32>(end - fourth);
  const firstLimit = firstSize << 3;
  const secondLimit = secondSize << 3;
  const thirdLimit = thirdSize << 3;
  const fourthLimit = fourthSize << 3;
  let firstBit: u32 = 0;
  let secondBit: u32 = 0;
  let thirdBit: u32 = 0;
  let fourthBit: u32 = 0;
  const rest = count - 3 * quarter;
  let done: u32 = 0;
  for (; done + 5 <= rest; done += 5) {
    if (
      u32(firstBit > firstLimit) | u32(secondBit > secondLimit) | u32(thirdBit > thirdLimit) | u32(fourthBit > fourthLimit)
    ) {
      return false;
    }
    firstBit += readFive(table, first, firstBit, into + done);
    secondBit += readFive(table, second, secondBit, into + quarter + done);
    thirdBit += readFive(table, third, thirdBit, into + 2 * quarter + done);
    fourthBit += readFive(table, fourth, fourthBit, into + 3 * quarter + done);
  }
  firstBit = readRest(table, first, firstBit, firstLimit, into + done, into + quarter);
  secondBit = readRest(table, second, secondBit, secondLimit, into + quarter + done, into + 2 * quarter);
  thirdBit = readRest(table, third, thirdBit, thirdLimit, into + 2 * quarter + done, into + 3 * quarter);
  fourthBit = readRest(table, fourth, fourthBit, fourthLimit, into + 3 * quarter + done, into + count);
  if (firstBit > firstLimit || secondBit > secondLimit || thirdBit > thirdLimit || fourthBit > fourthLimit) return false;
  literalsRead = into;
  literalsEnd = fourth + bytesOfBits(fourthBit);
  return bytesOfBits(firstBit) == firstSize && bytesOfBits(secondBit) == secondSize && bytesOfBits(thirdBit) == thirdSize;
}

/** The size of the stream that begins three bytes behind; -1 when it does not end before `end`. */
function sizeAt(position: usize, end: usize): u32 {
  if (position + 3 > end) return -1;
  const size = <u32>load<u16>(position) | (<u32>load<u8>(position, 2) << 16);
  return size <= <u32>(end - position - 3) ? size : -1;
}

/** Reads `count` literals, at most BLOCK; false when they are malformed or do not end before `end`. */
export function readLiterals(position: usize, end: usize, count: u32): bool {
  if (position >= end) return false;
  const form = <u32>load<u8>(position);
  position += 1;
  if (form == LITERALS_PLAIN) {
    literalsRead = position;
    literalsEnd = position + count;
    return count <= <u32>(end - position);
  }
  if (form != LITERALS_CODED || count < FEWEST) return false;
  const lengths = area + LENGTHS;
  const streams = readLengths(position, end, LITERAL_SYMBOLS, lengths);
  if (streams == 0 || !makeDecoder(lengths, LITERAL_SYMBOLS, area + TABLE)) return false;
  return readStreams(streams, end, count);
}

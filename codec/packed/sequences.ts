// Sequences: a number of literals, then a copy. As the encoder keeps them, and as bits: the codes of their three symbols,
// then the lower bits of what the symbols do not tell whole.
import { copyBytes, copyShort } from '../copy';
import { copyMatch } from '../lz4-decode';
import { findLengths, readLengths, writeLengths } from './lengths';
import { bytesOfBits, putBits } from './bits';
import { DECODER_BYTES, ENCODER_BYTES, makeDecoder, makeEncoder } from './codes';
import {
  COUNT_DIRECT,
  COUNT_SYMBOLS,
  DISTANCE_SYMBOLS,
  LENGTH_DIRECT,
  LENGTH_SYMBOLS,
  SHORTEST,
  powerSymbol,
} from './layout';

/** Of a sequence: u32 literals, u32 length less SHORTEST, u32 distance or what stands for it, u8 × 3 symbols. */
export const SEQUENCE_BYTES: u32 = 16;

/** Places of the parts in the area: counts of symbols u32 each, lengths u8 each, tables. */
const COUNT_COUNTS: u32 = 0;
const LENGTH_COUNTS: u32 = COUNT_COUNTS + COUNT_SYMBOLS * 4;
const DISTANCE_COUNTS: u32 = LENGTH_COUNTS + LENGTH_SYMBOLS * 4;
const COUNTS_BYTES: u32 = DISTANCE_COUNTS + DISTANCE_SYMBOLS * 4;
const LENGTHS: u32 = COUNTS_BYTES;
const COUNT_TABLE: u32 = LENGTHS + 256;
const LENGTH_TABLE: u32 = COUNT_TABLE + DECODER_BYTES;
const DISTANCE_TABLE: u32 = LENGTH_TABLE + DECODER_BYTES;
/** A decoder's table is longer than an encoder's. */
export const SEQUENCES_AREA_BYTES: u32 = DISTANCE_TABLE + DECODER_BYTES;

let area: usize = 0;
/** The last two distances. */
let last: u32 = 1;
let beforeLast: u32 = 2;

export function placeSequences(position: usize): void {
  area = position;
}

/** Before the first block. */
export function beginSequences(): void {
  last = 1;
  beforeLast = 2;
}

export function beginCounts(): void {
  memory.fill(area, 0, COUNTS_BYTES);
}

export function lastDistance(): u32 {
  return last;
}

export function distanceBeforeLast(): u32 {
  return beforeLast;
}

// @ts-ignore: decorator
@inline
function count(counts: u32, symbol: u32): void {
  const at = area + counts + (<usize>symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** A distance's symbol, where it is none of the last two. */
// @ts-ignore: decorator
@inline
function distanceSymbol(distance: u32): u32 {
  if (distance < 4) return distance + 1;
  const power = 31 - clz(distance);
  return 5 + ((power - 2) << 2) + ((distance >> (power - 2)) & 3);
}

/** Keeps a sequence at `position`, and counts its symbols. */
export function keepSequence(position: usize, literals: u32, length: u32, distance: u32): void {
  const countSymbol = literals < COUNT_DIRECT ? literals : powerSymbol(literals, COUNT_DIRECT);
  const rest = length - SHORTEST;
  const lengthSymbol = rest < LENGTH_DIRECT ? rest : powerSymbol(rest, LENGTH_DIRECT);
  let symbol: u32 = 0;
  if (distance != last) {
    symbol = distance == beforeLast ? 1 : distanceSymbol(distance);
    beforeLast = last;
    last = distance;
  }
  store<u32>(position, literals);
  store<u32>(position, rest, 4);
  store<u32>(position, distance, 8);
  store<u32>(position, countSymbol | (lengthSymbol << 8) | (symbol << 16), 12);
  count(COUNT_COUNTS, countSymbol);
  count(LENGTH_COUNTS, lengthSymbol);
  count(DISTANCE_COUNTS, symbol);
}

/** Lower bits behind a symbol of a number whose symbols from `direct` on stand for powers of two. */
// @ts-ignore: decorator
@inline
function numberExtra(symbol: u32, direct: u32): u32 {
  return symbol < direct ? 0 : symbol - direct + ctz<u32>(direct);
}

// @ts-ignore: decorator
@inline
function distanceExtra(symbol: u32): u32 {
  return symbol < 9 ? 0 : (symbol - 5) >> 2;
}

// @ts-ignore: decorator
@inline
function lowBits(value: u32, count: u32): u64 {
  return <u64>(value & ((1 << count) - 1));
}

/** Bits that all kept sequences take. */
let allBits: u32 = 0;

/** Makes the codes of one kind of symbol, and writes their lengths; `direct`: 0 for distances. */
function writeCodes(counts: u32, symbols: u32, direct: u32, table: u32, scratch: usize, output: usize): usize {
  const lengths = area + LENGTHS;
  findLengths(area + counts, symbols, lengths, scratch);
  makeEncoder(lengths, symbols, area + table);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const extra = direct == 0 ? distanceExtra(symbol) : numberExtra(symbol, direct);
    allBits += load<u32>(area + counts + (<usize>symbol << 2)) * (<u32>load<u8>(lengths + symbol) + extra);
  }
  return writeLengths(lengths, symbols, output);
}

/** Most bytes of all codes. */
const MOST_OF_CODES: u32 = (COUNT_SYMBOLS + LENGTH_SYMBOLS + DISTANCE_SYMBOLS) / 2 + 3;

/**
 * Writes the sequences between `position` and `end`, of which there is one at least; the position behind them, 0 when
 * they do not end before `limit`.
 */
export function writeSequences(position: usize, end: usize, scratch: usize, output: usize, limit: usize): usize {
  if (output + MOST_OF_CODES > limit) return 0;
  allBits = 0;
  output = writeCodes(COUNT_COUNTS, COUNT_SYMBOLS, COUNT_DIRECT, COUNT_TABLE, scratch, output);
  output = writeCodes(LENGTH_COUNTS, LENGTH_SYMBOLS, LENGTH_DIRECT, LENGTH_TABLE, scratch, output);
  output = writeCodes(DISTANCE_COUNTS, DISTANCE_SYMBOLS, 0, DISTANCE_TABLE, scratch, output);
  if (output + (allBits >> 3) + 1 > limit) return 0;
  let bit: u32 = 0;
  for (; position < end; position += SEQUENCE_BYTES) {
    const symbols = load<u32>(position, 12);
    const countSymbol = symbols & 0xff;
    const lengthSymbol = (symbols >> 8) & 0xff;
    const symbol = symbols >> 16;
    const countCode = load<u32>(area + COUNT_TABLE + (<usize>countSymbol << 2));
    const lengthCode = load<u32>(area + LENGTH_TABLE + (<usize>lengthSymbol << 2));
    const distanceCode = load<u32>(area + DISTANCE_TABLE + (<usize>symbol << 2));
    let bits = <u64>(countCode >> 4);
    let used = countCode & 15;
    bits |= <u64>(lengthCode >> 4) << <u64>used;
    used += lengthCode & 15;
    bits |= <u64>(distanceCode >> 4) << <u64>used;
    used += distanceCode & 15;
    // With the distance at most 33 + 22 bits, of a distance below 2^25; the others have at most 18 each.
    if (symbol >= 9) {
      const extra = distanceExtra(symbol);
      bits |= lowBits(load<u32>(position, 8), extra) << <u64>used;
      used += extra;
    }
    bit = putBits(output, bit, bits, used);
    if (countSymbol >= COUNT_DIRECT || lengthSymbol >= LENGTH_DIRECT) {
      const countExtra = numberExtra(countSymbol, COUNT_DIRECT);
      const lengthExtra = numberExtra(lengthSymbol, LENGTH_DIRECT);
      bits = lowBits(load<u32>(position), countExtra) | (lowBits(load<u32>(position, 4), lengthExtra) << <u64>countExtra);
      bit = putBits(output, bit, bits, countExtra + lengthExtra);
    }
  }
  return output + bytesOfBits(bit);
}

function readCodes(symbols: u32, table: u32, position: usize, end: usize): usize {
  const lengths = area + LENGTHS;
  const behind = readLengths(position, end, symbols, lengths);
  return behind != 0 && makeDecoder(lengths, symbols, area + table) ? behind : 0;
}

/** Reads the codes of sequences; the position behind them, 0 when they are malformed. */
export function readSequenceCodes(position: usize, end: usize): usize {
  position = readCodes(COUNT_SYMBOLS, COUNT_TABLE, position, end);
  if (position == 0) return 0;
  position = readCodes(LENGTH_SYMBOLS, LENGTH_TABLE, position, end);
  return position == 0 ? 0 : readCodes(DISTANCE_SYMBOLS, DISTANCE_TABLE, position, end);
}

/** What `symbol` and the lower bits of `bits` tell: a number whose symbols from `direct` on stand for powers of two. */
// @ts-ignore: decorator
@inline
function numberOf(symbol: u32, direct: u32, bits: u64): u32 {
  if (symbol < direct) return symbol;
  const extra = numberExtra(symbol, direct);
  return (1 << extra) | (<u32>bits & ((1 << extra) - 1));
}

/** Where the bits end that readSequences has read. */
export let sequencesEnd: usize = 0;

/**
 * Reads `count` sequences from the bits between `position` and `end`, takes literals from `literals` up to
 * `literalsEnd`, and writes to `output` up to `outputEnd`; nothing is copied from before `window`. Up to 32 bytes behind each
 * of the ends are read or written. False when anything is malformed, or not just all is there.
 */
export function readSequences(
  position: usize,
  end: usize,
  count: u32,
  literals: usize,
  literalsEnd: usize,
  window: usize,
  output: usize,
  outputEnd: usize,
): bool {
  const mask: u64 = DECODER_BYTES / 2 - 1;
  const counts = area + COUNT_TABLE;
  const lengths = area + LENGTH_TABLE;
  const distances = area + DISTANCE_TABLE;
  const limit = <u32>(end - position) << 3;
  let bit: u32 = 0;
  let first = last;
  let second = beforeLast;
  for (; count != 0; count--) {
    if (bit > limit) return false;
    let bits = load<u64>(position + (bit >> 3)) >> <u64>(bit & 7);
    const countEntry = <u32>load<u16>(counts + (<usize>(bits & mask) << 1));
    bits >>= <u64>(countEntry & 15);
    const lengthEntry = <u32>load<u16>(lengths + (<usize>(bits & mask) << 1));
    bits >>= <u64>(lengthEntry & 15);
    const distanceEntry = <u32>load<u16>(distances + (<usize>(bits & mask) << 1));
    bits >>= <u64>(distanceEntry & 15);
    bit += (countEntry & 15) + (lengthEntry & 15) + (distanceEntry & 15);
    const symbol = distanceEntry >> 4;
    let distance: u32;
    if (symbol < 2) {
      distance = symbol == 0 ? first : second;
      if (symbol == 1) {
        second = first;
        first = distance;
      }
    } else {
      const extra = distanceExtra(symbol);
      distance = symbol < 5 ? symbol - 1 : ((4 | ((symbol - 5) & 3)) << extra) | (<u32>bits & ((1 << extra) - 1));
      bit += extra;
      second = first;
      first = distance;
    }
    let run = countEntry >> 4;
    let length = lengthEntry >> 4;
    if (run >= COUNT_DIRECT || length >= LENGTH_DIRECT) {
      bits = load<u64>(position + (bit >> 3)) >> <u64>(bit & 7);
      const countExtra = numberExtra(run, COUNT_DIRECT);
      bit += countExtra + numberExtra(length, LENGTH_DIRECT);
      run = numberOf(run, COUNT_DIRECT, bits);
      length = numberOf(length, LENGTH_DIRECT, bits >> <u64>countExtra);
    }
    length += SHORTEST;
    if (run > <u32>(literalsEnd - literals) || run > <u32>(outputEnd - output)) return false;
    copyShort(output, literals, run);
    literals += run;
    output += run;
    if (length > <u32>(outputEnd - output) || distance > <u32>(output - window)) return false;
    copyMatch(output, distance, length);
    output += length;
  }
  last = first;
  beforeLast = second;
  sequencesEnd = position + bytesOfBits(bit);
  const rest = <u32>(literalsEnd - literals);
  if (bit > limit || rest != <u32>(outputEnd - output)) return false;
  copyBytes(output, literals, rest);
  return true;
}

// Adaptive models of nibbles, coded by rANS. A model is the cumulative frequencies of 16 symbols, out of 2^15: u16 × 17,
// of which the first is 0 and the last 2^15, and a u16 that counts its symbols, up to a limit.
//
// One description of an order of symbols serves both ways: a function `code<D>` is given the value when it encodes, and
// returns it in either case. D is Encode or Decode, which differ in their sign, so that the compiler tells them apart.
import { decodeNibble, encodeNibble } from './rans';

export type Encode = i32;
export type Decode = u32;

export const MODEL_BYTES: u32 = 36;
const COUNT: usize = 34;

/** A model's frequencies move towards each symbol by 1 / (count + 1.6), and by this at least: 1 / (limit + 1.6). */
export const LIMIT: u32 = 96;

/** What is moved after so many symbols, out of 2^15: 327680 / (10 count + 16). Nobody writes to it: instances share it. */
const RATES: StaticArray<u16> = [
  20480, 12603, 9102, 7123, 5851, 4965, 4312, 3810, 3413, 3091, 2825, 2601, 2409, 2244, 2101, 1974, 1862, 1762, 1672,
  1591, 1517, 1450, 1388, 1332, 1280, 1232, 1187, 1146, 1107, 1071, 1037, 1005, 975, 947, 920, 895, 871, 849, 827,
  807, 788, 769, 752, 735, 719, 703, 688, 674, 661, 648, 635, 623, 611, 600, 589, 579, 569, 559, 550, 541, 532, 523,
  515, 507, 500, 492, 485, 478, 471, 464, 458, 451, 445, 439, 433, 428, 422, 417, 412, 407, 402, 397, 392, 387, 383,
  378, 374, 370, 366, 362, 358, 354, 350, 346, 343, 339, 336,
];

/** Where nibbleOfTwo puts what two models make together: BLEND_BYTES of the instance's own. */
let blend: usize = 0;
export const BLEND_BYTES: u32 = 48;

export function placeBlend(area: usize): void {
  blend = area;
}

/** Makes `count` models at `models`, in which all symbols are as likely. */
export function clearModels(models: usize, count: u32): void {
  for (let index: u32 = 0; index < 17; index++) store<u16>(models + (<usize>index << 1), <u16>(index << 11));
  store<u16>(models + COUNT, 0);
  // Each copy has twice the length of the one before.
  const whole = count * MODEL_BYTES;
  let done = MODEL_BYTES;
  while (done < whole) {
    const more = min<u32>(done, whole - done);
    memory.copy(models + done, models, more);
    done += more;
  }
}

/** Moves a model, which has these frequencies, towards a symbol. */
// @ts-ignore: decorator
@inline
function learn(model: usize, low: v128, high: v128, symbol: u32): void {
  const count = <u32>load<u16>(model, COUNT);
  const rate = i16x8.splat(load<i16>(changetype<usize>(RATES) + (<usize>count << 1)));
  // Of a model that has seen nothing else each other symbol is 1.
  const last = i16x8.splat(<i16>symbol);
  const most = i16x8.splat(<i16>(32768 - 16));
  const first = v128(0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0);
  const second = v128(8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0, 14, 0, 15, 0);
  const lowTarget = i16x8.add(first, v128.and(i16x8.gt_s(first, last), most));
  const highTarget = i16x8.add(second, v128.and(i16x8.gt_s(second, last), most));
  v128.store(model, i16x8.add(low, i16x8.q15mulr_sat_s(i16x8.sub(lowTarget, low), rate)));
  v128.store(model, i16x8.add(high, i16x8.q15mulr_sat_s(i16x8.sub(highTarget, high), rate)), 16);
  store<u16>(model, <u16>(count + u32(count < LIMIT)), COUNT);
}

/** Codes one symbol, below 16. */
export function nibble<D>(model: usize, symbol: u32): u32 {
  const low = v128.load(model);
  const high = v128.load(model, 16);
  if (isSigned<D>()) {
    const start = <u32>load<u16>(model + (<usize>symbol << 1));
    encodeNibble(start, <u32>load<u16>(model + (<usize>symbol << 1), 2) - start);
  } else {
    symbol = decodeNibble(model, low, high);
  }
  learn(model, low, high, symbol);
  return symbol;
}

/** Codes one symbol by what two models make of it together, half each. */
export function nibbleOfTwo<D>(one: usize, two: usize, symbol: u32): u32 {
  const lowOne = v128.load(one);
  const highOne = v128.load(one, 16);
  const lowTwo = v128.load(two);
  const highTwo = v128.load(two, 16);
  const low = i16x8.avgr_u(lowOne, lowTwo);
  const high = i16x8.avgr_u(highOne, highTwo);
  v128.store(blend, low);
  v128.store(blend, high, 16);
  store<u16>(blend, 32768, 32);
  if (isSigned<D>()) {
    const start = <u32>load<u16>(blend + (<usize>symbol << 1));
    encodeNibble(start, <u32>load<u16>(blend + (<usize>symbol << 1), 2) - start);
  } else {
    symbol = decodeNibble(blend, low, high);
  }
  learn(one, lowOne, highOne, symbol);
  learn(two, lowTwo, highTwo, symbol);
  return symbol;
}

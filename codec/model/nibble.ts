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

/** For each symbol the frequencies of a model that has seen nothing else: each other one is 1. */
const TARGETS: StaticArray<u16> = new StaticArray<u16>(256);
/** What is moved after so many symbols, out of 2^15. */
const RATES: StaticArray<u16> = new StaticArray<u16>(LIMIT + 1);

let prepared = false;

function prepare(): void {
  for (let symbol: u32 = 0; symbol < 16; symbol++) {
    for (let each: u32 = 0; each < 16; each++) {
      unchecked((TARGETS[symbol * 16 + each] = <u16>(each <= symbol ? each : 32768 - 16 + each)));
    }
  }
  for (let count: u32 = 0; count <= LIMIT; count++) unchecked((RATES[count] = <u16>((327680 + (count * 10 + 16) / 2) / (count * 10 + 16))));
  prepared = true;
}

/** Makes `count` models at `models`, in which all symbols are as likely. */
export function clearModels(models: usize, count: u32): void {
  if (!prepared) prepare();
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
  const target = changetype<usize>(TARGETS) + (<usize>symbol << 5);
  v128.store(model, i16x8.add(low, i16x8.q15mulr_sat_s(i16x8.sub(v128.load(target), low), rate)));
  v128.store(model, i16x8.add(high, i16x8.q15mulr_sat_s(i16x8.sub(v128.load(target, 16), high), rate)), 16);
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

/** What nibbleOfTwo looks a symbol up in. */
const blend: usize = memory.data(36);

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

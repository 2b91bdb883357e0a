// Numbers of up to 64 bits: how many nibbles they have, the first by that, the second by the first, the others by their
// place.
import { MODEL_BYTES, nibble } from './nibble';

/** Models of one kind of number: of the count, of the first for each count, of the second for each first, of each place. */
export const NUMBER_MODELS: u32 = 1 + 16 + 16 + 16;
export const NUMBER_BYTES: u32 = NUMBER_MODELS * MODEL_BYTES;
const FIRST: u32 = MODEL_BYTES;
const SECOND: u32 = FIRST + 16 * MODEL_BYTES;
const PLACES: u32 = SECOND + 16 * MODEL_BYTES;

/** Codes a number above 0. */
export function number<D>(models: usize, value: u64): u64 {
  const count = nibble<D>(models, isSigned<D>() ? 15 - (<u32>clz(value) >> 2) : 0);
  const first = nibble<D>(models + FIRST + count * MODEL_BYTES, isSigned<D>() ? <u32>(value >> (<u64>count << 2)) : 0);
  let found = <u64>first;
  let model = models + SECOND + first * MODEL_BYTES;
  for (let place = count; place != 0; ) {
    place -= 1;
    found = (found << 4) | nibble<D>(model, isSigned<D>() ? <u32>(value >> (<u64>place << 2)) & 15 : 0);
    model = models + PLACES + (place - 1) * MODEL_BYTES;
  }
  return found;
}

/** Codes a number that is mostly below 15: one nibble, which is 15 where a larger number follows. */
export function smallNumber<D>(model: usize, models: usize, value: u32): u32 {
  const short = nibble<D>(model, min<u32>(value, 15));
  if (short < 15) return short;
  return 14 + <u32>number<D>(models, isSigned<D>() ? value - 14 : 0);
}

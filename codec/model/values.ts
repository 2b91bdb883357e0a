// Values of which most are foretold: a symbol says which of the foretold ones it is, or how it is told. Which symbol that
// is depends on the one of the same value at the same site before, and on whether others of this record surprised.
import { zigzag, unzigzag } from '../varint';
import { MODEL_BYTES, nibble } from './nibble';
import { NUMBER_BYTES, number } from './numbers';

/** What a value may be foretold to be; the first two are also what differences are counted from. */
const FORETOLD: u32 = 6;
/** Values of late that were told by a difference. */
const CACHED: u32 = 4;
const FROM_CACHE: u32 = FORETOLD;
const FROM_FIRST: u32 = FROM_CACHE + CACHED;
const FROM_SECOND: u32 = FROM_FIRST + 1;
const ZERO: u32 = FROM_SECOND + 1;
/** No symbol was there before. */
export const NO_SYMBOL: u32 = 15;

/** Bytes of the models of one kind of value: 16 symbols before, surprised or not; and its differences. */
export const VALUE_BYTES: u32 = 16 * 3 * MODEL_BYTES + NUMBER_BYTES;
const NUMBERS: u32 = 16 * 3 * MODEL_BYTES;

/** Bytes of the instance's own: what the caller foretells, u64 × FORETOLD, and the values of late. */
export const VALUES_AREA_BYTES: u32 = (FORETOLD + CACHED) * 8;
let foretold: usize = 0;
let cache: usize = 0;
let newest: u32 = 0;
let surprises: u32 = 0;

/** `area`: VALUES_AREA_BYTES. */
export function placeValues(area: usize): void {
  foretold = area;
  cache = area + FORETOLD * 8;
  memory.fill(area, 0, VALUES_AREA_BYTES);
  newest = 0;
}

/** A new record: nothing of it has surprised. */
// @ts-ignore: decorator
@inline
export function beginValues(): void {
  surprises = 0;
}

// @ts-ignore: decorator
@inline
export function foretell(index: u32, value: u64): void {
  store<u64>(foretold + (<usize>index << 3), value);
}

/** The value as a signed number of `bits` bits. */
// @ts-ignore: decorator
@inline
function signed(value: u64, bits: u64): i64 {
  const shift = 64 - bits;
  return <i64>(value << shift) >> shift;
}

function choose(value: u64, bits: u64): u32 {
  for (let index: u32 = 0; index < FORETOLD; index++) {
    if (load<u64>(foretold + (<usize>index << 3)) == value) return index;
  }
  if (value == 0) return ZERO;
  for (let index: u32 = 0; index < CACHED; index++) {
    if (load<u64>(cache + (<usize>((newest - index) & 3) << 3)) == value) return FROM_CACHE + index;
  }
  const first = zigzag(signed(value - load<u64>(foretold), bits));
  const second = zigzag(signed(value - load<u64>(foretold, 8), bits));
  return second < first ? FROM_SECOND : FROM_FIRST;
}

/**
 * Codes a value of `bits` bits, which are zero-extended. `models`: VALUE_BYTES of its kind; `history`: a byte, the symbol
 * of the same value at the same site before.
 */
export function foretoldValue<D>(models: usize, history: usize, value: u64, bits: u64): u64 {
  const before = <u32>load<u8>(history);
  const chosen = isSigned<D>() ? choose(value, bits) : 0;
  const symbol = nibble<D>(models + (before + (min<u32>(surprises, 2) << 4)) * MODEL_BYTES, chosen);
  if (symbol != before) {
    surprises += 1;
    store<u8>(history, <u8>symbol);
  }
  if (symbol < FORETOLD) return load<u64>(foretold + (<usize>symbol << 3));
  if (symbol == ZERO) return 0;
  if (symbol < FROM_FIRST) return load<u64>(cache + (<usize>((newest - (symbol - FROM_CACHE)) & 3) << 3));
  const from = load<u64>(foretold + (symbol == FROM_SECOND ? 8 : 0));
  const told = number<D>(models + NUMBERS, isSigned<D>() ? zigzag(signed(value - from, bits)) : 0);
  const found = ((from + <u64>unzigzag(told)) << (64 - bits)) >> (64 - bits);
  newest += 1;
  store<u64>(cache + (<usize>(newest & 3) << 3), found);
  return found;
}

// Bytes of no known form: literals, and copies of what came before, however far back. A stretch is coded as a number of
// literals, these, the length of a copy, where it comes from, and so on until it is full.
import { LIMIT, MODEL_BYTES, clearModels, nibble, nibbleOfTwo } from './nibble';
import { NUMBER_BYTES, NUMBER_MODELS, number, smallNumber } from './numbers';
import { isMalformed } from './rans';

/** The shortest copy. */
export const SHORTEST: u32 = 3;
/** Distances of late that one nibble tells. */
const RECENT: u32 = 4;

// Models: a literal's upper half by the byte before, its lower half by that and the upper one; the same for the first
// literal behind a copy, by the byte that the copy would have gone on with; and so on.
const UPPER: u32 = 0;
const LOWER: u32 = UPPER + 256;
const UPPER_BEHIND: u32 = LOWER + 4096;
const LOWER_BEHIND: u32 = UPPER_BEHIND + 256;
const SECOND: u32 = LOWER_BEHIND + 4096;
const SECOND_LOWER: u32 = SECOND + 4;
const LITERAL_COUNT: u32 = SECOND_LOWER + 64;
const LENGTH: u32 = LITERAL_COUNT + 4;
const SOURCE: u32 = LENGTH + 4;
const SHAPE: u32 = SOURCE + 8;
const DISTANCE: u32 = SHAPE + 8;
const SMALLER: u32 = DISTANCE + 8 * 49;
const MODELS: u32 = SMALLER + NUMBER_MODELS * 3;
const RECENT_BYTES: u32 = RECENT * 4;
export const BYTES_AREA_BYTES: u32 = RECENT_BYTES + MODELS * MODEL_BYTES;

let models: usize = 0;
/** Where the window begins: no copy comes from before. */
let origin: usize = 0;
/** u32 × RECENT, in front of the models. */
let recent: usize = 0;
/** Whether the stretch's last item was a copy of a recent distance: 1, of another: 2; 0 at its beginning. */
let afterCopy: u32 = 0;

export function beginBytes(area: usize, window: usize): void {
  recent = area;
  models = area + RECENT_BYTES;
  origin = window;
  clearModels(models, MODELS);
  for (let index: u32 = 0; index < RECENT; index++) store<u32>(recent + (<usize>index << 2), 1 << index);
  afterCopy = 0;
}

// @ts-ignore: decorator
@inline
function modelAt(index: u32): usize {
  return models + index * MODEL_BYTES;
}

// @ts-ignore: decorator
@inline
export function recentDistance(index: u32): u32 {
  return load<u32>(recent + (<usize>index << 2));
}

/** Codes how many literals come next. */
// @ts-ignore: decorator
@inline
export function literalCount<D>(count: u32): u32 {
  return smallNumber<D>(modelAt(LITERAL_COUNT + afterCopy), modelAt(SMALLER), count);
}

/** Codes the literals from `position` up to `end`. */
export function literals<D>(position: usize, end: usize): void {
  let before = position > origin ? <u32>load<u8>(position - 1) : 0;
  let upper = UPPER;
  let lower = LOWER;
  let context = before;
  if (afterCopy != 0 && position < end) {
    upper = UPPER_BEHIND;
    lower = LOWER_BEHIND;
    context = <u32>load<u8>(position - recentDistance(0));
  }
  while (position < end) {
    const byte = isSigned<D>() ? <u32>load<u8>(position) : 0;
    const place = <u32>(position - origin) & 3;
    const high = nibbleOfTwo<D>(modelAt(upper + context), modelAt(SECOND + place), byte >> 4);
    const low = nibbleOfTwo<D>(modelAt(lower + (context << 4) + high), modelAt(SECOND_LOWER + (place << 4) + high), byte & 15);
    context = (high << 4) | low;
    if (!isSigned<D>()) store<u8>(position, <u8>context);
    upper = UPPER;
    lower = LOWER;
    position += 1;
  }
}

/** What the last call of copyFrom told. */
export let distance: u32 = 0;
export let copied: u32 = 0;

/**
 * Codes a copy: `index` of a recent distance, or RECENT and the distance `other`; the length, of which `room` is the most.
 */
export function copyFrom<D>(index: u32, other: u32, length: u32, room: u32, afterLiterals: bool): void {
  const kind = nibble<D>(modelAt(SOURCE + (afterCopy << 1) + u32(afterLiterals)), index);
  const isOther = u32(kind >= RECENT);
  // 0: up to the end.
  const less = length == room ? 0 : length - SHORTEST + 1;
  const told = smallNumber<D>(
    modelAt(LENGTH + isOther * 2 + u32(afterLiterals)),
    modelAt(SMALLER + NUMBER_MODELS * (1 + isOther)),
    less,
  );
  copied = told == 0 ? room : told + SHORTEST - 1;
  if (isOther == 0) {
    distance = recentDistance(kind);
    for (let each = kind; each != 0; each--) store<u32>(recent + (<usize>each << 2), recentDistance(each - 1));
    afterCopy = 1;
  } else {
    // Short copies come from near by.
    const count = nibble<D>(modelAt(SHAPE + min<u32>(told, 7)), isSigned<D>() ? 7 - (clz(other) >> 2) : 0) & 7;
    const base = DISTANCE + count * 49;
    let found = nibble<D>(modelAt(base), isSigned<D>() ? other >> (count << 2) : 0);
    let model = base + 1 + found;
    for (let place = count; place != 0; ) {
      place -= 1;
      found = (found << 4) | nibble<D>(modelAt(model), isSigned<D>() ? (other >> (place << 2)) & 15 : 0);
      model = place == 1 ? base + 33 + (found & 15) : base + 17 + place;
    }
    distance = found;
    for (let each = RECENT - 1; each != 0; each--) store<u32>(recent + (<usize>each << 2), recentDistance(each - 1));
    afterCopy = 2;
  }
  store<u32>(recent, distance);
}

export const OTHER_SOURCE: u32 = RECENT;

/** Begins a stretch. */
// @ts-ignore: decorator
@inline
export function beginStretch(): void {
  afterCopy = 0;
}

/** Copies byte by byte where source and destination overlap; writes up to 15 bytes behind the end. */
function copy(position: usize, back: u32, length: u32): void {
  let from = position - back;
  const end = position + length;
  if (back >= 16) {
    while (position < end) {
      v128.store(position, v128.load(from));
      position += 16;
      from += 16;
    }
    return;
  }
  while (position < end) {
    store<u8>(position, load<u8>(from));
    position += 1;
    from += 1;
  }
}

/** Decodes a stretch; false when it is malformed. */
export function decodeStretch(start: usize, end: usize): bool {
  beginStretch();
  let position = start;
  while (position < end) {
    const count = literalCount<u32>(0);
    if (count > <u32>(end - position)) return false;
    literals<u32>(position, position + count);
    position += count;
    if (position == end) break;
    copyFrom<u32>(0, 0, SHORTEST, <u32>(end - position), count != 0);
    const length = copied;
    if (distance == 0 || distance > <u32>(position - origin) || length > <u32>(end - position)) return false;
    if (isMalformed()) return false;
    copy(position, distance, length);
    position += length;
  }
  return true;
}

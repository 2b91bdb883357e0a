/**
 * The x87 tag word: two bits for each physical register (0: a number, 1: zero, 2: special, 3: empty). FXSAVE keeps one bit,
 * whether it is in use (Intel's manual, volume 1, 10.5.1.1): the rest is computed from the register's content.
 */
const fullTags = { number: 0, zero: 1, special: 2, empty: 3 } as const;

function tagOf(area: Uint8Array, stack: number): number {
  const at = 32 + 16 * stack;
  const exponent = (area[at + 8]! | (area[at + 9]! << 8)) & 0x7fff;
  if (exponent === 0x7fff) return fullTags.special;
  const mantissa = area.subarray(at, at + 8);
  if (exponent === 0) return mantissa.every((byte) => byte === 0) ? fullTags.zero : fullTags.special;
  return (mantissa[7]! & 0x80) === 0 ? fullTags.special : fullTags.number;
}

/** The full word of an FXSAVE area. */
export function readTagWord(area: Uint8Array): number {
  const used = area[4]!;
  const top = (area[3]! >> 3) & 7;
  let word = 0;
  for (let physical = 0; physical < 8; physical++) {
    const tag = used & (1 << physical) ? tagOf(area, (physical + 8 - top) & 7) : fullTags.empty;
    word |= tag << (2 * physical);
  }
  return word;
}

export function writeTagWord(area: Uint8Array, word: number): void {
  let used = 0;
  for (let physical = 0; physical < 8; physical++) {
    if (((word >> (2 * physical)) & 3) !== fullTags.empty) used |= 1 << physical;
  }
  area[4] = used;
}

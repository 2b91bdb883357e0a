// What packed bytes are made of: docs/trace-format.md, "Packed bytes".

/** Bytes that one block stands for; only the last one has fewer. */
export const BLOCK: u32 = 1 << 18;
/** The longest code of a symbol. Bits. */
export const MOST_BITS: u32 = 11;

/** A literal is its byte. */
export const LITERAL_SYMBOLS: u32 = 256;
/** A number of literals: 0 to 15, then one for each power of two, whose lower bits follow. */
export const COUNT_SYMBOLS: u32 = 32;
export const COUNT_DIRECT: u32 = 16;
/** A match's length less SHORTEST: 0 to 31, then one for each power of two. */
export const LENGTH_SYMBOLS: u32 = 48;
export const LENGTH_DIRECT: u32 = 32;
/** 0, 1: the last two distances, 2 to 4: distances 1 to 3, then four for each power of two. */
export const DISTANCE_SYMBOLS: u32 = 104;
export const SHORTEST: u32 = 4;

/** How literals are stored. */
export const LITERALS_PLAIN: u32 = 0;
export const LITERALS_CODED: u32 = 1;

/** Bytes that are read and written over behind what belongs to a block. */
export const BEHIND: u32 = 32;

/** The symbol of a number from `direct` on, which is a power of two, and below 2^25. */
// @ts-ignore: decorator
@inline
export function powerSymbol(value: u32, direct: u32): u32 {
  return direct + (31 - clz(value)) - ctz<u32>(direct);
}

// Bits, of which each byte's lowest comes first. A position is counted in bits from an address.

/**
 * Puts the `count` lowest bits of `value`, at most 57, whose others are zero, at `bit` from `base`; the position behind
 * them. Of the byte at `bit` what is above it must be zero, or never written; eight bytes are written.
 */
// @ts-ignore: decorator
@inline
export function putBits(base: usize, bit: u32, value: u64, count: u32): u32 {
  const at = base + (bit >> 3);
  const before = bit & 7;
  store<u64>(at, (<u64>load<u8>(at) & ((1 << <u64>before) - 1)) | (value << <u64>before));
  return bit + count;
}

/** Bytes of so many bits. */
// @ts-ignore: decorator
@inline
export function bytesOfBits(bits: u32): u32 {
  return (bits + 7) >> 3;
}

// Copies of bytes that are mostly few: a call of memory.copy costs as much as some hundred of them.

/** Longer ones are left to memory.copy. Bytes. */
const FEW: u32 = 256;

/** Copies bytes to where they do not overlap, sixteen at once: up to 15 more are read and written behind them. */
// @ts-ignore: decorator
@inline
export function copyBytes(to: usize, from: usize, count: u32): void {
  if (count > FEW) {
    memory.copy(to, from, count);
    return;
  }
  const end = to + count;
  while (to < end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}

/** The same of bytes that are mostly sixteen at most: so many are copied in any case. */
// @ts-ignore: decorator
@inline
export function copyShort(to: usize, from: usize, count: u32): void {
  v128.store(to, v128.load(from));
  if (count > 16) copyBytes(to + 16, from + 16, count - 16);
}

/** Copies bytes to a place of as many, rounded up to eight, and zeros behind them. Reads up to 7 bytes more. */
// @ts-ignore: decorator
@inline
export function copyPadded(to: usize, from: usize, count: u32): void {
  const rest = count & 7;
  const whole = <usize>(count - rest);
  if (whole > FEW) {
    memory.copy(to, from, whole);
  } else {
    for (let at: usize = 0; at < whole; at += 8) store<u64>(to + at, load<u64>(from + at));
  }
  if (rest != 0) store<u64>(to + whole, load<u64>(from + whole) & ((<u64>1 << <u64>(rest << 3)) - 1));
}

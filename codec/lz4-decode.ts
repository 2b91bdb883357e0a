// LZ4 block decompression of bytes that nobody vouches for: every length and offset is checked before it is followed.
import { copyBytes } from './copy';
import { MIN_MATCH } from './lz4-emit';

let lengthRead: u32 = 0;

/** Adds the bytes of a long length to `start`, into lengthRead; the position behind them, 0 when it runs past `end`. */
function readLength(position: usize, end: usize, start: u32, most: u32): usize {
  let length = start;
  let byte: u32;
  do {
    if (position >= end || length > most) return 0;
    byte = load<u8>(position);
    position += 1;
    length += byte;
  } while (byte == 255);
  lengthRead = length;
  return position;
}

/** Copies a match that may overlap itself; writes up to SLACK bytes past its end. */
// @ts-ignore: decorator
@inline
export function copyMatch(position: usize, offset: u32, length: u32): void {
  if (offset < 16 || length > 32) {
    copyLongMatch(position, offset, length);
    return;
  }
  const from = position - offset;
  v128.store(position, v128.load(from));
  v128.store(position + 16, v128.load(from + 16));
}

function copyLongMatch(position: usize, offset: u32, length: u32): void {
  const end = position + length;
  let from = position - offset;
  if (offset >= 16) {
    do {
      v128.store(position, v128.load(from));
      position += 16;
      from += 16;
    } while (position < end);
    return;
  }
  if (offset == 1) {
    memory.fill(position, load<u8>(from), length);
    return;
  }
  if (offset < 8) {
    // Eight bytes one by one; from there on the pattern can be read from at least eight bytes back.
    for (let index: usize = 0; index < 8; index++) store<u8>(position + index, load<u8>(from + index));
    const periods = (7 + offset) / offset;
    position += 8;
    from = position - periods * offset;
  }
  while (position < end) {
    store<u64>(position, load<u64>(from));
    position += 8;
    from += 8;
  }
}

/**
 * Decompresses `length` bytes at `source` to exactly `size` bytes at `into`, behind which SLACK bytes are ours too.
 * False when the block is malformed or has another size.
 */
export function decompress(source: usize, length: u32, into: usize, size: u32): bool {
  const end = source + length;
  const intoEnd = into + size;
  let position = source;
  let output = into;
  while (position < end) {
    const token = <u32>load<u8>(position);
    position += 1;

    let literals = token >> 4;
    if (literals == 15) {
      position = readLength(position, end, 15, size);
      if (position == 0) return false;
      literals = lengthRead;
      if (literals > <u32>(end - position) || literals > <u32>(intoEnd - output)) return false;
      if (position + literals + 16 <= end) copyBytes(output, position, literals);
      else memory.copy(output, position, literals);
    } else {
      if (literals > <u32>(end - position) || literals > <u32>(intoEnd - output)) return false;
      // What lies behind the block is read, but of no matter.
      v128.store(output, v128.load(position));
    }
    position += literals;
    output += literals;
    if (position == end) return output == intoEnd;

    if (end - position < 2) return false;
    const offset = <u32>load<u16>(position);
    position += 2;
    if (offset == 0 || offset > <u32>(output - into)) return false;
    let match = token & 15;
    if (match == 15) {
      position = readLength(position, end, 15, size);
      if (position == 0) return false;
      match = lengthRead;
    }
    match += MIN_MATCH;
    if (match > <u32>(intoEnd - output)) return false;
    copyMatch(output, offset, match);
    output += match;
  }
  return false;
}

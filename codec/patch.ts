// A chunk whose encoded bytes are told by what they share with a base: bytes of pieces in the store, each in a place of
// PLACE_BYTES of its own. docs/trace-format.md, "Patched chunks", has the stored form.
//
// A patch: varint length of the steps; the steps; the literals. A step: varint count of literals; varint count of bytes
// that are copied from the base; unless that is 0, zigzag varint: where in the base they are, minus where they would be had
// the step before gone on through the literals. Only the last step copies nothing.
import { chunkChecksum, LEVEL_NONE, sealChunk, storeChunk } from './chunk';
import { ERROR_CHECKSUM, ERROR_CHUNK_TOO_SHORT, ERROR_PATCH, ERROR_STORED_SIZE, ERROR_TOO_LARGE } from './errors';
import * as schema from './generated/schema';
import { decompress } from './lz4-decode';
import { matchLength, SLACK } from './lz4-emit';
import { pack, PACK_BYTES, unpack, UNPACK_BYTES } from './packed';
import { BEHIND } from './packed/layout';
import { readVarint, unzigzag, varintValue, writeVarint, zigzag } from './varint';

const PLACES: u32 = 16;
const PLACE_BITS: u32 = 16;
const BASE_BYTES: u32 = PLACES << PLACE_BITS;
const HASH_BYTES: u32 = 32;
/** Of the list: u32 place, hash. */
const LISTED_BYTES: u32 = 4 + HASH_BYTES;

const TABLE_BITS: u64 = 17;
/** A copy from where the base would go on anyway takes three bytes; one from elsewhere some more. */
const SHORTEST_NEXT: u32 = 5;
const SHORTEST: u32 = 10;
/** For the bytes that a base lacks: these are wanted in runs that can be found again. */
const SHORTEST_OF_LOOSE: u32 = 64;
/** After 2^n fruitless probes the stride grows by one byte. */
const STRIDE_SHIFT: u32 = 7;
/** In the length of a patch: it is packed. */
const IS_PACKED: u32 = 0x8000_0000;
/** Three varints of 32 bits. */
const MAX_STEP_BYTES: u32 = 15;
/** When less than half is in the base, compression alone does as well; nor is it looked for beyond so many bytes then. */
const TRIAL_BYTES: usize = 64 * 1024;

/** Bytes of a base. */
export function baseBytes(): u32 {
  return BASE_BYTES;
}

/** Bytes of the table of a base. */
export function baseTableBytes(): u32 {
  return 4 << (<u32>TABLE_BITS);
}

// @ts-ignore: decorator
@inline
function slotOf(table: usize, word: u64): usize {
  return table + (<usize>((word * 0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS)) << 2);
}

/** An empty base. */
export function clearBase(base: usize, table: usize): void {
  memory.fill(base, 0, BASE_BYTES);
  memory.fill(table, 0, baseTableBytes());
}

/** Makes the `size` bytes in a place of the base known to patchChunk. */
export function enterPlace(base: usize, table: usize, place: u32, size: u32): void {
  const start = place << PLACE_BITS;
  for (let position = start; position + 8 <= start + size; position++) {
    store<u32>(slotOf(table, load<u64>(base + position)), position + 1);
  }
}

let literalCount: u32 = 0;
let placesUsed: u32 = 0;

/** Of the chunk that patchChunk was given last: the bytes that are not in the base, which lie at its `work`. */
export function patchLiterals(): u32 {
  return literalCount;
}

/** Writes the steps for `length` bytes at `source`, and the literals. Bytes of the steps; 0 when they would be more than `limit`. */
function findSteps(
  base: usize,
  places: u32,
  table: usize,
  source: usize,
  length: u32,
  steps: usize,
  limit: u32,
  literals: usize,
  isLoose: bool,
): u32 {
  const end = source + length;
  // What is behind the last piece is zeros, too, but no piece.
  const baseEnd = base + <usize>(places << PLACE_BITS);
  let output = steps;
  let kept = literals;
  let anchor = source;
  let next = base; // where the base goes on for `anchor`
  let position = source;
  let probes: u32 = 1 << STRIDE_SHIFT;
  let trial = source + TRIAL_BYTES;
  placesUsed = 0;
  while (position + 8 <= end) {
    if (position > trial && !isLoose) {
      if ((kept - literals) + (position - anchor) > (position - source) / 2) return 0;
      trial = end;
    }
    const word = load<u64>(position);
    let candidate = next + (position - anchor);
    let shortest = isLoose ? SHORTEST_OF_LOOSE : SHORTEST_NEXT;
    if (candidate + 8 > baseEnd || load<u32>(candidate) != <u32>word) {
      const entry = load<u32>(slotOf(table, word));
      candidate = base + entry - 1;
      if (entry == 0 || load<u64>(candidate) != word) {
        position += probes >> STRIDE_SHIFT;
        probes += 1;
        continue;
      }
      if (!isLoose) shortest = SHORTEST;
    }
    while (position > anchor && candidate > base && load<u8>(position - 1) == load<u8>(candidate - 1)) {
      position -= 1;
      candidate -= 1;
    }
    const length = matchLength(candidate, position, min(end, position + (baseEnd - candidate)));
    if (length < shortest) {
      position += length;
      continue;
    }
    const count = <u32>(position - anchor);
    if (<u32>(output - steps) + 2 * MAX_STEP_BYTES > limit) return 0;
    output = writeVarint(output, count);
    output = writeVarint(output, length);
    output = writeVarint(output, zigzag(<i64>candidate - <i64>(next + count)));
    memory.copy(kept, anchor, count);
    kept += count;
    const first = <u32>(candidate - base) >> PLACE_BITS;
    const last = (<u32>(candidate - base) + length - 1) >> PLACE_BITS;
    for (let place = first; place <= last; place++) placesUsed |= 1 << place;
    position += length;
    anchor = position;
    next = candidate + length;
    probes = 1 << STRIDE_SHIFT;
  }
  const rest = <u32>(end - anchor);
  output = writeVarint(output, rest);
  output = writeVarint(output, 0);
  memory.copy(kept, anchor, rest);
  literalCount = <u32>(kept - literals) + rest;
  return <u32>(output - steps);
}

/** Bytes that patchChunk needs at `work` for an encoded form of `size` bytes. */
export function patchWorkBytes(size: u32): u32 {
  return size * 4 + 1024 + BEHIND + <u32>BEST_ROOM;
}

/** What any compression takes. */
const BEST_ROOM: u32 = max<u32>(1 << 20, PACK_BYTES);

/**
 * Makes of a chunk whose bytes are plain the same as a patch, at `into`, which has as many bytes and 1024 more. With `isLoose`
 * it copies long runs alone, and what is left is what the base lacks. `hashes`: of
 * the pieces in the first `places` of the base. The chunk's length, or 0 when too little of it is in the base.
 */
export function patchChunk(
  plain: usize,
  into: usize,
  base: usize,
  places: u32,
  table: usize,
  hashes: usize,
  work: usize,
  level: u32,
  isLoose: bool,
): u32 {
  const size = load<u32>(plain, schema.CHUNK_HEADER_STORED_SIZE);
  const literals = work;
  const steps = literals + size + SLACK;
  const patch = steps + (size >> 1) + SLACK;
  const scratch = (patch + size + (size >> 1) + 64 + SLACK + BEHIND) & ~15;
  const stepBytes = findSteps(base, places, table, plain + schema.CHUNK_HEADER_BYTES, size, steps, size >> 1, literals, isLoose);
  if (stepBytes == 0 || (literalCount > size / 2 && !isLoose)) return 0;
  let position = writeVarint(patch, stepBytes);
  memory.copy(position, steps, stepBytes);
  position += stepBytes;
  memory.copy(position, literals, literalCount);
  const patchSize = <u32>(position - patch) + literalCount;

  const stored = into + schema.CHUNK_HEADER_BYTES;
  let output = stored + 4;
  let count: u32 = 0;
  for (let place: u32 = 0; place < PLACES; place++) {
    if ((placesUsed & (1 << place)) == 0) continue;
    store<u32>(output, place);
    memory.copy(output + 4, hashes + <usize>(place * HASH_BYTES), HASH_BYTES);
    output += LISTED_BYTES;
    count += 1;
  }
  store<u32>(stored, count);
  store<u32>(output, patchSize);
  output += 4;
  let packed: u32 = 0;
  if (level != LEVEL_NONE) packed = pack(patch, patchSize, output, patchSize - 1, scratch);
  if (packed == 0) {
    memory.copy(output, patch, patchSize);
    packed = patchSize;
  } else store<u32>(output - 4, patchSize | IS_PACKED);
  memory.copy(into, plain, schema.CHUNK_HEADER_BYTES);
  return sealChunk(into, schema.CHUNK_CODEC_PATCHED, size, <u32>(output - stored) + packed);
}

/** Compresses a chunk whose bytes are plain, as its level says. The chunk's length. `area`: BEST_ROOM. */
export function packChunk(plain: usize, into: usize, level: u32, area: usize): u32 {
  memory.copy(into, plain, schema.CHUNK_HEADER_BYTES);
  const size = load<u32>(plain, schema.CHUNK_HEADER_STORED_SIZE);
  return storeChunk(into, plain + schema.CHUNK_HEADER_BYTES, size, level, area);
}

/** Checks the checksum of a patched chunk, and its list: 0 or an error. The rest is checked when it is plain. */
export function checkPatched(chunk: usize, length: u32): i32 {
  if (length < schema.CHUNK_HEADER_BYTES + 8) return ERROR_CHUNK_TOO_SHORT;
  const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
  if (storedSize != length - schema.CHUNK_HEADER_BYTES) return ERROR_STORED_SIZE;
  if (load<u64>(chunk, schema.CHUNK_HEADER_CHECKSUM) != chunkChecksum(chunk, storedSize)) return ERROR_CHECKSUM;
  if (load<u16>(chunk, schema.CHUNK_HEADER_FORMAT) < FORMAT_OF_PATCHES) return ERROR_PATCH;
  if (load<u8>(chunk, schema.CHUNK_HEADER_CONTENT) != schema.CHUNK_CONTENT_RECORDS) return ERROR_PATCH;
  const count = load<u32>(chunk, schema.CHUNK_HEADER_BYTES);
  return count <= PLACES && <u32>8 + count * LISTED_BYTES <= storedSize ? 0 : ERROR_PATCH;
}

/** The first one that has patched chunks. */
const FORMAT_OF_PATCHES: u16 = 5;

/** Bytes that a patch takes at most. */
function patchBound(size: u32): u32 {
  return size * 2 + 64;
}

/** Bytes that plainChunk needs at `work` for an encoded form of `size` bytes. */
export function plainWorkBytes(size: u32): u32 {
  return patchBound(size) + SLACK + BEHIND + 16 + UNPACK_BYTES;
}

/**
 * The inverse of patchChunk, of a chunk that checkPatched has found right, with the pieces that it lists in their places of
 * the base. The chunk may come from anywhere. `capacity`: of the encoded form, behind which SLACK bytes are ours, too. The
 * length of the plain chunk at `into`; negative: an error.
 */
export function plainChunk(chunk: usize, base: usize, into: usize, capacity: u32, work: usize): i32 {
  const size = load<u32>(chunk, schema.CHUNK_HEADER_ENCODED_SIZE);
  if (size > capacity) return ERROR_TOO_LARGE;
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  const end = stored + load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
  const listed = stored + 4 + <usize>(load<u32>(stored) * LISTED_BYTES);
  const isPacked = (load<u32>(listed) & IS_PACKED) != 0;
  const patchSize = load<u32>(listed) & ~IS_PACKED;
  const packed = listed + 4;
  const length = <u32>(end - packed);
  if (patchSize > patchBound(size)) return ERROR_PATCH;
  if (isPacked) {
    const area = (work + patchSize + SLACK + BEHIND + 15) & ~15;
    if (!unpack(packed, length, work, patchSize, area)) return ERROR_PATCH;
  } else if (length == patchSize) memory.copy(work, packed, patchSize);
  else if (!decompress(packed, length, work, patchSize)) return ERROR_PATCH;
  if (!applyPatch(work, patchSize, base, into + schema.CHUNK_HEADER_BYTES, size)) return ERROR_PATCH;
  memory.copy(into, chunk, schema.CHUNK_HEADER_BYTES);
  const format = <u32>load<u16>(chunk, schema.CHUNK_HEADER_FORMAT);
  return <i32>sealChunk(into, schema.CHUNK_CODEC_PLAIN, size, size, format);
}

function applyPatch(patch: usize, patchSize: u32, base: usize, into: usize, size: u32): bool {
  const end = patch + patchSize;
  let step = readVarint(patch, end);
  if (step == 0 || varintValue > <u64>(end - step)) return false;
  const stepsEnd = step + <usize>varintValue;
  let literal = stepsEnd;
  let left = size;
  let next: i64 = 0;
  while (step < stepsEnd) {
    step = readVarint(step, stepsEnd);
    if (step == 0 || varintValue > left || varintValue > <u64>(end - literal)) return false;
    const count = <u32>varintValue;
    memory.copy(into, literal, count);
    into += count;
    literal += count;
    left -= count;
    next += count;
    step = readVarint(step, stepsEnd);
    if (step == 0 || varintValue > left) return false;
    const length = <u32>varintValue;
    if (length == 0) return step == stepsEnd && literal == end && left == 0;
    step = readVarint(step, stepsEnd);
    if (step == 0) return false;
    next += unzigzag(varintValue);
    if (next < 0 || next > <i64>(BASE_BYTES - length)) return false;
    memory.copy(into, base + <usize>next, length);
    into += length;
    left -= length;
    next += length;
  }
  return false;
}

// From a slot of raw records to a chunk for each lane that has records in it.
//
// Encoded bytes of a lane: u32 length of the columns; the columns one after another, each the values of one field that
// differ from what was foretold, in the order of the records; a mask for each record that tells which columns it has a
// value in; the payloads. Nothing refers to another chunk.
import { encodeEntries } from './buffer-payload';
import { LEVEL_BEST, LEVEL_FAST, improveChunk, modelChunk, storeChunk } from './chunk';
import { copyBytes } from './copy';
import { encodeColumns } from './encode-columns';
import { ERROR_SLOT_SIZE } from './errors';
import * as schema from './generated/schema';
import { fixedSize, holdsEntries, paddedSize, payloadLengthOffset } from './lanes';
import { listSlot, rawSizeOf, selectLane } from './slot-records';
import { writeVarint } from './varint';
import { divide, encoded, masks, matchTable, records, zeroRecord } from './work-area';

/** At level fast, records of a lane and of a whole slot that are modelled all the same. Bytes. */
const SMALL_LANE: u32 = 8 << 10;
const SMALL_SLOT: u32 = 256 << 10;

function encodePayloads(lane: u32, count: u32, output: usize): usize {
  const lengthOffset = payloadLengthOffset(lane);
  if (lengthOffset == 0) return output;
  const fixed = fixedSize(lane);
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2));
    const length = load<u32>(record + lengthOffset);
    if (holdsEntries(lane, record)) {
      output = encodeEntries(record + fixed, length, output);
      continue;
    }
    copyBytes(output, record + fixed, length);
    output += length;
  }
  return output;
}

/** Copies the listed records of a lane to `to`, one behind the other, with zeros for padding. */
function gather(lane: u32, count: u32, to: usize): void {
  const lengthOffset = payloadLengthOffset(lane);
  const fixed = fixedSize(lane);
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2));
    const size = load<u32>(record);
    memory.copy(to, record, size);
    if (lengthOffset != 0) {
      const used = fixed + load<u32>(record + lengthOffset);
      memory.fill(to + used, 0, size - used);
    }
    to += size;
  }
}

/** Fills the header of a chunk of the listed records, as far as it does not depend on how they are stored. */
function describeLane(lane: u32, count: u32, laneMask: u32, header: usize, chunk: usize, rawSize: u32): void {
  const first = <usize>load<u32>(records);
  const last = <usize>load<u32>(records + (<usize>(count - 1) << 2));
  memory.fill(chunk, 0, schema.CHUNK_HEADER_BYTES);
  store<u8>(chunk, <u8>lane, schema.CHUNK_HEADER_LANE);
  store<u8>(chunk, <u8>schema.CHUNK_CONTENT_RECORDS, schema.CHUNK_HEADER_CONTENT);
  store<u8>(chunk, <u8>laneMask, schema.CHUNK_HEADER_LANE_MASK);
  store<u32>(chunk, count, schema.CHUNK_HEADER_RECORD_COUNT);
  store<u64>(chunk, load<u64>(header, schema.SLOT_HEADER_SEQUENCE), schema.CHUNK_HEADER_SLOT_SEQUENCE);
  store<u32>(chunk, max<u32>(load<u32>(header, schema.SLOT_HEADER_SLOT_COUNT), 1), schema.CHUNK_HEADER_SLOT_COUNT);
  store<u64>(chunk, load<u64>(first, schema.RECORD_HEADER_EVENT), schema.CHUNK_HEADER_FIRST_EVENT);
  store<u64>(chunk, load<u64>(last, schema.RECORD_HEADER_EVENT), schema.CHUNK_HEADER_LAST_EVENT);
  store<u32>(chunk, rawSize, schema.CHUNK_HEADER_RAW_SIZE);
}

/** True when the records of a lane, `rawSize` bytes of a slot's `used`, are so few that modelling them takes no time. */
function isSmall(rawSize: u32, used: u32): bool {
  return rawSize <= SMALL_LANE || used <= SMALL_SLOT;
}

/** Encodes the listed records of a lane to a chunk; its length. */
function encodeLane(lane: u32, count: u32, laneMask: u32, header: usize, level: u32, chunk: usize): u32 {
  const rawSize = rawSizeOf(lane);
  describeLane(lane, count, laneMask, header, chunk, rawSize);
  let length: u32 = 0;
  if (level == LEVEL_BEST || (level == LEVEL_FAST && isSmall(rawSize, load<u32>(header, schema.SLOT_HEADER_USED)))) {
    gather(lane, count, encoded);
    length = modelChunk(chunk, encoded, count, rawSize, matchTable, zeroRecord);
    if (length != 0 && level == LEVEL_FAST) return length;
  }
  let output = encodeColumns(lane, count, encoded + 4);
  store<u32>(encoded, <u32>(output - encoded - 4));
  for (let index: usize = 0; index < count; index++) output = writeVarint(output, load<u64>(masks + (index << 3)));
  output = encodePayloads(lane, count, output);
  const size = <u32>(output - encoded);
  if (length == 0) return storeChunk(chunk, encoded, size, level, matchTable);
  return improveChunk(chunk, length, encoded, size, matchTable);
}

/**
 * Encodes a slot to one chunk for each lane in it, one behind the other at `output` (encodeOutputBytes(slotSize)).
 * `header`: the slot's header in the ring, or that of a batch of slots; `work`: encodeWorkBytes(slotSize), aligned to 16 bytes. Padding behind
 * payloads is not stored. The chunks' bytes in all; negative: an error, and nothing is made.
 */
export function encodeSlot(
  header: usize,
  slot: usize,
  slotSize: u32,
  level: u32,
  output: usize,
  work: usize,
): i32 {
  const used = load<u32>(header, schema.SLOT_HEADER_USED);
  if (used > slotSize) return ERROR_SLOT_SIZE;
  divide(work, slotSize);
  const fault = listSlot(slot, used, slotSize);
  if (fault != 0) return fault;

  let laneMask: u32 = 0;
  for (let lane: u32 = 0; lane < schema.LANE_COUNT; lane++) laneMask |= u32(rawSizeOf(lane) != 0) << lane;
  let chunk = output;
  for (let lane: u32 = 0; lane < schema.LANE_COUNT; lane++) {
    if ((laneMask & (1 << lane)) == 0) continue;
    chunk += encodeLane(lane, selectLane(lane), laneMask, header, level, chunk);
  }
  return <i32>(chunk - output);
}

/**
 * Makes an index chunk of `count` entries at `entries` for a lane's file. `output`, `work`: as for a slot of at least
 * the entries' bytes. The chunk's length.
 */
export function encodeIndex(lane: u32, entries: usize, count: u32, level: u32, output: usize, work: usize): i32 {
  const size = count * schema.INDEX_ENTRY_BYTES;
  divide(work, size);
  memory.fill(output, 0, schema.CHUNK_HEADER_BYTES);
  store<u8>(output, <u8>lane, schema.CHUNK_HEADER_LANE);
  store<u8>(output, <u8>schema.CHUNK_CONTENT_INDEX, schema.CHUNK_HEADER_CONTENT);
  store<u32>(output, count, schema.CHUNK_HEADER_RECORD_COUNT);
  store<u32>(output, size, schema.CHUNK_HEADER_RAW_SIZE);
  return storeChunk(output, entries, size, level, matchTable);
}

// From a slot of raw records to a chunk for each lane that has records in it.
//
// Encoded bytes of a lane: u32 length of the columns; the columns one after another, each the values of one field that
// differ from what was foretold, in the order of the records; a mask for each record that tells which columns it has a
// value in; the payloads. Nothing refers to another chunk.
import { encodeEntries } from './buffer-payload';
import { LEVEL_BEST, modelChunk, storeChunk } from './chunk';
import { ERROR_EVENT_ORDER, ERROR_RECORD_KIND, ERROR_RECORD_SIZE, ERROR_SLOT_SIZE } from './errors';
import * as schema from './generated/schema';
import { column, columnCount, fixedSize, holdsEntries, laneOfKind, paddedSize, payloadLengthOffset } from './lanes';
import { linkTasks } from './link-tasks';
import { writeVarint, zigzag } from './varint';
import { divide, encoded, masks, matchTable, records, references, zeroRecord } from './work-area';

/** Walks all records of a slot: 0 when they are sound, else an error. */
function checkRecords(slot: usize, used: u32): i32 {
  let position = slot;
  const end = slot + used;
  // Records of one lane stand in the order of their events; so the last event of each is all that must be known.
  let events: u64 = 0;
  let data: u64 = 0;
  let mmaps: u64 = 0;
  let tasks: u64 = 0;
  while (position < end) {
    const room = <u32>(end - position);
    if (room < schema.RECORD_HEADER_BYTES) return ERROR_RECORD_SIZE;
    const size = load<u32>(position, schema.RECORD_HEADER_SIZE);
    const lane = laneOfKind(load<u8>(position, schema.RECORD_HEADER_KIND));
    if (lane == schema.LANE_COUNT) return ERROR_RECORD_KIND;
    const fixed = fixedSize(lane);
    if (size > room || size < fixed) return ERROR_RECORD_SIZE;
    const lengthOffset = payloadLengthOffset(lane);
    const payload: u32 = lengthOffset == 0 ? 0 : load<u32>(position + lengthOffset);
    if (payload > size || size != paddedSize(fixed, payload)) return ERROR_RECORD_SIZE;
    const event = load<u64>(position, schema.RECORD_HEADER_EVENT);
    let before: u64;
    if (lane == schema.LANE_EVENTS) {
      before = events;
      events = event;
    } else if (lane == schema.LANE_DATA) {
      before = data;
      data = event;
    } else if (lane == schema.LANE_MMAPS) {
      before = mmaps;
      mmaps = event;
    } else {
      before = tasks;
      tasks = event;
    }
    if (event < before || event == 0) return ERROR_EVENT_ORDER;
    position += size;
  }
  return 0;
}

/** Lists the records of a lane; their number. */
function collect(slot: usize, used: u32, lane: u32): u32 {
  const end = slot + used;
  let count: u32 = 0;
  for (let position = slot; position < end; position += load<u32>(position)) {
    if (laneOfKind(load<u8>(position, schema.RECORD_HEADER_KIND)) != lane) continue;
    store<u32>(records + (<usize>count << 2), <u32>position);
    count += 1;
  }
  return count;
}

/** Writes the values of a column that differ from the record at the same place of `from`. */
function encodeColumn<T>(offset: usize, bit: u64, from: usize, count: u32, output: usize): usize {
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2)) + offset;
    const reference = <usize>load<u32>(from + (index << 2)) + offset;
    const difference = <i64>(<T>(load<T>(record) - load<T>(reference)));
    if (difference == 0) continue;
    const mask = masks + (index << 3);
    store<u64>(mask, load<u64>(mask) | bit);
    output = writeVarint(output, zigzag(difference));
  }
  return output;
}

function encodeRawColumn(offset: usize, bit: u64, count: u32, output: usize): usize {
  for (let index: usize = 0; index < count; index++) {
    const value = load<u64>(<usize>load<u32>(records + (index << 2)) + offset);
    if (value == load<u64>(<usize>load<u32>(records + (index << 2) - 4) + offset)) continue;
    const mask = masks + (index << 3);
    store<u64>(mask, load<u64>(mask) | bit);
    store<u64>(output, value);
    output += 8;
  }
  return output;
}

function encodeColumns(lane: u32, count: u32, output: usize): usize {
  memory.fill(masks, 0, count << 3);
  const columns = columnCount(lane);
  for (let index: u32 = 0; index < columns; index++) {
    const description = column(lane, index);
    const offset = <usize>(description & 0xffff);
    const size = (description >> 16) & 0xff;
    const coding = description >> 24;
    const bit = <u64>1 << index;
    const from = coding == schema.CODING_TASK ? references : records - 4;
    if (coding == schema.CODING_RAW) output = encodeRawColumn(offset, bit, count, output);
    else if (size == 3) output = encodeColumn<i64>(offset, bit, from, count, output);
    else if (size == 2) output = encodeColumn<i32>(offset, bit, from, count, output);
    else if (size == 1) output = encodeColumn<i16>(offset, bit, from, count, output);
    else output = encodeColumn<i8>(offset, bit, from, count, output);
  }
  return output;
}

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
    memory.copy(output, record + fixed, length);
    output += length;
  }
  return output;
}

/** Bytes of the listed records. */
function rawSizeOf(count: u32): u32 {
  let size: u32 = 0;
  for (let index: usize = 0; index < count; index++) size += load<u32>(<usize>load<u32>(records + (index << 2)));
  return size;
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
function describeLane(lane: u32, count: u32, laneMask: u32, sequence: u64, chunk: usize, rawSize: u32): void {
  const first = <usize>load<u32>(records);
  const last = <usize>load<u32>(records + (<usize>(count - 1) << 2));
  memory.fill(chunk, 0, schema.CHUNK_HEADER_BYTES);
  store<u8>(chunk, <u8>lane, schema.CHUNK_HEADER_LANE);
  store<u8>(chunk, <u8>schema.CHUNK_CONTENT_RECORDS, schema.CHUNK_HEADER_CONTENT);
  store<u8>(chunk, <u8>laneMask, schema.CHUNK_HEADER_LANE_MASK);
  store<u32>(chunk, count, schema.CHUNK_HEADER_RECORD_COUNT);
  store<u64>(chunk, sequence, schema.CHUNK_HEADER_SLOT_SEQUENCE);
  store<u64>(chunk, load<u64>(first, schema.RECORD_HEADER_EVENT), schema.CHUNK_HEADER_FIRST_EVENT);
  store<u64>(chunk, load<u64>(last, schema.RECORD_HEADER_EVENT), schema.CHUNK_HEADER_LAST_EVENT);
  store<u32>(chunk, rawSize, schema.CHUNK_HEADER_RAW_SIZE);
}

/** Encodes the listed records of a lane to a chunk; its length. */
function encodeLane(lane: u32, count: u32, laneMask: u32, sequence: u64, level: u32, chunk: usize): u32 {
  const rawSize = rawSizeOf(count);
  describeLane(lane, count, laneMask, sequence, chunk, rawSize);
  if (level == LEVEL_BEST) {
    gather(lane, count, encoded);
    const length = modelChunk(chunk, encoded, count, rawSize, matchTable, zeroRecord);
    if (length != 0) return length;
  }
  if (lane == schema.LANE_EVENTS) linkTasks(count);
  let output = encodeColumns(lane, count, encoded + 4);
  store<u32>(encoded, <u32>(output - encoded - 4));
  for (let index: usize = 0; index < count; index++) output = writeVarint(output, load<u64>(masks + (index << 3)));
  output = encodePayloads(lane, count, output);
  return storeChunk(chunk, encoded, <u32>(output - encoded), level, matchTable);
}

/**
 * Encodes a slot to one chunk for each lane in it, one behind the other at `output` (encodeOutputBytes(slotSize)).
 * `header`: the slot's header in the ring; `work`: encodeWorkBytes(slotSize), aligned to 16 bytes. Padding behind
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
  const fault = checkRecords(slot, used);
  if (fault != 0) return fault;
  divide(work, slotSize);

  let laneMask: u32 = 0;
  for (let position = slot; position < slot + used; position += load<u32>(position)) {
    laneMask |= 1 << laneOfKind(load<u8>(position, schema.RECORD_HEADER_KIND));
  }
  const sequence = load<u64>(header, schema.SLOT_HEADER_SEQUENCE);
  let chunk = output;
  for (let lane: u32 = 0; lane < schema.LANE_COUNT; lane++) {
    if ((laneMask & (1 << lane)) == 0) continue;
    chunk += encodeLane(lane, collect(slot, used, lane), laneMask, sequence, level, chunk);
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

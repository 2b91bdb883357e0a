// From a chunk back to its raw records, byte for byte. The chunk may come from anywhere: every count, length and offset
// is checked against the memory that it would touch before it is followed, whatever the checksum says.
import { decodeEntries } from './buffer-payload';
import { chunkChecksum } from './chunk';
import {
  ERROR_CHECKSUM,
  ERROR_CHUNK_TOO_SHORT,
  ERROR_COLUMNS,
  ERROR_COUNT,
  ERROR_EVENTS,
  ERROR_FORMAT,
  ERROR_HEADER,
  ERROR_LZ4,
  ERROR_MAGIC,
  ERROR_MODELLED,
  ERROR_RAW_SIZE,
  ERROR_STORED_SIZE,
  ERROR_TOO_LARGE,
} from './errors';
import * as schema from './generated/schema';
import { column, columnCount, fixedSize, holdsEntries, kindOf, paddedSize, payloadLengthOffset } from './lanes';
import { linkTasks } from './link-tasks';
import { decodeRecords as decodeModelled } from './model';
import { decompress } from './lz4-decode';
import { SLACK } from './lz4-emit';
import { readVarint, unzigzag, varintValue } from './varint';
import { decodeWorkBytes, divide, encoded, encodedBound, masks, matchTable, records, references, zeroRecord } from './work-area';

/** The first one that has modelled chunks. */
const FORMAT_OF_MODELS: u32 = 4;

/** Checks all that can be said of a header alone, and the checksum: 0 or an error. */
export function checkChunk(chunk: usize, length: u32): i32 {
  if (length < schema.CHUNK_HEADER_BYTES) return ERROR_CHUNK_TOO_SHORT;
  if (load<u32>(chunk, schema.CHUNK_HEADER_MAGIC) != schema.CHUNK_MAGIC) return ERROR_MAGIC;
  const format = <u32>load<u16>(chunk, schema.CHUNK_HEADER_FORMAT);
  if (format < schema.OLDEST_FORMAT_VERSION || format > schema.FORMAT_VERSION) return ERROR_FORMAT;
  if (load<u16>(chunk, schema.CHUNK_HEADER_HEADER_SIZE) != schema.CHUNK_HEADER_BYTES) return ERROR_HEADER;
  const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
  if (storedSize != length - schema.CHUNK_HEADER_BYTES) return ERROR_STORED_SIZE;
  if (load<u64>(chunk, schema.CHUNK_HEADER_CHECKSUM) != chunkChecksum(chunk, storedSize)) return ERROR_CHECKSUM;

  const lane = <u32>load<u8>(chunk, schema.CHUNK_HEADER_LANE);
  const codec = <u32>load<u8>(chunk, schema.CHUNK_HEADER_CODEC);
  const content = <u32>load<u8>(chunk, schema.CHUNK_HEADER_CONTENT);
  const laneMask = <u32>load<u8>(chunk, schema.CHUNK_HEADER_LANE_MASK);
  const first = load<u64>(chunk, schema.CHUNK_HEADER_FIRST_EVENT);
  const last = load<u64>(chunk, schema.CHUNK_HEADER_LAST_EVENT);
  const sequence = load<u64>(chunk, schema.CHUNK_HEADER_SLOT_SEQUENCE);
  const rawSize = load<u32>(chunk, schema.CHUNK_HEADER_RAW_SIZE);
  const encodedSize = load<u32>(chunk, schema.CHUNK_HEADER_ENCODED_SIZE);
  if (lane >= schema.LANE_COUNT || codec > schema.CHUNK_CODEC_MODELLED) return ERROR_HEADER;
  if (codec == schema.CHUNK_CODEC_MODELLED) {
    if (format < FORMAT_OF_MODELS || content != schema.CHUNK_CONTENT_RECORDS) return ERROR_HEADER;
    if (encodedSize != rawSize) return ERROR_HEADER;
  }
  if (load<u32>(chunk, schema.CHUNK_HEADER_RESERVED) != 0) return ERROR_HEADER;
  if (codec == schema.CHUNK_CODEC_PLAIN && encodedSize != storedSize) return ERROR_STORED_SIZE;
  if (content == schema.CHUNK_CONTENT_INDEX) {
    return laneMask == 0 && first == 0 && last == 0 && sequence == 0 && encodedSize == rawSize ? 0 : ERROR_HEADER;
  }
  if (content != schema.CHUNK_CONTENT_RECORDS) return ERROR_HEADER;
  if (laneMask >> schema.LANE_COUNT != 0 || (laneMask & (1 << lane)) == 0) return ERROR_HEADER;
  return first != 0 && first <= last ? 0 : ERROR_HEADER;
}

/** Reads the masks of all records; the position behind them, 0 when they are malformed. */
function readMasks(position: usize, end: usize, count: u32, columns: u32): usize {
  const limit = <u64>1 << columns;
  for (let index: usize = 0; index < count; index++) {
    position = readVarint(position, end);
    if (position == 0 || varintValue >= limit) return 0;
    store<u64>(masks + (index << 3), varintValue);
  }
  return position;
}

/**
 * Places the records of a lane without payloads, or of a lane with, whose lengths are column 0. The position behind
 * that column, 0 when it is malformed or the records do not fill `rawSize` bytes exactly.
 */
function placeRecords(lane: u32, position: usize, end: usize, count: u32, output: usize, rawSize: u32): usize {
  const fixed = fixedSize(lane);
  const kind = kindOf(lane);
  const lengthOffset = payloadLengthOffset(lane);
  let length: u32 = 0;
  let used: u32 = 0;
  for (let index: usize = 0; index < count; index++) {
    if (lengthOffset != 0 && (load<u64>(masks + (index << 3)) & 1) != 0) {
      position = readVarint(position, end);
      if (position == 0) return 0;
      length += <u32>unzigzag(varintValue);
    }
    if (length > rawSize) return 0;
    const size = paddedSize(fixed, length);
    if (size > rawSize - used) return 0;
    const record = output + used;
    store<u64>(record + size - 8, 0);
    store<u32>(record, size, schema.RECORD_HEADER_SIZE);
    store<u8>(record, <u8>kind, schema.RECORD_HEADER_KIND);
    if (lengthOffset != 0) store<u32>(record + lengthOffset, length);
    store<u32>(records + (index << 2), <u32>record);
    used += size;
  }
  return used == rawSize ? position : 0;
}

function decodeColumn<T>(offset: usize, bit: u64, from: usize, count: u32, position: usize, end: usize): usize {
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2)) + offset;
    let value = load<T>(<usize>load<u32>(from + (index << 2)) + offset);
    if ((load<u64>(masks + (index << 3)) & bit) != 0) {
      position = readVarint(position, end);
      if (position == 0) return 0;
      value += <T>unzigzag(varintValue);
    }
    store<T>(record, value);
  }
  return position;
}

function decodeRawColumn(offset: usize, bit: u64, count: u32, position: usize, end: usize): usize {
  for (let index: usize = 0; index < count; index++) {
    let value: u64;
    if ((load<u64>(masks + (index << 3)) & bit) != 0) {
      if (end - position < 8) return 0;
      value = load<u64>(position);
      position += 8;
    } else {
      value = load<u64>(<usize>load<u32>(records + (index << 2) - 4) + offset);
    }
    store<u64>(<usize>load<u32>(records + (index << 2)) + offset, value);
  }
  return position;
}

/** Decodes all columns but those that placeRecords has; the position behind them, 0 when they are malformed. */
function decodeColumns(lane: u32, count: u32, position: usize, end: usize): usize {
  const columns = columnCount(lane);
  let linked = false;
  for (let index: u32 = payloadLengthOffset(lane) == 0 ? 0 : 1; index < columns && position != 0; index++) {
    const description = column(lane, index);
    const offset = <usize>(description & 0xffff);
    const size = (description >> 16) & 0xff;
    const coding = description >> 24;
    const bit = <u64>1 << index;
    if (coding == schema.CODING_TASK && !linked) {
      linkTasks(count);
      linked = true;
    }
    const from = coding == schema.CODING_TASK ? references : records - 4;
    if (coding == schema.CODING_RAW) position = decodeRawColumn(offset, bit, count, position, end);
    else if (size == 3) position = decodeColumn<i64>(offset, bit, from, count, position, end);
    else if (size == 2) position = decodeColumn<i32>(offset, bit, from, count, position, end);
    else if (size == 1) position = decodeColumn<i16>(offset, bit, from, count, position, end);
    else position = decodeColumn<i8>(offset, bit, from, count, position, end);
  }
  return position;
}

/** Copies the payloads behind their records; false when they do not end at `end`. */
function decodePayloads(lane: u32, count: u32, position: usize, end: usize): bool {
  const lengthOffset = payloadLengthOffset(lane);
  if (lengthOffset == 0) return position == end;
  const fixed = fixedSize(lane);
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2));
    const length = load<u32>(record + lengthOffset);
    if (holdsEntries(lane, record)) {
      position = decodeEntries(position, end, record + fixed, length);
      if (position == 0) return false;
      continue;
    }
    if (length > <u32>(end - position)) return false;
    memory.copy(record + fixed, position, length);
    position += length;
  }
  return position == end;
}

/** Lists the records that lie one behind the other at `output`. */
function listRecords(count: u32, output: usize): void {
  for (let index: usize = 0; index < count; index++) {
    store<u32>(records + (index << 2), <u32>output);
    output += load<u32>(output);
  }
}

/** True when events never decrease, and the first and last are those of the header. */
function eventsAgree(chunk: usize, count: u32): bool {
  let before = load<u64>(chunk, schema.CHUNK_HEADER_FIRST_EVENT);
  if (load<u64>(<usize>load<u32>(records), schema.RECORD_HEADER_EVENT) != before) return false;
  for (let index: usize = 1; index < count; index++) {
    const event = load<u64>(<usize>load<u32>(records + (index << 2)), schema.RECORD_HEADER_EVENT);
    if (event < before) return false;
    before = event;
  }
  return before == load<u64>(chunk, schema.CHUNK_HEADER_LAST_EVENT);
}

function decodeRecords(lane: u32, count: u32, source: usize, size: u32, output: usize, rawSize: u32): i32 {
  const end = source + size;
  if (size < 4) return ERROR_COLUMNS;
  const columnsSize = load<u32>(source);
  if (columnsSize > size - 4) return ERROR_COLUMNS;
  const columns = source + 4;
  const columnsEnd = columns + columnsSize;
  const payloads = readMasks(columnsEnd, end, count, columnCount(lane));
  if (payloads == 0) return ERROR_COLUMNS;
  let position = placeRecords(lane, columns, columnsEnd, count, output, rawSize);
  if (position == 0) return ERROR_RAW_SIZE;
  position = decodeColumns(lane, count, position, columnsEnd);
  if (position != columnsEnd) return ERROR_COLUMNS;
  return decodePayloads(lane, count, payloads, end) ? 0 : ERROR_COLUMNS;
}

/** Undoes LZ4, or copies; false when the stored bytes are malformed. */
function unpack(chunk: usize, into: usize, size: u32): bool {
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
  if (load<u8>(chunk, schema.CHUNK_HEADER_CODEC) == schema.CHUNK_CODEC_LZ4) {
    return decompress(stored, storedSize, into, size);
  }
  memory.copy(into, stored, size);
  return true;
}

/**
 * Decodes a chunk of `length` bytes to `output`, which has `capacity` bytes and SLACK more behind them (aligned to 8
 * bytes), by means of `workCapacity` bytes at `work` (aligned to 16 bytes; decodeWorkBytes of the raw size will do).
 * The raw size; negative: an error, and what lies at `output` is of no use.
 */
export function decodeChunk(
  chunk: usize,
  length: u32,
  output: usize,
  capacity: u32,
  work: usize,
  workCapacity: u32,
): i32 {
  const fault = checkChunk(chunk, length);
  if (fault != 0) return fault;
  const lane = <u32>load<u8>(chunk, schema.CHUNK_HEADER_LANE);
  const count = load<u32>(chunk, schema.CHUNK_HEADER_RECORD_COUNT);
  const rawSize = load<u32>(chunk, schema.CHUNK_HEADER_RAW_SIZE);
  const encodedSize = load<u32>(chunk, schema.CHUNK_HEADER_ENCODED_SIZE);
  if (rawSize > capacity || rawSize > 0x7fff_ffff) return ERROR_TOO_LARGE;
  if (load<u8>(chunk, schema.CHUNK_HEADER_CONTENT) == schema.CHUNK_CONTENT_INDEX) {
    if (<u64>count * schema.INDEX_ENTRY_BYTES != rawSize) return ERROR_COUNT;
    return unpack(chunk, output, rawSize) ? <i32>rawSize : ERROR_LZ4;
  }
  if (rawSize > 0x0fff_ffff || decodeWorkBytes(rawSize) > workCapacity) return ERROR_TOO_LARGE;
  if (encodedSize > encodedBound(rawSize)) return ERROR_TOO_LARGE;
  if (count == 0 || <u64>count * fixedSize(lane) > rawSize) return ERROR_COUNT;
  divide(work, rawSize);
  if (load<u8>(chunk, schema.CHUNK_HEADER_CODEC) == schema.CHUNK_CODEC_MODELLED) {
    const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
    const stored = chunk + schema.CHUNK_HEADER_BYTES;
    if (!decodeModelled(lane, count, output, rawSize, zeroRecord, stored, storedSize, matchTable)) return ERROR_MODELLED;
    listRecords(count, output);
    return eventsAgree(chunk, count) ? <i32>rawSize : ERROR_EVENTS;
  }
  if (!unpack(chunk, encoded, encodedSize)) return ERROR_LZ4;
  const result = decodeRecords(lane, count, encoded, encodedSize, output, rawSize);
  if (result != 0) return result;
  return eventsAgree(chunk, count) ? <i32>rawSize : ERROR_EVENTS;
}

/** Bytes that must be free behind decodeChunk's output. */
export function decodeSlack(): u32 {
  return SLACK;
}

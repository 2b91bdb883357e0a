// From a chunk back to its raw records, byte for byte. The chunk may come from anywhere: every count, length and offset
// is checked against the memory that it would touch before it is followed, whatever the checksum says.
import { decodeEntries } from './buffer-payload';
import { chunkChecksum } from './chunk';
import { copyPadded } from './copy';
import { decodeColumns, readMasks } from './decode-columns';
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
  ERROR_PACKED,
  ERROR_STORED_SIZE,
  ERROR_TOO_LARGE,
} from './errors';
import * as schema from './generated/schema';
import { columnCount, fixedSize, holdsEntries, payloadLengthOffset } from './lanes';
import { decodeBytes, decodeRecords as decodeModelled } from './model';
import { decompress } from './lz4-decode';
import { SLACK } from './lz4-emit';
import { unpack } from './packed';
import { decodeWorkBytes, divide, encoded, encodedBound, matchTable, records, zeroRecord } from './work-area';

/** The first one that has modelled chunks. */
const FORMAT_OF_MODELS: u32 = 4;
/** The first one that has packed ones, and modelled columns. */
const FORMAT_OF_PACKED: u32 = 6;
/** The first one whose chunks say how many slots they were made from. */
const FORMAT_OF_SLOTS: u32 = 7;
const MOST_SLOTS: u32 = 0xffff;

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
  const slotCount = load<u32>(chunk, schema.CHUNK_HEADER_SLOT_COUNT);
  if (lane >= schema.LANE_COUNT || codec > schema.CHUNK_CODEC_MODELLED_COLUMNS) return ERROR_HEADER;
  // It must have been made plain before (patch.ts).
  if (codec == schema.CHUNK_CODEC_PATCHED) return ERROR_HEADER;
  if (codec >= schema.CHUNK_CODEC_PACKED && format < FORMAT_OF_PACKED) return ERROR_HEADER;
  if (codec == schema.CHUNK_CODEC_MODELLED) {
    if (format < FORMAT_OF_MODELS || content != schema.CHUNK_CONTENT_RECORDS) return ERROR_HEADER;
    if (encodedSize != rawSize) return ERROR_HEADER;
  }
  if (codec == schema.CHUNK_CODEC_PLAIN && encodedSize != storedSize) return ERROR_STORED_SIZE;
  if (content == schema.CHUNK_CONTENT_INDEX) {
    return slotCount == 0 && laneMask == 0 && first == 0 && last == 0 && sequence == 0 && encodedSize == rawSize ? 0 : ERROR_HEADER;
  }
  if (content != schema.CHUNK_CONTENT_RECORDS) return ERROR_HEADER;
  const hasSlots = format < FORMAT_OF_SLOTS ? slotCount == 0 : slotCount != 0 && slotCount <= MOST_SLOTS;
  if (!hasSlots) return ERROR_HEADER;
  if (laneMask >> schema.LANE_COUNT != 0 || (laneMask & (1 << lane)) == 0) return ERROR_HEADER;
  return first != 0 && first <= last ? 0 : ERROR_HEADER;
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
    copyPadded(record + fixed, position, length);
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
  const fault = decodeColumns(lane, count, columns, columnsEnd, output, rawSize);
  if (fault != 0) return fault;
  return decodePayloads(lane, count, payloads, end) ? 0 : ERROR_COLUMNS;
}

/** Undoes packing or LZ4, or copies: 0, or an error where the stored bytes are malformed. */
function open(chunk: usize, into: usize, size: u32, area: usize): i32 {
  const stored = chunk + schema.CHUNK_HEADER_BYTES;
  const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
  const codec = <u32>load<u8>(chunk, schema.CHUNK_HEADER_CODEC);
  if (codec == schema.CHUNK_CODEC_PACKED) return unpack(stored, storedSize, into, size, area) ? 0 : ERROR_PACKED;
  if (codec == schema.CHUNK_CODEC_MODELLED_COLUMNS) {
    return decodeBytes(into, size, stored, storedSize, area) ? 0 : ERROR_MODELLED;
  }
  if (codec == schema.CHUNK_CODEC_LZ4) return decompress(stored, storedSize, into, size) ? 0 : ERROR_LZ4;
  memory.copy(into, stored, size);
  return 0;
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
  const unsound = checkChunk(chunk, length);
  if (unsound != 0) return unsound;
  const lane = <u32>load<u8>(chunk, schema.CHUNK_HEADER_LANE);
  const count = load<u32>(chunk, schema.CHUNK_HEADER_RECORD_COUNT);
  const rawSize = load<u32>(chunk, schema.CHUNK_HEADER_RAW_SIZE);
  const encodedSize = load<u32>(chunk, schema.CHUNK_HEADER_ENCODED_SIZE);
  if (rawSize > capacity || rawSize > 0x0fff_ffff || decodeWorkBytes(rawSize) > workCapacity) return ERROR_TOO_LARGE;
  divide(work, rawSize);
  if (load<u8>(chunk, schema.CHUNK_HEADER_CONTENT) == schema.CHUNK_CONTENT_INDEX) {
    if (<u64>count * schema.INDEX_ENTRY_BYTES != rawSize) return ERROR_COUNT;
    const fault = open(chunk, output, rawSize, matchTable);
    return fault == 0 ? <i32>rawSize : fault;
  }
  if (encodedSize > encodedBound(rawSize)) return ERROR_TOO_LARGE;
  if (count == 0 || <u64>count * fixedSize(lane) > rawSize) return ERROR_COUNT;
  if (load<u8>(chunk, schema.CHUNK_HEADER_CODEC) == schema.CHUNK_CODEC_MODELLED) {
    const storedSize = load<u32>(chunk, schema.CHUNK_HEADER_STORED_SIZE);
    const stored = chunk + schema.CHUNK_HEADER_BYTES;
    if (!decodeModelled(lane, count, output, rawSize, zeroRecord, stored, storedSize, matchTable)) return ERROR_MODELLED;
    listRecords(count, output);
    return eventsAgree(chunk, count) ? <i32>rawSize : ERROR_EVENTS;
  }
  const closed = open(chunk, encoded, encodedSize, matchTable);
  if (closed != 0) return closed;
  const result = decodeRecords(lane, count, encoded, encodedSize, output, rawSize);
  if (result != 0) return result;
  return eventsAgree(chunk, count) ? <i32>rawSize : ERROR_EVENTS;
}

/** Bytes that must be free behind decodeChunk's output. */
export function decodeSlack(): u32 {
  return SLACK;
}

// The records' fields from their columns and masks. The masks tell how many values each column has, and with that where it
// begins; so the records come back one by one, each copied from what it is foretold from and then changed.
import { foretoldPair, isByTask, isRaw, layOutColumns, offsetOf, sizeLogOf, wordCount } from './column-layout';
import { ERROR_COLUMNS, ERROR_RAW_SIZE } from './errors';
import * as schema from './generated/schema';
import { column, columnCount, columnTable, fixedSize, kindOf, paddedSize, payloadLengthOffset } from './lanes';
import { clearTaskTable, exchangeTask } from './task-table';
import { readVarint, skipVarints, unzigzag, varintValue } from './varint';
import { columnEnds, masks, records, taskTable } from './work-area';

/** Where the values of a column begin that were not read yet. */
// @ts-ignore: decorator
@inline
function placeOf(index: usize): usize {
  return <usize>load<u32>(columnEnds + (index << 2));
}

/** Reads the masks of all records; the position behind them, 0 when they are malformed. */
export function readMasks(position: usize, end: usize, count: u32, columns: u32): usize {
  const limit = <u64>1 << columns;
  for (let index: usize = 0; index < count; index++) {
    position = readVarint(position, end);
    if (position == 0 || varintValue >= limit) return 0;
    store<u64>(masks + (index << 3), varintValue);
  }
  return position;
}

/** Finds where each column begins; false when they do not end at `end`. */
function findColumns(lane: u32, count: u32, position: usize, end: usize): bool {
  const columns = columnCount(lane);
  memory.fill(columnEnds, 0, columns << 2);
  for (let index: usize = 0; index < count; index++) {
    for (let rest = load<u64>(masks + (index << 3)); rest != 0; rest &= rest - 1) {
      const values = columnEnds + (<usize>ctz(rest) << 2);
      store<u32>(values, load<u32>(values) + 1);
    }
  }
  for (let index: u32 = 0; index < columns; index++) {
    const place = columnEnds + (<usize>index << 2);
    const values = load<u32>(place);
    store<u32>(place, <u32>position);
    if (isRaw(column(lane, index))) {
      if (<usize>values << 3 > end - position) return false;
      position += <usize>values << 3;
    } else {
      position = skipVarints(position, end, values);
      if (position == 0) return false;
    }
  }
  return position == end;
}

/**
 * Lists where the records begin, and the end of the last one: the payloads' lengths are column 0, in a lane that has
 * some. False when a length is malformed or the records do not fill `rawSize` bytes exactly.
 */
function placeRecords(lane: u32, count: u32, end: usize, output: usize, rawSize: u32): bool {
  const fixed = fixedSize(lane);
  const hasPayload = payloadLengthOffset(lane) != 0;
  let position = placeOf(0);
  let length: u32 = 0;
  let used: u32 = 0;
  for (let index: usize = 0; index < count; index++) {
    if (hasPayload && (load<u64>(masks + (index << 3)) & 1) != 0) {
      position = readVarint(position, end);
      if (position == 0) return false;
      length += <u32>unzigzag(varintValue);
    }
    if (length > rawSize) return false;
    const size = paddedSize(fixed, length);
    if (size > rawSize - used) return false;
    store<u32>(records + (index << 2), <u32>(output + used));
    used += size;
  }
  store<u32>(records + (<usize>count << 2), <u32>(output + used));
  return used == rawSize;
}

/** Adds a difference to a field. */
// @ts-ignore: decorator
@inline
function change(field: usize, sizeLog: u32, difference: u64): void {
  if (sizeLog == 3) store<u64>(field, load<u64>(field) + difference);
  else if (sizeLog == 2) store<u32>(field, load<u32>(field) + <u32>difference);
  else if (sizeLog == 1) store<u16>(field, <u16>(load<u16>(field) + <u16>difference));
  else store<u8>(field, <u8>(load<u8>(field) + <u8>difference));
}

/** The column of a frame's tid. */
function tidColumn(): usize {
  let index: u32 = 0;
  while (offsetOf(column(schema.LANE_EVENTS, index)) != schema.FRAME_TID) index += 1;
  return <usize>index;
}

/** The tid of a record of which nothing is there yet. */
// @ts-ignore: decorator
@inline
function tidOf(previous: usize, mask: u64, column: usize, end: usize): u32 {
  const tid = load<u32>(previous, schema.FRAME_TID);
  // A malformed one is found where all columns are read.
  return ((mask >> column) & 1) != 0 && readVarint(placeOf(column), end) != 0 ? tid + <u32>unzigzag(varintValue) : tid;
}

/** Makes the fields of the listed records; false when a value is malformed. */
function fillRecords(lane: u32, count: u32, end: usize): bool {
  const words = wordCount(lane);
  const fixed = fixedSize(lane);
  const kind = kindOf(lane);
  const table = columnTable(lane);
  const hasTasks = lane == schema.LANE_EVENTS;
  const tids = hasTasks ? tidColumn() : 0;
  if (hasTasks) clearTaskTable(taskTable, count);
  let previous = <usize>load<u32>(records - 4);
  for (let index: usize = 0; index < count; index++) {
    const record = <usize>load<u32>(records + (index << 2));
    const size = load<u32>(records + (index << 2), 4) - <u32>record;
    const mask = load<u64>(masks + (index << 3));
    let task = previous;
    if (hasTasks) {
      const last = exchangeTask(tidOf(previous, mask, tids, end), <u32>record);
      if (last != 0) task = <usize>last;
    }
    // An odd word more is written over by what follows, or lies in the slack.
    for (let at: usize = 0; at < words << 3; at += 16) v128.store(record + at, foretoldPair(previous, task, at));
    store<u32>(record, size, schema.RECORD_HEADER_SIZE);
    store<u8>(record, <u8>kind, schema.RECORD_HEADER_KIND);
    for (let rest = mask; rest != 0; rest &= rest - 1) {
      const which = <usize>ctz(rest);
      const description = load<u32>(table + (which << 2));
      const field = record + offsetOf(description);
      let position = placeOf(which);
      if (isRaw(description)) {
        store<u64>(field, load<u64>(position));
        position += 8;
      } else {
        position = readVarint(position, end);
        if (position == 0) return false;
        change(field, sizeLogOf(description), <u64>unzigzag(varintValue));
      }
      store<u32>(columnEnds + (which << 2), <u32>position);
    }
    if (size != fixed) store<u64>(record + size - 8, 0);
    previous = record;
  }
  return true;
}

/**
 * Makes `count` records at `output`, but for their payloads, of the columns from `position` to `end` and the masks that
 * were read; the bytes behind payloads are zero. Lists the records. 0, or an error: the columns are malformed or do not
 * end at `end`, or the records do not fill `rawSize` bytes exactly.
 */
export function decodeColumns(lane: u32, count: u32, position: usize, end: usize, output: usize, rawSize: u32): i32 {
  layOutColumns(lane);
  if (!findColumns(lane, count, position, end)) return ERROR_COLUMNS;
  if (!placeRecords(lane, count, end, output, rawSize)) return ERROR_RAW_SIZE;
  return fillRecords(lane, count, end) ? 0 : ERROR_COLUMNS;
}

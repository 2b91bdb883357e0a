// The columns of a lane's records, and their masks: one field of all records after another.
import { isByTask, isRaw, offsetOf, sizeLogOf } from './column-layout';
import * as schema from './generated/schema';
import { column, columnCount } from './lanes';
import { linkTasks } from './link-tasks';
import { writeVarint, zigzag } from './varint';
import { masks, records, references } from './work-area';

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

/** Writes the columns of `count` listed records one behind the other at `output`; the position behind them. Fills `masks`. */
export function encodeColumns(lane: u32, count: u32, output: usize): usize {
  memory.fill(masks, 0, count << 3);
  if (lane == schema.LANE_EVENTS) linkTasks(count);
  const columns = columnCount(lane);
  for (let index: u32 = 0; index < columns; index++) {
    const description = column(lane, index);
    const offset = offsetOf(description);
    const sizeLog = sizeLogOf(description);
    const bit = <u64>1 << index;
    const from = isByTask(description) ? references : records - 4;
    if (isRaw(description)) output = encodeRawColumn(offset, bit, count, output);
    else if (sizeLog == 3) output = encodeColumn<i64>(offset, bit, from, count, output);
    else if (sizeLog == 2) output = encodeColumn<i32>(offset, bit, from, count, output);
    else if (sizeLog == 1) output = encodeColumn<i16>(offset, bit, from, count, output);
    else output = encodeColumn<i8>(offset, bit, from, count, output);
  }
  return output;
}

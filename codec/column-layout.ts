// How the fields of a lane's records lie in words of 64 bits: records are compared, and copied, two words at once.
import * as schema from './generated/schema';
import { column, columnCount, fixedSize } from './lanes';
import { blend } from './work-area';

/** Words of a lane's records. */
// @ts-ignore: decorator
@inline
export function wordCount(lane: u32): u32 {
  return fixedSize(lane) >> 3;
}

/** Fills `blend`: ones where the task's last record foretells. */
export function layOutColumns(lane: u32): void {
  memory.fill(blend, 0, (wordCount(lane) + 1) << 3);
  const columns = columnCount(lane);
  for (let index: u32 = 0; index < columns; index++) {
    const description = column(lane, index);
    if (isByTask(description)) memory.fill(blend + offsetOf(description), 0xff, <usize>1 << sizeLogOf(description));
  }
}

/** A record as it is foretold: two words, `at` bytes from its beginning. */
// @ts-ignore: decorator
@inline
export function foretoldPair(previous: usize, task: usize, at: usize): v128 {
  return v128.bitselect(v128.load(task + at), v128.load(previous + at), v128.load(blend + at));
}

// A column's description (generated/schema.ts): offset in the record, log2 of its bytes << 16, coding << 24.

// @ts-ignore: decorator
@inline
export function offsetOf(description: u32): usize {
  return <usize>(description & 0xffff);
}

/** Binary logarithm of the field's bytes. */
// @ts-ignore: decorator
@inline
export function sizeLogOf(description: u32): u32 {
  return (description >> 16) & 0xff;
}

// @ts-ignore: decorator
@inline
export function isByTask(description: u32): bool {
  return description >> 24 == schema.CODING_TASK;
}

// @ts-ignore: decorator
@inline
export function isRaw(description: u32): bool {
  return description >> 24 == schema.CODING_RAW;
}

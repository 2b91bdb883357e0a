// What the codec knows of each lane, from the schema.
import * as schema from './generated/schema';

/** Bytes of a record's fixed part. */
export function fixedSize(lane: u32): u32 {
  if (lane == schema.LANE_EVENTS) return schema.FRAME_BYTES;
  if (lane == schema.LANE_DATA) return schema.DATA_BYTES;
  if (lane == schema.LANE_MMAPS) return schema.MAPPING_BYTES;
  return schema.TASK_BYTES;
}

/** Offset of the field that holds the payload's length; 0 in the lane whose records have none. */
export function payloadLengthOffset(lane: u32): usize {
  if (lane == schema.LANE_EVENTS) return 0;
  if (lane == schema.LANE_DATA) return schema.DATA_LENGTH;
  if (lane == schema.LANE_MMAPS) return schema.MAPPING_PATH_LENGTH;
  return schema.TASK_TEXT_LENGTH;
}

/** True for records whose payload is entries of the syscall buffer (buffer-payload.ts). */
// @ts-ignore: decorator
@inline
export function holdsEntries(lane: u32, record: usize): bool {
  return lane == schema.LANE_DATA && load<u8>(record, schema.DATA_SPACE) == schema.DATA_SPACE_SYSCALL_BUFFER;
}

export function kindOf(lane: u32): u32 {
  if (lane == schema.LANE_EVENTS) return schema.RECORD_KIND_FRAME;
  if (lane == schema.LANE_DATA) return schema.RECORD_KIND_DATA;
  if (lane == schema.LANE_MMAPS) return schema.RECORD_KIND_MAPPING;
  return schema.RECORD_KIND_TASK;
}

/** The lane that records of a kind go to; LANE_COUNT for a kind that does not exist. */
export function laneOfKind(kind: u32): u32 {
  if (kind == schema.RECORD_KIND_FRAME) return schema.LANE_EVENTS;
  if (kind == schema.RECORD_KIND_DATA) return schema.LANE_DATA;
  if (kind == schema.RECORD_KIND_MAPPING) return schema.LANE_MMAPS;
  if (kind == schema.RECORD_KIND_TASK) return schema.LANE_TASKS;
  return schema.LANE_COUNT;
}

export function columnCount(lane: u32): u32 {
  if (lane == schema.LANE_EVENTS) return schema.EVENTS_COLUMN_COUNT;
  if (lane == schema.LANE_DATA) return schema.DATA_COLUMN_COUNT;
  if (lane == schema.LANE_MMAPS) return schema.MMAPS_COLUMN_COUNT;
  return schema.TASKS_COLUMN_COUNT;
}

/** The descriptions of a lane's columns: u32 each. */
export function columnTable(lane: u32): usize {
  if (lane == schema.LANE_EVENTS) return changetype<usize>(schema.EVENTS_COLUMNS);
  if (lane == schema.LANE_DATA) return changetype<usize>(schema.DATA_COLUMNS);
  if (lane == schema.LANE_MMAPS) return changetype<usize>(schema.MMAPS_COLUMNS);
  return changetype<usize>(schema.TASKS_COLUMNS);
}

/** A column's description: offset in the record, log2 of its bytes << 16, coding << 24. */
export function column(lane: u32, index: u32): u32 {
  return load<u32>(columnTable(lane) + ((<usize>index) << 2));
}

/** Bytes of a record with a payload. */
// @ts-ignore: decorator
@inline
export function paddedSize(fixed: u32, payload: u32): u32 {
  return (fixed + payload + 7) & ~7;
}

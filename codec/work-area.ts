// How much memory encoding and decoding need beside source and destination, and how it is divided.
import { CLASS_BYTES, CLASSES, MAX_ENTRIES } from './buffer-payload';
import * as schema from './generated/schema';
import { fixedSize } from './lanes';
import { SLACK } from './lz4-emit';
import { modelDecodeBytes, modelEncodeBytes } from './model';
import { PACK_BYTES, UNPACK_BYTES } from './packed';
import { LANE_STATES_BYTES } from './slot-records';
import { taskTableBytes } from './task-table';

/** Bytes of a record of zeros, which the first record of a chunk is foretold from. */
const ZERO_RECORD_BYTES: u32 = schema.FRAME_BYTES;
/** For each record its position (one more ahead of the first), the frame that it is foretold from, its mask. */
const BYTES_PER_RECORD: u32 = 4 + 4 + 8;

/** What column-layout.ts and the columns' coders need. */
const LAYOUT_BYTES: u32 = ZERO_RECORD_BYTES + 16 + 64 * 4;

/** For each entry of one payload its offset and the next of its class; and the classes (buffer-payload.ts). */
const ENTRIES_BYTES: u32 = ((MAX_ENTRIES + 15) & ~15) * 8 + CLASSES * CLASS_BYTES;

/** The most records in so many bytes of one lane: the smallest fixed part is a data record's. */
export function maxRecords(rawSize: u32): u32 {
  return rawSize / schema.DATA_BYTES + 1;
}

/** Columns and masks take at most twice the bytes of the fields that they code; the rest is copied. */
export function encodedBound(rawSize: u32): u32 {
  return rawSize * 2 + 64;
}

// @ts-ignore: decorator
@inline
function aligned(bytes: u32): u32 {
  return (bytes + 15) & ~15;
}

// Addresses of the parts, set by divide(): one encoding or decoding at a time.
export let zeroRecord: usize = 0;
/** u32 position of each record; the word before the first one is that of zeroRecord, and behind the last one is one more. */
export let records: usize = 0;
/** u32 position of the frame that each frame is foretold from. */
export let references: usize = 0;
/** u64 mask of each record: a bit per column that differs from what was foretold. */
export let masks: usize = 0;
export let taskTable: usize = 0;
/** What the records of a lane are foretold from: ones where it is the task's last (column-layout.ts). */
export let blend: usize = 0;
/** u32 of each column: where its next value lies. */
export let columnEnds: usize = 0;
export let entryOffsets: usize = 0;
export let entryNexts: usize = 0;
export let entryClasses: usize = 0;
/** encodedBound(rawSize) bytes, and SLACK. */
export let encoded: usize = 0;
/** When encoding: the records of each lane (slot-records.ts). */
export let laneLists: usize = 0;
/** What packing needs (packed/index.ts), or the models (model/index.ts): one or the other is in use. */
export let matchTable: usize = 0;

/** Bytes that both need but for the models. */
function commonBytes(rawSize: u32): u32 {
  const count = maxRecords(rawSize);
  return (
    aligned(ZERO_RECORD_BYTES) +
    aligned(LAYOUT_BYTES) +
    aligned(16 + count * BYTES_PER_RECORD) +
    aligned(taskTableBytes(count)) +
    ENTRIES_BYTES +
    aligned(encodedBound(rawSize) + SLACK)
  );
}

export function decodeWorkBytes(rawSize: u32): u32 {
  return commonBytes(rawSize) + aligned(max<u32>(UNPACK_BYTES, modelDecodeBytes()));
}

/** Bytes of the list of a lane's records in a slot, with a word before and behind. */
export function laneListBytes(slotSize: u32, lane: u32): u32 {
  return (slotSize / fixedSize(lane) + 3) << 2;
}

function laneListsBytes(slotSize: u32): u32 {
  let bytes = LANE_STATES_BYTES;
  for (let lane: u32 = 0; lane < schema.LANE_COUNT; lane++) bytes += laneListBytes(slotSize, lane);
  return bytes;
}

/** What encoding needs behind the common areas, but for the lists. */
function tableBytes(rawSize: u32): u32 {
  return aligned(max<u32>(PACK_BYTES, modelEncodeBytes(encodedBound(rawSize))));
}

export function encodeWorkBytes(rawSize: u32): u32 {
  return commonBytes(rawSize) + tableBytes(rawSize) + aligned(laneListsBytes(rawSize));
}

/** Makes another list that which `records` tells. */
export function listRecords(list: usize): void {
  records = list;
}

/** Divides the area at `work` (aligned to 16 bytes) for records of `rawSize` bytes in all. */
export function divide(work: usize, rawSize: u32): void {
  const count = maxRecords(rawSize);
  zeroRecord = work;
  memory.fill(zeroRecord, 0, ZERO_RECORD_BYTES);
  blend = work + aligned(ZERO_RECORD_BYTES);
  columnEnds = blend + ZERO_RECORD_BYTES + 16;
  masks = blend + aligned(LAYOUT_BYTES);
  references = masks + count * 8;
  records = references + count * 4 + 4;
  taskTable = masks + aligned(16 + count * BYTES_PER_RECORD);
  entryClasses = taskTable + aligned(taskTableBytes(count));
  entryOffsets = entryClasses + CLASSES * CLASS_BYTES;
  entryNexts = entryOffsets + ((MAX_ENTRIES + 15) & ~15) * 4;
  encoded = entryClasses + ENTRIES_BYTES;
  matchTable = encoded + aligned(encodedBound(rawSize) + SLACK);
  laneLists = matchTable + tableBytes(rawSize);
  store<u32>(records - 4, <u32>zeroRecord);
}

// How much memory encoding and decoding need beside source and destination, and how it is divided.
import { CLASS_BYTES, CLASSES, MAX_ENTRIES } from './buffer-payload';
import * as schema from './generated/schema';
import { BEST_TABLE_BYTES } from './lz4-best';
import { SLACK } from './lz4-emit';
import { modelDecodeBytes, modelEncodeBytes } from './model';
import { taskTableBytes } from './task-table';

/** Bytes of a record of zeros, which the first record of a chunk is foretold from. */
const ZERO_RECORD_BYTES: u32 = schema.FRAME_BYTES;
/** For each record its position (one more ahead of the first), the frame that it is foretold from, its mask. */
const BYTES_PER_RECORD: u32 = 4 + 4 + 8;

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
/** u32 position of each record; the word before the first one is that of zeroRecord. */
export let records: usize = 0;
/** u32 position of the frame that each frame is foretold from. */
export let references: usize = 0;
/** u64 mask of each record: a bit per column that differs from what was foretold. */
export let masks: usize = 0;
export let taskTable: usize = 0;
export let entryOffsets: usize = 0;
export let entryNexts: usize = 0;
export let entryClasses: usize = 0;
/** encodedBound(rawSize) bytes, and SLACK. */
export let encoded: usize = 0;
/** BEST_TABLE_BYTES, when encoding; what the models need (model/index.ts) lies there, too: one or the other is in use. */
export let matchTable: usize = 0;

/** Bytes that both need but for the models. */
function commonBytes(rawSize: u32): u32 {
  const count = maxRecords(rawSize);
  return (
    aligned(ZERO_RECORD_BYTES) +
    aligned(16 + count * BYTES_PER_RECORD) +
    aligned(taskTableBytes(count)) +
    ENTRIES_BYTES +
    aligned(encodedBound(rawSize) + SLACK)
  );
}

export function decodeWorkBytes(rawSize: u32): u32 {
  return commonBytes(rawSize) + aligned(modelDecodeBytes());
}

export function encodeWorkBytes(rawSize: u32): u32 {
  return commonBytes(rawSize) + aligned(max<u32>(BEST_TABLE_BYTES, modelEncodeBytes()));
}

/** Divides the area at `work` (aligned to 16 bytes) for records of `rawSize` bytes in all. */
export function divide(work: usize, rawSize: u32): void {
  const count = maxRecords(rawSize);
  zeroRecord = work;
  memory.fill(zeroRecord, 0, ZERO_RECORD_BYTES);
  masks = work + aligned(ZERO_RECORD_BYTES);
  references = masks + count * 8;
  records = references + count * 4 + 4;
  taskTable = masks + aligned(16 + count * BYTES_PER_RECORD);
  entryClasses = taskTable + aligned(taskTableBytes(count));
  entryOffsets = entryClasses + CLASSES * CLASS_BYTES;
  entryNexts = entryOffsets + ((MAX_ENTRIES + 15) & ~15) * 4;
  encoded = entryClasses + ENTRIES_BYTES;
  matchTable = encoded + aligned(encodedBound(rawSize) + SLACK);
  store<u32>(records - 4, <u32>zeroRecord);
}

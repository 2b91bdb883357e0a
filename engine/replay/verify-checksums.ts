import { type DataRecordView, dataSize, type FrameView } from '../generated/schema.ts';
import { checkRange } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

/** To read so much costs less than to ask which pages are there. Bytes. */
const readAnyway = 32 * 4096;
const entrySize = 24;

interface ChecksumMismatch {
  readonly start: number;
  readonly end: number;
  readonly expected: bigint;
  readonly found: bigint;
}

/**
 * Compares memory with a checksum record: {start, length, sum} of each range, 64 bits each.
 * @throws Divergence that names the range
 */
export function verifyChecksums(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  const start = record.position + dataSize;
  const mismatch = findMismatch(replayer, frame, task, record.buffer.subarray(start, start + record.length));
  if (mismatch === undefined) return;
  const range = `0x${mismatch.start.toString(16)}-0x${mismatch.end.toString(16)}`;
  throw replayer.divergence(frame, task, {
    expected: `memory ${range} has checksum ${sumText(mismatch.expected)} after the event`,
    found: `${sumText(mismatch.found)}: it changed at this event, or since the checksum before`,
    address: mismatch.start,
  });
}

/**
 * The first range of memory that is not what the payload of a checksum record says, `0xSTART-0xEND`.
 * @param first all entries before this one are known to be right
 */
export function differingRange(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  entries: Uint8Array,
  first: number,
): string | undefined {
  const mismatch = findMismatch(replayer, frame, task, entries, first);
  return mismatch === undefined ? undefined : `0x${mismatch.start.toString(16)}-0x${mismatch.end.toString(16)}`;
}

/** @param length of a checksum record's payload, bytes @throws EngineError BAD_EVENT */
export function checkEntries(replayer: Replayer, frame: FrameView, length: number): void {
  if (length % entrySize === 0) return;
  throw replayer.malformedEvent(frame, `has a checksum record of ${length} bytes`);
}

function sumText(sum: bigint): string {
  return sum.toString(16).padStart(16, '0');
}

function findMismatch(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  entries: Uint8Array,
  first = 0,
): ChecksumMismatch | undefined {
  checkEntries(replayer, frame, entries.length);
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const next = (from: number): number => replayer.processes.firstUnequal(task.pid, entries, from);
  for (let index = first === 0 ? next(0) : first; index >= 0; index = next(index + 1)) {
    const at = index * entrySize;
    const start = Number(view.getBigUint64(at, true));
    const size = Number(view.getBigUint64(at + 8, true));
    const expected = view.getBigUint64(at + 16, true);
    checkRange(replayer, frame, start, size);
    // Pages of a file that were never touched are not zero.
    const sparse = size > readAnyway && !task.addressSpace.files.overlaps(start, start + size);
    const found = replayer.processes.checksum(task.pid, start, size, sparse);
    if (found !== expected) return { start, end: start + size, expected, found };
  }
  return undefined;
}

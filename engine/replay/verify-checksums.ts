import { type DataRecordView, dataSize, type FrameView } from '../generated/schema.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

const entrySize = 24;

/**
 * Compares memory with a checksum record: {start, length, sum} of each range, 64 bits each.
 * @throws Divergence that names the range
 */
export function verifyChecksums(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  const { buffer, length } = record;
  if (length % entrySize !== 0) throw replayer.nonsense(frame, `has a checksum record of ${length} bytes`);
  const view = new DataView(buffer.buffer, buffer.byteOffset + record.position + dataSize, length);
  for (let at = 0; at < length; at += entrySize) {
    const start = Number(view.getBigUint64(at, true));
    const size = Number(view.getBigUint64(at + 8, true));
    const expected = view.getBigUint64(at + 16, true);
    // Pages of a file that were never touched are not zero.
    const sparse = !task.addressSpace.files.overlaps(start, start + size);
    const found = replayer.processes.checksum(task.pid, start, size, sparse);
    if (found === expected) continue;
    const range = `0x${start.toString(16)}-0x${(start + size).toString(16)}`;
    throw replayer.divergence(frame, task, {
      expected: `memory ${range} has checksum ${expected.toString(16).padStart(16, '0')} after the event`,
      found: `${found.toString(16).padStart(16, '0')}: it changed at this event, or since the checksum before`,
      address: start,
    });
  }
}

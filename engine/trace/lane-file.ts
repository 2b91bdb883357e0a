/** One lane's file, open for reading: positioned reads that never go beyond the size it had when it was opened. */
import { closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { chunkHeaderSize } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';
import { readWhole } from '../whole-io.ts';
import { type ChunkHeader, readChunkHeader } from './chunk.ts';
import { type Folder, NotRegularError } from './folder.ts';
import { laneFileName, laneNumbers } from './lane-files.ts';
import { systemReason, TraceError } from './trace-error.ts';

export class LaneFile {
  readonly path: string;
  readonly lane: LaneName;
  readonly laneNumber: number;
  readonly size: number;
  readonly #descriptor: number;
  readonly #header = new Uint8Array(chunkHeaderSize);

  /**
   * @param suffix the lane is in the file with this suffix, if there is one
   * @throws TraceError TRACE_TRUNCATED when there is no such file, NOT_A_TRACE, TRACE_UNREADABLE
   */
  constructor(folder: Folder, lane: LaneName, suffix?: string) {
    const hasSuffix = suffix !== undefined && folder.status(laneFileName(lane, suffix)) !== undefined;
    const name = hasSuffix ? laneFileName(lane, suffix) : lane;
    this.path = join(folder.path, name);
    this.lane = lane;
    this.laneNumber = laneNumbers[lane];
    try {
      this.#descriptor = folder.openFile(name, 'read');
    } catch (cause) {
      if (cause instanceof NotRegularError) throw new TraceError('NOT_A_TRACE', this.path, cause.message, { cause });
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new TraceError('TRACE_TRUNCATED', this.path, 'the file is missing', { cause });
      }
      throw new TraceError('TRACE_UNREADABLE', this.path, `cannot open it: ${systemReason(cause)}`, { cause });
    }
    this.size = fstatSync(this.#descriptor).size;
  }

  /** Reads up to `length` bytes at `offset` to `position` of `into`: fewer at the end of the file. */
  read(offset: number, into: Uint8Array, position: number, length: number): number {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    try {
      return readWhole(this.#descriptor, into.subarray(position, position + wanted), offset);
    } catch (cause) {
      throw new TraceError('TRACE_UNREADABLE', this.path, `cannot read it: ${systemReason(cause)}`, { offset, cause });
    }
  }

  /** The chunk header at `offset`; undefined when there is none. Its fields are not checked. */
  readHeader(offset: number): ChunkHeader | undefined {
    if (this.read(offset, this.#header, 0, chunkHeaderSize) < chunkHeaderSize) return undefined;
    return readChunkHeader(this.#header, 0, offset);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

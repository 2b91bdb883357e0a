/** One lane's file, open for appending. Several writers may append to it: each chunk is one write. */
import { closeSync, fstatSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';
import type { LaneName } from '../schema/schema.ts';
import { writeWhole } from '../whole-io.ts';
import { Folder } from './folder.ts';
import { laneFileName } from './lane-files.ts';
import { systemReason, TraceError } from './trace-error.ts';

export class LaneWriter {
  readonly path: string;
  readonly #descriptor: number;

  /** `create`: the file must not exist yet; `suffix`: of its name. @throws TraceError TRACE_UNWRITABLE */
  constructor(directory: string, lane: LaneName, options: { create: boolean; suffix?: string }) {
    const name = laneFileName(lane, options.suffix);
    this.path = join(directory, name);
    try {
      using folder = Folder.open(directory);
      this.#descriptor = folder.openFile(name, options.create ? 'create' : 'append');
    } catch (cause) {
      throw new TraceError('TRACE_UNWRITABLE', this.path, `cannot open it: ${systemReason(cause)}`, { cause });
    }
  }

  /**
   * Appends a chunk. The kernel may take a part of it (a full disk, a file size limit): the rest is tried again, and
   * when that fails the torn chunk is left for TraceWriter.finish to cut off. @throws TraceError TRACE_UNWRITABLE
   */
  append(bytes: Uint8Array, position: number, length: number): void {
    try {
      writeWhole(this.#descriptor, bytes.subarray(position, position + length));
    } catch (cause) {
      throw new TraceError('TRACE_UNWRITABLE', this.path, `cannot write to it: ${systemReason(cause)}`, { cause });
    }
  }

  /** Bytes of the file, what other writers appended included. @throws NodeJS.ErrnoException */
  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Drops what is behind `size` bytes. @throws TraceError TRACE_UNWRITABLE */
  shorten(size: number): void {
    try {
      ftruncateSync(this.#descriptor, size);
    } catch (cause) {
      throw new TraceError('TRACE_UNWRITABLE', this.path, `cannot shorten it: ${systemReason(cause)}`, { cause });
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The files of a trace that is being recorded: made empty, closed by an index each and the version file. */
import { closeSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chunkContents } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';
import { type Chunk, chunkLength } from './chunk.ts';
import { Folder } from './folder.ts';
import { IndexEncoder } from './index-encoder.ts';
import { LaneFile } from './lane-file.ts';
import {
  incompleteVersionName,
  laneFileName,
  laneOrder,
  newLanesSuffix,
  newVersionName,
  versionName,
} from './lane-files.ts';
import { LaneWriter } from './lane-writer.ts';
import { settleLanes } from './settle-lanes.ts';
import { systemReason, TraceError } from './trace-error.ts';
import type { LaneExtent, TraceEnd, TraceHeader, VersionContent } from './trace-header.ts';
import { type ChunksByLane, usablePrefix } from './usable-prefix.ts';
import { formatVersionFile } from './version-file.ts';

export class TraceWriter {
  readonly directory: string;
  readonly #header: TraceHeader;

  /** Makes the lanes and the version file (under its other name) in an empty directory. @throws TraceError TRACE_UNWRITABLE */
  constructor(directory: string, header: TraceHeader) {
    this.directory = directory;
    this.#header = header;
    for (const lane of laneOrder) new LaneWriter(directory, lane, { create: true }).close();
    // A kill leaves a whole one, or no trace.
    this.#writeVersion(incompleteVersionName, { header });
  }

  /**
   * Ends the trace: cuts off what a failed write left behind, appends the indexes, writes the version file and gives it
   * its name. All lanes end with the same slot: one that did not get into all of them is in none. Nobody may append any
   * more. When it fails (a full disk) the trace stays as it is: readable up to its last whole slot, as after a kill.
   * @throws TraceError TRACE_UNWRITABLE
   */
  finish(end: TraceEnd): void {
    const found = byLane((lane) => listChunks(this.directory, lane));
    const { chunks } = usablePrefix(byLane((lane) => found[lane].chunks.sort((a, b) => a.sequence - b.sequence)));
    if (this.#finishTidied(end, chunks)) return;
    // Cut all before anything is written: a full disk has room again.
    const ends = byLane((lane) => this.#cut(lane, chunks[lane], found[lane].size));
    const encoder = new IndexEncoder();
    const lanes = byLane((lane) => this.#writeIndex(lane, chunks[lane], ends[lane], encoder));
    this.#name({ header: this.#header, end, lanes });
  }

  /**
   * Where lanes have more than the chunks that are to stay, writes these anew, under names that the version file tells.
   * False when there is nothing to do, or no room for it: a reader does not mind what lies between.
   */
  #finishTidied(end: TraceEnd, chunks: ChunksByLane): boolean {
    if (laneOrder.every((lane) => isTidy(chunks[lane]))) return false;
    const lanesSuffix = newLanesSuffix();
    let lanes: Record<LaneName, LaneExtent>;
    try {
      const encoder = new IndexEncoder();
      lanes = byLane((lane) => writeLane(this.directory, lane, chunks[lane], lanesSuffix, encoder));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      for (const lane of laneOrder) rmSync(join(this.directory, laneFileName(lane, lanesSuffix)), { force: true });
      return false;
    }
    this.#name({ header: this.#header, end, lanes, lanesSuffix });
    settleLanes(this.directory);
    return true;
  }

  #name(content: VersionContent): void {
    this.#writeVersion(versionName, content);
    this.#orUnwritable('cannot remove the version file of the recording', (folder) =>
      folder.remove(incompleteVersionName),
    );
  }

  /** The file has its name when it is whole. */
  #writeVersion(name: string, content: VersionContent): void {
    this.#write(newVersionName, formatVersionFile(content));
    this.#orUnwritable('cannot name the version file', (folder) => folder.rename(newVersionName, name));
  }

  #orUnwritable(what: string, change: (folder: Folder) => void): void {
    try {
      using folder = Folder.open(this.directory);
      change(folder);
    } catch (cause) {
      throw new TraceError('TRACE_UNWRITABLE', this.directory, `${what}: ${systemReason(cause)}`, { cause });
    }
  }

  /** Shortens a lane to the end of its last chunk; that end. */
  #cut(lane: LaneName, chunks: readonly Chunk[], size: number): number {
    const end = chunks.reduce((furthest, chunk) => Math.max(furthest, chunk.offset + chunkLength(chunk)), 0);
    if (end < size) {
      const writer = new LaneWriter(this.directory, lane, { create: false });
      try {
        writer.shorten(end);
      } finally {
        writer.close();
      }
    }
    return end;
  }

  #writeIndex(lane: LaneName, chunks: readonly Chunk[], end: number, encoder: IndexEncoder): LaneExtent {
    const writer = new LaneWriter(this.directory, lane, { create: false });
    try {
      // In the order of the file.
      const listed = [...chunks].sort((a, b) => a.offset - b.offset);
      return { size: end + encoder.append(writer, lane, listed), index: end };
    } catch (error) {
      // Without room for the index the lane goes without: a reader walks it.
      if (!(error instanceof TraceError)) throw error;
      writer.shorten(end);
      return { size: end, index: end };
    } finally {
      writer.close();
    }
  }

  #write(name: string, bytes: Uint8Array): void {
    const path = join(this.directory, name);
    try {
      using folder = Folder.open(this.directory);
      const descriptor = folder.openFile(name, 'create');
      try {
        writeFileSync(descriptor, bytes);
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      throw new TraceError('TRACE_UNWRITABLE', path, `cannot write it: ${systemReason(cause)}`, { cause });
    }
  }
}

/** True when chunks lie one behind the other. */
function isTidy(chunks: readonly Chunk[]): boolean {
  const end = chunks.reduce((furthest, chunk) => Math.max(furthest, chunk.offset + chunkLength(chunk)), 0);
  return chunks.reduce((sum, chunk) => sum + chunkLength(chunk), 0) === end;
}

/** Writes a lane's chunks to a file of its own, with an index. @throws TraceError TRACE_UNWRITABLE */
function writeLane(
  directory: string,
  lane: LaneName,
  chunks: readonly Chunk[],
  suffix: string,
  encoder: IndexEncoder,
): LaneExtent {
  const file = openLane(directory, lane);
  const writer = new LaneWriter(directory, lane, { create: true, suffix });
  try {
    let offset = 0;
    const placed = chunks.map((chunk) => {
      const length = chunkLength(chunk);
      const bytes = new Uint8Array(length);
      if (file.read(chunk.offset, bytes, 0, length) !== length) {
        throw new TraceError('TRACE_UNWRITABLE', writer.path, 'a chunk that was written is no longer there');
      }
      writer.append(bytes, 0, length);
      offset += length;
      return { ...chunk, offset: offset - length };
    });
    return { size: offset + encoder.append(writer, lane, placed), index: offset };
  } finally {
    writer.close();
    file.close();
  }
}

function byLane<Value>(make: (lane: LaneName) => Value): Record<LaneName, Value> {
  return { events: make('events'), data: make('data'), mmaps: make('mmaps'), tasks: make('tasks') };
}

/** The whole chunks of a lane that this process wrote, in the order of the file, and the file's size. */
function listChunks(directory: string, lane: LaneName): { chunks: Chunk[]; size: number } {
  const file = openLane(directory, lane);
  try {
    const chunks: Chunk[] = [];
    let end = 0;
    for (let chunk = file.readHeader(0); chunk !== undefined; chunk = file.readHeader(end)) {
      const next = chunk.offset + chunkLength(chunk);
      if (chunk.content !== chunkContents.records || next > file.size) break;
      chunks.push(chunk);
      end = next;
    }
    return { chunks, size: file.size };
  } finally {
    file.close();
  }
}

/** @throws TraceError TRACE_UNWRITABLE, and those of LaneFile */
function openLane(directory: string, lane: LaneName): LaneFile {
  try {
    using folder = Folder.open(directory);
    return new LaneFile(folder, lane);
  } catch (cause) {
    if (cause instanceof TraceError) throw cause;
    const path = join(directory, lane);
    throw new TraceError('TRACE_UNWRITABLE', path, `cannot open it: ${systemReason(cause)}`, { cause });
  }
}

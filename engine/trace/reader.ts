/**
 * Reads a trace: a cursor over its events, and for the current event its data, mapping and task records. Nothing in the
 * directory is trusted; what is wrong becomes a TraceError, and everything before it is right. docs/trace-format.md.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataRecordView, FrameView, MappingView, TaskView } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';
import { chunkLength } from './chunk.ts';
import { LaneCursor } from './lane-cursor.ts';
import { LaneFile } from './lane-file.ts';
import { incompleteVersionName, laneOrder, versionName } from './lane-files.ts';
import { findChunks, type LaneChunks } from './lane-scan.ts';
import { maxVersionBytes } from './limits.ts';
import { RecordRun } from './record-run.ts';
import { systemReason, TraceError } from './trace-error.ts';
import type { TraceEnd, TraceHeader, VersionContent } from './trace-header.ts';
import { type ChunksByLane, usablePrefix } from './usable-prefix.ts';
import { parseVersionFile } from './version-file.ts';

type ByLane<Value> = Readonly<Record<LaneName, Value>>;

/** Bytes of a lane in the usable part of a trace. */
export interface LaneSize {
  readonly chunks: number;
  readonly records: number;
  readonly rawBytes: number;
  /** With the chunks' headers. */
  readonly storedBytes: number;
}

export class TraceReader {
  readonly directory: string;
  readonly header: TraceHeader;
  /** How the recording ended; undefined when it was killed, or still runs. */
  readonly end: TraceEnd | undefined;
  /** The last event that can be read; next() returns false or throws behind it. At least 1. */
  readonly lastEvent: number;
  /**
   * What is known to be wrong with the trace. In a trace that was closed, next() throws it behind the last event that
   * can be read; a trace that was not closed simply ends there (a recording that was killed leaves torn chunks).
   */
  readonly damage: TraceError | undefined;
  /** The current event's frame. It and all other views are windows on memory: good until the next call of next() or seek(). */
  readonly frame = new FrameView();

  readonly #files: ByLane<LaneFile>;
  readonly #chunks: ChunksByLane;
  readonly #frames: LaneCursor;
  readonly #data: RecordRun<DataRecordView>;
  readonly #mappings: RecordRun<MappingView>;
  readonly #tasks: RecordRun<TaskView>;
  /** Of the frame; 0 before the first. */
  #event = 0;

  /**
   * Opens a trace directory.
   * @throws TraceError TRACE_NOT_FOUND, NOT_A_TRACE, TRACE_NEWER, TRACE_EMPTY; TRACE_DAMAGED or TRACE_TRUNCATED when
   * not a single event can be read
   */
  static open(directory: string): TraceReader {
    return new TraceReader(directory, readVersion(directory));
  }

  private constructor(directory: string, version: VersionContent) {
    this.directory = directory;
    this.header = version.header;
    this.end = version.end;
    this.#files = openLanes(directory);
    try {
      const found = byLane((lane) => findChunks(this.#files[lane], version.lanes?.[lane]));
      const prefix = usablePrefix(byLane((lane) => found[lane].chunks));
      const { cut } = prefix;
      const cutError =
        cut && new TraceError('TRACE_TRUNCATED', this.#files[cut.lane].path, cut.what, offsetOption(cut.offset));
      this.damage = firstDamage(found) ?? cutError;
      this.lastEvent = prefix.lastEvent;
      this.#chunks = prefix.chunks;
      if (this.lastEvent === 0) {
        const reason = this.end?.reason === undefined ? '' : ` (${this.end.reason})`;
        const what = `the recording ended before its first event was saved${reason}`;
        throw this.damage ?? new TraceError('TRACE_EMPTY', directory, what);
      }
      const cursor = (lane: LaneName): LaneCursor => new LaneCursor(this.#files[lane], prefix.chunks[lane]);
      this.#frames = cursor('events');
      this.#data = new RecordRun(cursor('data'), new DataRecordView());
      this.#mappings = new RecordRun(cursor('mmaps'), new MappingView());
      this.#tasks = new RecordRun(cursor('tasks'), new TaskView());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** True when the recording was closed, and said that nothing is missing, and nothing is known to be wrong. */
  get complete(): boolean {
    return this.end?.complete === true && this.damage === undefined;
  }

  /** Number of the current event; 0 before the first. */
  get event(): number {
    return this.#event;
  }

  /**
   * Goes to the next event; false at the end of the trace. What the current event has and nobody read is skipped.
   * @throws TraceError TRACE_DAMAGED, TRACE_TRUNCATED where the trace stops being right; again at each further call
   */
  next(): boolean {
    const event = this.#event + 1;
    const found = this.#frames.event();
    if (found === 0) {
      for (const run of [this.#data, this.#mappings, this.#tasks]) run.checkEnd();
      if (this.damage && this.end) throw this.damage;
      return false;
    }
    if (found !== event) throw this.#frames.damage(`event ${found} where ${event} must be`);
    this.#frames.take(this.frame);
    this.#event = event;
    this.#data.begin(event, this.frame.dataCount);
    this.#mappings.begin(event, this.frame.mappingCount);
    this.#tasks.begin(event, this.frame.taskCount);
    return true;
  }

  /** Goes before `event`, so that next() makes it the current one. @throws RangeError outside 1 to lastEvent + 1; TraceError */
  seek(event: number): void {
    if (!Number.isInteger(event) || event < 1 || event > this.lastEvent + 1) {
      throw new RangeError(`event ${event}: the trace has events 1 to ${this.lastEvent}`);
    }
    this.#frames.seek(event);
    this.#event = event - 1;
    this.#data.skip();
    this.#mappings.skip();
    this.#tasks.skip();
  }

  /** The current event's next data record, in the order of the recording; undefined behind the last. @throws TraceError */
  nextData(): DataRecordView | undefined {
    return this.#data.next();
  }

  /** The current event's next mapping record. @throws TraceError */
  nextMapping(): MappingView | undefined {
    return this.#mappings.next();
  }

  /** The current event's next task record. @throws TraceError */
  nextTask(): TaskView | undefined {
    return this.#tasks.next();
  }

  /** Sizes of the usable part of each lane. */
  sizes(): ByLane<LaneSize> {
    return byLane((lane) => {
      const size = { chunks: 0, records: 0, rawBytes: 0, storedBytes: 0 };
      for (const chunk of this.#chunks[lane]) {
        size.chunks += 1;
        size.records += chunk.recordCount;
        size.rawBytes += chunk.rawSize;
        size.storedBytes += chunkLength(chunk);
      }
      return size;
    });
  }

  close(): void {
    for (const lane of laneOrder) this.#files[lane].close();
  }
}

function byLane<Value>(make: (lane: LaneName) => Value): ByLane<Value> {
  return { events: make('events'), data: make('data'), mmaps: make('mmaps'), tasks: make('tasks') };
}

function offsetOption(offset: number | undefined): { offset?: number } {
  return offset === undefined ? {} : { offset };
}

function firstDamage(found: ByLane<LaneChunks>): TraceError | undefined {
  return laneOrder.map((lane) => found[lane].damage).find((damage) => damage !== undefined);
}

/** All four or none. */
function openLanes(directory: string): ByLane<LaneFile> {
  const open: LaneFile[] = [];
  try {
    return byLane((lane) => {
      const file = new LaneFile(directory, lane);
      open.push(file);
      return file;
    });
  } catch (error) {
    for (const file of open) file.close();
    throw error;
  }
}

/** Reads the version file under either name. @throws TraceError as TraceReader.open */
export function readVersion(directory: string): VersionContent {
  checkDirectory(directory);
  for (const name of [versionName, incompleteVersionName]) {
    const path = join(directory, name);
    const bytes = readSmallFile(path);
    if (bytes) return parseVersionFile(path, bytes);
  }
  throw new TraceError('NOT_A_TRACE', directory, 'not a trace: it has no version file');
}

function checkDirectory(directory: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(directory).isDirectory();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TraceError('TRACE_NOT_FOUND', directory, 'no such trace directory', { cause });
    }
    throw new TraceError('TRACE_UNREADABLE', directory, `cannot look at it: ${systemReason(cause)}`, { cause });
  }
  if (!isDirectory) throw new TraceError('NOT_A_TRACE', directory, 'not a trace: a trace is a directory');
}

/** A file of bounded size, whole; undefined when there is none. */
function readSmallFile(path: string): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TraceError('TRACE_UNREADABLE', path, `cannot open it: ${systemReason(cause)}`, { cause });
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new TraceError('NOT_A_TRACE', path, 'not a regular file');
    if (status.size > maxVersionBytes) throw new TraceError('NOT_A_TRACE', path, 'the file is too large for a header');
    const bytes = new Uint8Array(status.size);
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(descriptor, bytes, done, bytes.length - done, done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } catch (cause) {
    if (cause instanceof TraceError) throw cause;
    throw new TraceError('TRACE_UNREADABLE', path, `cannot read it: ${systemReason(cause)}`, { cause });
  } finally {
    closeSync(descriptor);
  }
}

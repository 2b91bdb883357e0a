/**
 * Reads a trace: a cursor over its events, and for the current event its data, mapping and task records. Nothing in the
 * directory is trusted; what is wrong becomes a TraceError, and everything before it is right. docs/trace-format.md.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  chunkHeaderSize,
  DataRecordView,
  dataFlags,
  FrameView,
  MappingView,
  type RecordView,
  TaskView,
} from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';
import { chunkLength } from './chunk.ts';
import { chunkDecoder } from './chunk-decoder.ts';
import { Folder, NotRegularError } from './folder.ts';
import { LaneCursor } from './lane-cursor.ts';
import { LaneFile } from './lane-file.ts';
import { incompleteVersionName, laneOrder, ownStoreName, versionName } from './lane-files.ts';
import { findChunks, type LaneChunks } from './lane-scan.ts';
import { maxVersionBytes } from './limits.ts';
import { isPatched, listEnd, listedPieces } from './patched-chunk.ts';
import { PieceReader } from './piece-reader.ts';
import { RecordRun } from './record-run.ts';
import { BadReferenceError, expandRecord, referencedPieces } from './stored-payload.ts';
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

export interface VersionFile {
  readonly content: VersionContent;
  readonly bytes: Uint8Array;
}

export class TraceReader {
  readonly directory: string;
  /** The format number that it was written with. */
  readonly format: number;
  readonly header: TraceHeader;
  /** The directory that holds the mapped files: the trace's own, or else that which the header names. */
  readonly store: string;
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

  readonly #versionBytes: Uint8Array;
  readonly #files: ByLane<LaneFile>;
  readonly #chunks: ChunksByLane;
  readonly #frames: LaneCursor;
  readonly #data: RecordRun<DataRecordView>;
  readonly #mappings: RecordRun<MappingView>;
  readonly #tasks: RecordRun<TaskView>;
  readonly #pieces: PieceReader;
  /** Of the frame; 0 before the first. */
  #event = 0;

  /**
   * Opens a trace directory.
   * @throws TraceError TRACE_NOT_FOUND, NOT_A_TRACE, TRACE_NEWER, TRACE_EMPTY; TRACE_DAMAGED or TRACE_TRUNCATED when
   * not a single event can be read
   */
  static open(directory: string): TraceReader {
    using folder = openTrace(directory);
    return new TraceReader(folder, readVersionFile(folder));
  }

  private constructor(folder: Folder, { content: version, bytes }: VersionFile) {
    const directory = folder.path;
    this.directory = directory;
    this.format = version.format!;
    this.header = version.header;
    const hasStore = folder.status(ownStoreName)?.isDirectory() === true;
    this.store = hasStore ? join(directory, ownStoreName) : version.header.store;
    this.end = version.end;
    this.#versionBytes = bytes;
    this.#pieces = new PieceReader(this.store);
    this.#files = openLanes(folder, version.lanesSuffix);
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
      this.#frames = this.#cursor('events');
      this.#data = new RecordRun(this.#cursor('data'), new DataRecordView());
      this.#mappings = new RecordRun(this.#cursor('mmaps'), new MappingView());
      this.#tasks = new RecordRun(this.#cursor('tasks'), new TaskView());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** True when the recording was closed, and said that nothing is missing, and nothing is known to be wrong. */
  get complete(): boolean {
    return this.end?.complete === true && this.damage === undefined;
  }

  /**
   * Tells the trace from all others: a SHA-256, in hexadecimal, of its version file and of its chunks' headers, which have
   * the checksums of all that is in it.
   */
  get contentKey(): string {
    const sum = createHash('sha256').update(this.#versionBytes);
    const header = new Uint8Array(chunkHeaderSize);
    for (const lane of laneOrder) {
      for (const { offset } of this.#chunks[lane]) {
        sum.update(header.subarray(0, this.#files[lane].read(offset, header, 0, chunkHeaderSize)));
      }
    }
    return sum.digest('hex');
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

  /**
   * The current event's next data record, in the order of the recording; undefined behind the last. What the store has of
   * it is read from there. @throws TraceError, also STORE_FILE_MISSING, STORE_FILE_CHANGED
   */
  nextData(): DataRecordView | undefined {
    const view = this.#data.next();
    if (view === undefined || (view.flags & dataFlags.stored) === 0) return view;
    const record = view.buffer.subarray(view.position, view.position + view.size);
    const whole = this.#checked(() => expandRecord(record, (hash) => this.readPiece(hash)));
    return view.bind(whole, 0);
  }

  /** Instead of nextData: the record as it lies in the trace, references to pieces included. @throws TraceError */
  nextStoredData(): DataRecordView | undefined {
    return this.#data.next();
  }

  /** Instead of nextData: the hashes of the pieces that the next data record refers to; undefined behind the last. */
  nextDataPieces(): readonly string[] | undefined {
    const view = this.#data.next();
    if (view === undefined) return undefined;
    if ((view.flags & dataFlags.stored) === 0) return [];
    const record = view.buffer.subarray(view.position, view.position + view.size);
    return this.#checked(() => referencedPieces(record));
  }

  /** The hashes of the pieces that chunks are patches of; some more than once. @throws TraceError */
  *basePieces(): Generator<string> {
    const start = new Uint8Array(listEnd);
    for (const lane of laneOrder) {
      for (const chunk of this.#chunks[lane]) {
        const count = this.#files[lane].read(chunk.offset, start, 0, Math.min(listEnd, chunkLength(chunk)));
        const bytes = start.subarray(0, count);
        if (isPatched(bytes)) for (const { hash } of listedPieces(bytes) ?? []) yield hash;
      }
    }
  }

  /** The chunks of a lane in the order of its file, each whole; those that are patches without what they are patches of. @throws TraceError */
  *plainChunks(lane: LaneName): Generator<Uint8Array> {
    const chunks = [...this.#chunks[lane]].sort((a, b) => a.offset - b.offset);
    for (const chunk of chunks) yield chunkDecoder.unpatched(this.#files[lane], chunk, (hash) => this.readPiece(hash));
  }

  /** The content of a piece that the trace refers to. @throws TraceError STORE_FILE_MISSING, STORE_FILE_CHANGED */
  readPiece(hash: string): Uint8Array {
    return this.#pieces.read(hash);
  }

  /** The current event's next mapping record. @throws TraceError */
  nextMapping(): MappingView | undefined {
    return this.#mappings.next();
  }

  /** The current event's next task record. @throws TraceError */
  nextTask(): TaskView | undefined {
    return this.#tasks.next();
  }

  /**
   * All mapping records from an event on, without a look at other lanes: much less is read than by next(). A view is good
   * until the next one. @throws TraceError
   */
  mappingsFrom(event: number): Generator<MappingView> {
    return recordsFrom(this.#cursor('mmaps'), new MappingView(), event, this.lastEvent);
  }

  /** The same of task records, all of them. @throws TraceError */
  allTasks(): Generator<TaskView> {
    return recordsFrom(this.#cursor('tasks'), new TaskView(), 1, this.lastEvent);
  }

  /** Raw bytes of the largest chunk. */
  get largestChunk(): number {
    return laneOrder.flatMap((lane) => this.#chunks[lane]).reduce((most, { rawSize }) => Math.max(most, rawSize), 0);
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

  #cursor(lane: LaneName): LaneCursor {
    return new LaneCursor(this.#files[lane], this.#chunks[lane], (hash) => this.readPiece(hash));
  }

  close(): void {
    this.#pieces[Symbol.dispose]();
    for (const lane of laneOrder) this.#files[lane].close();
  }

  #checked<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (cause) {
      if (!(cause instanceof BadReferenceError)) throw cause;
      throw new TraceError('TRACE_DAMAGED', this.#files.data.path, `event ${this.#event}: ${cause.message}`, { cause });
    }
  }
}

function* recordsFrom<View extends RecordView>(
  cursor: LaneCursor,
  view: View,
  first: number,
  last: number,
): Generator<View> {
  cursor.seek(first);
  for (let event = cursor.event(); event !== 0 && event <= last; event = cursor.event()) yield cursor.take(view);
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
function openLanes(folder: Folder, suffix: string | undefined): ByLane<LaneFile> {
  const open: LaneFile[] = [];
  try {
    return byLane((lane) => {
      const file = new LaneFile(folder, lane, suffix);
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
  using folder = openTrace(directory);
  return readVersionFile(folder).content;
}

/** @throws TraceError TRACE_NOT_FOUND, NOT_A_TRACE, TRACE_UNREADABLE */
function openTrace(directory: string): Folder {
  try {
    return Folder.open(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Not there at all, or not a directory.
    const isThere = code === 'ENOTDIR' && existsSync(directory);
    if (isThere) throw new TraceError('NOT_A_TRACE', directory, 'not a trace: a trace is a directory', { cause });
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new TraceError('TRACE_NOT_FOUND', directory, 'no such trace directory', { cause });
    }
    throw new TraceError('TRACE_UNREADABLE', directory, `cannot look at it: ${systemReason(cause)}`, { cause });
  }
}

/** @throws TraceError as TraceReader.open */
export function readVersionFile(folder: Folder): VersionFile {
  for (const name of [versionName, incompleteVersionName]) {
    const path = join(folder.path, name);
    const bytes = readSmallFile(folder, name, path);
    if (bytes) return { content: parseVersionFile(path, bytes), bytes };
  }
  throw new TraceError('NOT_A_TRACE', folder.path, 'not a trace: it has no version file');
}

/** A file of bounded size, whole; undefined when there is none. */
function readSmallFile(folder: Folder, name: string, path: string): Uint8Array | undefined {
  try {
    return folder.read(name, maxVersionBytes);
  } catch (cause) {
    if (cause instanceof NotRegularError) throw new TraceError('NOT_A_TRACE', path, cause.message, { cause });
    if (cause instanceof RangeError) {
      throw new TraceError('NOT_A_TRACE', path, 'the file is too large for a header', { cause });
    }
    throw new TraceError('TRACE_UNREADABLE', path, `cannot read it: ${systemReason(cause)}`, { cause });
  }
}

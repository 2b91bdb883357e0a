/**
 * Writes the lanes of a closed trace again, at another level of compression, in chunks that are larger than a recording's.
 * The new lanes are made and compared with the old ones before the version file names them; whatever is interrupted
 * leaves the old trace or the new one (docs/trace-format.md, "Compressed again").
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../errors.ts';
import { type RecordView, slotHeaderOffsets, slotHeaderSize, slotStates } from '../generated/schema.ts';
import { temporaryName } from '../outputs.ts';
import { type BasePiece, basePlaces } from './chunk-base.ts';
import type { Compression } from './codec.ts';
import { Folder, privateFolderMode } from './folder.ts';
import { laneFileName, laneOrder, newLanesSuffix, newVersionName, versionName } from './lane-files.ts';
import { maxSlotSize } from './limits.ts';
import { Pipeline } from './pipeline.ts';
import { readVersion, TraceReader } from './reader.ts';
import { ringFunctions } from './ring.ts';
import { settleLanes } from './settle-lanes.ts';
import { systemReason, TraceError } from './trace-error.ts';
import type { VersionContent } from './trace-header.ts';
import { formatVersionFile } from './version-file.ts';

/** Bytes of a slot, and so at most of the records of a chunk: what a copy may refer to, and what a seek must decode. */
const slotSize = 8 << 20;
/** Milliseconds between two looks whether a slot is free. */
const patience = 2;

export interface CompressOptions {
  readonly compression: Compression;
  /** Threads that encode. */
  readonly workers: number;
  /** Called from time to time with the event that was reached, of as many. */
  readonly onProgress: (event: number, events: number) => void;
}

/** Bytes of the lanes' files. */
export interface CompressResult {
  readonly directory: string;
  readonly before: number;
  readonly after: number;
}

/**
 * @param directory of a trace whose recording has ended
 * @throws TraceError for what is no trace, is damaged or cannot be written; EngineError TRACE_IN_USE
 */
export async function compressTrace(directory: string, options: CompressOptions): Promise<CompressResult> {
  settleLanes(directory);
  const version = readVersion(directory);
  if (version.end === undefined || version.lanes === undefined) {
    const what = `${directory}: the recording has not ended, or was killed: only one that was closed is compressed`;
    throw new EngineError('TRACE_IN_USE', what);
  }
  const temporary = temporaryName(directory);
  try {
    make(temporary);
    await writeAgain(directory, temporary, options);
    compare(directory, temporary);
    const before = laneBytes(directory);
    exchangeLanes(directory, temporary, version);
    return { directory, before, after: laneBytes(directory) };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory, privateFolderMode);
  } catch (cause) {
    throw new TraceError('TRACE_UNWRITABLE', directory, `cannot make it: ${systemReason(cause)}`, { cause });
  }
}

/** The records of the reader's next event as they lie in the trace, in the order in which a recorder writes them; undefined at the end. */
function nextRecords(reader: TraceReader): RecordView[] | undefined {
  if (!reader.next()) return undefined;
  const records: RecordView[] = [];
  const copy = (view: RecordView): void => {
    const bytes = view.buffer.slice(view.position, view.position + view.size);
    records.push({ buffer: bytes, position: 0, size: bytes.length } as RecordView);
  };
  for (let view = reader.nextStoredData(); view; view = reader.nextStoredData()) copy(view);
  for (let view = reader.nextMapping(); view; view = reader.nextMapping()) copy(view);
  for (let view = reader.nextTask(); view; view = reader.nextTask()) copy(view);
  copy(reader.frame);
  return records;
}

/** Writes all records of a trace to a new one. @throws TraceError */
async function writeAgain(from: string, to: string, options: CompressOptions): Promise<void> {
  const { compression, workers, onProgress } = options;
  const reader = TraceReader.open(from);
  try {
    if (reader.damage !== undefined) throw reader.damage;
    const largest = Math.max(slotSize, reader.largestChunk);
    const pipeline = new Pipeline({
      directory: to,
      header: { ...reader.header, compression },
      slotSize: Math.min(Math.ceil(largest / 4096) * 4096, maxSlotSize),
      slotCount: workers + 3,
      batchSlots: 1,
      workers,
      base: basePieces(reader),
    });
    pipeline.startPool();
    const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
    let written = 0;
    for (let records = nextRecords(reader); records !== undefined; records = nextRecords(reader)) {
      for (const { buffer } of records) {
        // The producer would block this thread, and with it the start of the workers.
        written += buffer.length;
        if (written > largest / 8) {
          written = 0;
          onProgress(reader.event, reader.lastEvent);
          await freeSlots(pipeline);
        }
        if (!producer.write(buffer)) break;
      }
      if (pipeline.failure !== undefined) break;
    }
    producer.close();
    const { failure } = await pipeline.finish(reader.end ?? { complete: true });
    if (failure !== undefined) throw failure;
  } finally {
    reader.close();
  }
}

/** What chunks are patches of now: new ones may be, too. @throws TraceError */
function basePieces(reader: TraceReader): BasePiece[] {
  const hashes = [...new Set(reader.basePieces())].slice(0, basePlaces);
  return hashes.map((hash) => ({ hash: Buffer.from(hash, 'hex'), content: reader.readPiece(hash) }));
}

/** Resolves when two slots are free, or the trace has failed. */
async function freeSlots(pipeline: Pipeline): Promise<void> {
  const { layout, bytes } = pipeline;
  const words = new Uint32Array(bytes.buffer, layout.headers, (layout.slotCount * slotHeaderSize) / 4);
  const isFree = (slot: number): boolean =>
    Atomics.load(words, (slot * slotHeaderSize + slotHeaderOffsets.state) / 4) === slotStates.free;
  for (;;) {
    const free = Array.from({ length: layout.slotCount }, (_, slot) => slot).filter(isFree);
    if (free.length >= 2 || pipeline.failure !== undefined) return;
    await delay(patience);
  }
}

/** Both traces must have the same records. @throws TraceError TRACE_DAMAGED for the new one when they have not */
function compare(before: string, after: string): void {
  const readers = [TraceReader.open(before), TraceReader.open(after)] as const;
  try {
    for (;;) {
      const [old, made] = readers.map(nextRecords);
      if (old === undefined && made === undefined) return;
      const same =
        old?.length === made?.length &&
        old?.every(({ buffer }, index) => Buffer.compare(buffer, made![index]!.buffer) === 0) === true;
      if (!same) {
        const what = `event ${readers[0].event} does not come back as it was: the trace is left as it is`;
        throw new TraceError('TRACE_DAMAGED', before, what);
      }
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/**
 * Puts the lanes of another trace, which has the same records, in the place of the old ones, which `version` told of.
 * @throws TraceError TRACE_UNWRITABLE; EngineError TRACE_IN_USE when another has put its own there meanwhile
 */
export function exchangeLanes(directory: string, temporary: string, version: VersionContent): void {
  const suffix = newLanesSuffix();
  const { header, end, lanes } = readVersion(temporary);
  const content = { header, lanesSuffix: suffix, ...(end && { end }), ...(lanes && { lanes }) };
  try {
    for (const lane of laneOrder) {
      flush(join(temporary, lane));
      renameSync(join(temporary, lane), join(directory, laneFileName(lane, suffix)));
    }
    flush(directory);
    if (JSON.stringify(readVersion(directory)) !== JSON.stringify(version)) {
      throw new EngineError('TRACE_IN_USE', `${directory} was changed meanwhile: it stays as it is`);
    }
    using folder = Folder.open(directory);
    folder.write(newVersionName, formatVersionFile(content));
    flush(join(directory, newVersionName));
    folder.rename(newVersionName, versionName);
    flush(directory);
  } catch (cause) {
    for (const lane of laneOrder) rmSync(join(directory, laneFileName(lane, suffix)), { force: true });
    if (cause instanceof EngineError) throw cause;
    throw new TraceError('TRACE_UNWRITABLE', directory, `cannot write it: ${systemReason(cause)}`, { cause });
  }
  settleLanes(directory);
}

/** Has a file's bytes, or a folder's names, on the disk. @throws NodeJS.ErrnoException */
function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function laneBytes(directory: string): number {
  using folder = Folder.open(directory);
  return laneOrder.reduce((sum, lane) => sum + (folder.status(lane)?.size ?? 0), 0);
}

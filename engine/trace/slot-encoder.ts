/**
 * Takes full slots from the ring, several together where they come soon after one another, encodes them and appends their
 * chunks to the lanes: in a worker, or inline.
 */
import {
  chunkHeaderOffsets,
  chunkHeaderSize,
  ringControlOffsets,
  slotHeaderOffsets,
  slotHeaderSize,
} from '../generated/schema.ts';
import { type BasePiece, ChunkBase } from './chunk-base.ts';
import { type Codec, type Compression, compressionLevels, instantiateCodec, modelledSlotBytes } from './codec.ts';
import { codecErrorText } from './codec-errors.ts';
import { EncoderBase } from './encoder-base.ts';
import { FullSlots } from './full-slots.ts';
import { laneOrder } from './lane-files.ts';
import { LaneWriter } from './lane-writer.ts';
import { type PieceStore, PieceWriter } from './piece-writer.ts';
import { ProgramBase } from './program-base.ts';
import { ringFunctions, takeResults } from './ring.ts';
import type { RingLayout } from './ring-layout.ts';
import { SlotBatch } from './slot-batch.ts';
import { SlotPieces } from './slot-pieces.ts';
import { systemReason, TraceError } from './trace-error.ts';

/** What an encoder needs; plain data and shared memory, so that it can be sent to a worker. */
export interface EncoderTask {
  readonly memory: WebAssembly.Memory;
  readonly layout: RingLayout;
  /** Which of the layout's areas is this encoder's own. */
  readonly area: number;
  readonly compression: Compression;
  readonly directory: string;
  /** Bytes of all lanes at most; left out: any number. */
  readonly maxBytes?: number;
  /** Where pieces of what the program reads go; undefined: all stays in the trace. */
  readonly pieces: PieceStore | undefined;
  /** What chunks may be patches of: of recordings of that program in the store of `pieces`, or of just these. */
  readonly base: string | readonly BasePiece[] | undefined;
}

/** What an encoder did: bytes, and milliseconds of this thread. */
export interface EncoderStatistics {
  slots: number;
  rawBytes: number;
  storedBytes: number;
  encodeTime: number;
  writeTime: number;
  /** Of pieces in the store. */
  references: number;
  referencedBytes: number;
  puts: number;
  putBytes: number;
  /** Why the store was left alone from some point on. */
  storeProblem?: string;
}

/** A chunk, and where it is. */
interface PlacedChunk {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
}

/** What a patch may take beyond the bytes that it is of (codec/patch.ts). */
const patchRoom = 1024 + 64;

export const noStatistics: EncoderStatistics = {
  slots: 0,
  rawBytes: 0,
  storedBytes: 0,
  encodeTime: 0,
  writeTime: 0,
  references: 0,
  referencedBytes: 0,
  puts: 0,
  putBytes: 0,
};

export class SlotEncoder {
  readonly statistics: EncoderStatistics = { ...noStatistics };
  readonly #task: EncoderTask;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #codec: Codec;
  readonly #lanes: readonly LaneWriter[];
  readonly #output: number;
  readonly #work: number;
  readonly #pieces: PieceWriter | undefined;
  readonly #slotPieces: SlotPieces;
  readonly #batch: SlotBatch;
  readonly #full: FullSlots;
  readonly #base: EncoderBase | undefined;
  readonly #baseArea: number;
  #hasEnded = false;
  /** That were encoded so far. */
  #batches = 0;

  /** @throws TraceError TRACE_UNWRITABLE, EngineError CODEC_MISSING */
  constructor(task: EncoderTask) {
    const { layout, memory } = task;
    this.#task = task;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#codec = instantiateCodec(memory);
    const area = layout.encoderAreas + task.area * layout.encoderAreaBytes;
    this.#batch = new SlotBatch(this.#bytes, area, layout);
    this.#full = new FullSlots(this.#bytes, layout);
    this.#output = area + layout.encoderBatchBytes;
    this.#work = this.#output + layout.encoderOutputBytes;
    if (
      this.#codec.encodeOutputBytes(layout.batchBytes) > layout.encoderOutputBytes ||
      this.#codec.encodeWorkBytes(layout.batchBytes) > layout.encoderWorkBytes
    ) {
      throw new RangeError(`the codec needs more memory for ${layout.batchBytes} bytes than ringLayout gives it`);
    }
    const pieces = task.pieces && new PieceWriter(task.pieces, this.#bytes, task.compression);
    this.#pieces = pieces;
    this.#slotPieces = new SlotPieces(this.#bytes, pieces && ((candidates) => pieces.place(candidates)));
    this.#baseArea = this.#work + layout.encoderWorkBytes;
    this.#base = this.#openBase();
    this.#lanes = laneOrder.map((lane) => new LaneWriter(task.directory, lane, { create: false }));
  }

  /**
   * Takes all slots that come until the ring is closed, stopped or failed. They are encoded when they are as many as a chunk
   * may hold, or have been kept for so long as may be lost to a kill; what is left, by flush(). On an error the ring is
   * marked as failed, so that the producer goes on without it.
   * @throws TraceError TRACE_UNWRITABLE, TRACE_BAD_RECORD, TRACE_CAP
   */
  drain(): void {
    while (this.#takeSlot(50) || !this.#hasEnded);
  }

  /**
   * Takes the slots that are full now. What fills meanwhile is left: a producer that is as fast as this thread would hold it
   * to the end of the recording. Otherwise as drain.
   */
  takeFull(): void {
    for (let left = this.#full.waiting(); left > 0 && this.#takeSlot(0); left--);
  }

  /** Takes the slots that are full, but no more than make one chunk of each lane. Otherwise as drain. */
  takeBatch(): void {
    const before = this.#batches;
    while (this.#batches === before && this.#takeSlot(0));
  }

  /** Encodes what was taken if it has been kept long enough. @throws as drain */
  flushOld(): void {
    this.#orFail(() => this.#encodeDue());
  }

  /** Takes one slot, for which it waits so many milliseconds; false where none came. */
  #takeSlot(timeout: number): boolean {
    const ring = ringFunctions();
    const { layout } = this.#task;
    if (Atomics.load(this.#words, (layout.ring + ringControlOffsets.failed) / 4) !== 0) {
      this.#hasEnded = true;
      return false;
    }
    const slot = ring.ringTake(this.#bytes, layout.ring, timeout);
    this.#hasEnded = slot === takeResults.ended;
    const isTaken = slot !== takeResults.ended && slot !== takeResults.timedOut;
    this.#orFail(() => {
      if (isTaken) this.#add(slot);
      this.#encodeDue();
    });
    return isTaken;
  }

  /** Encodes what was taken. @throws as drain */
  flush(): void {
    if (!this.#batch.isEmpty) this.#orFail(() => this.#encode());
  }

  #encodeDue(): void {
    // The first one is not kept: where nothing more can be written there is a trace of the beginning.
    if (this.#batches === 0 || this.#batch.isFull) this.#encode();
    else if (this.#batch.isDue(performance.now())) this.#save();
  }

  /** Writes what the batch has and was not written yet; the chunks of the whole batch will come in its place. */
  #save(): void {
    const start = performance.now();
    const { header, records } = this.#batch.save();
    this.#append(this.#encodeSlot(header, records, this.#task.compression), start);
  }

  #orFail(body: () => void): void {
    try {
      body();
    } catch (error) {
      ringFunctions().ringFail(this.#bytes, this.#task.layout.ring);
      throw error;
    }
  }

  /** Moves a slot to the batch, and gives it back to the ring. */
  #add(slot: number): void {
    const { layout } = this.#task;
    const start = performance.now();
    const header = layout.headers + slot * slotHeaderSize;
    const records = layout.slots + slot * layout.slotSize;
    const used = this.#view.getUint32(header + slotHeaderOffsets.used, true);
    const left = this.#slotPieces.replace(records, used);
    if (!this.#batch.fits(header, left)) this.#encode();
    this.#batch.add(header, records, left, start);
    ringFunctions().ringRelease(this.#bytes, layout.ring, slot);
    this.statistics.slots += 1;
    this.statistics.encodeTime += performance.now() - start;
  }

  #encode(): void {
    if (this.#batch.isEmpty) return;
    const start = performance.now();
    const { header, records, used } = this.#batch;
    const chunks = this.#chunksOf(header, records, used);
    for (const { bytes, at, length } of chunks) {
      this.statistics.rawBytes += new DataView(bytes.buffer, at).getUint32(chunkHeaderOffsets.rawSize, true);
      this.statistics.storedBytes += length;
    }
    this.#append(chunks, start);
    this.#batch.clear(performance.now() - start, this.#full.isBehind());
    this.#batches += 1;
  }

  #append(chunks: readonly PlacedChunk[], start: number): void {
    const encoded = performance.now();
    this.#checkSize(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    for (const { bytes, at, length } of chunks) {
      this.#lanes[bytes[at + chunkHeaderOffsets.lane]!]!.append(bytes, at, length);
    }
    this.statistics.encodeTime += encoded - start;
    this.statistics.writeTime += performance.now() - encoded;
  }

  /** A slot's chunks as they are to be written; good until the next slot. @throws TraceError TRACE_BAD_RECORD */
  #chunksOf(header: number, records: number, used: number): readonly PlacedChunk[] {
    const { compression } = this.#task;
    if (this.#base?.isDue(this.#batch.slots) !== true) return this.#encodeSlot(header, records, compression);
    const plain = this.#encodeSlot(header, records, 'none');
    if (!this.#hasRoom(plain)) return this.#encodeSlot(header, records, compression);
    // The models, which fewer records are told by whatever the level, take the areas again.
    const mayModel = compression === 'best' || used <= modelledSlotBytes;
    const patched = this.#patched(this.#base, plain, compression);
    // A patch leaves so little that modelling is not worth the time, unless that is no matter.
    const isModelled = compression === 'best' || (mayModel && patched.every((chunk) => chunk === undefined));
    if (!isModelled) return this.#packed(plain, patched, compression);
    const kept = patched.map((chunk) => chunk && this.#copied(chunk));
    const modelled = this.#encodeSlot(header, records, compression);
    return modelled.map((chunk, index) => {
      const patch = kept[index];
      return patch !== undefined && patch.length < chunk.length ? patch : chunk;
    });
  }

  /** Patches of chunks whose bytes are plain, behind these. What is none is left out. */
  #patched(base: EncoderBase, plain: readonly PlacedChunk[], compression: Compression): (PlacedChunk | undefined)[] {
    let into = (plain.reduce((end, { at, length }) => Math.max(end, at + length), 0) + 63) & ~63;
    const places = plain.map(({ at }) => at);
    base.grow(places, into, this.#work);
    return plain.map(({ at }) => {
      into = (into + 63) & ~63;
      const length = base.patch(at, into, this.#work, compression);
      if (length === 0) return undefined;
      const chunk = { bytes: this.#bytes, at: into, length };
      into += length;
      return chunk;
    });
  }

  /** The patches, and behind them the others compressed. */
  #packed(
    plain: readonly PlacedChunk[],
    patched: readonly (PlacedChunk | undefined)[],
    compression: Compression,
  ): readonly PlacedChunk[] {
    const ends = [...plain, ...patched].map((chunk) => (chunk === undefined ? 0 : chunk.at + chunk.length));
    let into = Math.max(...ends);
    return plain.map(({ at }, index) => {
      const patch = patched[index];
      if (patch !== undefined) return patch;
      into = (into + 63) & ~63;
      const length = this.#codec.packChunk(at, into, compressionLevels[compression], this.#work);
      const chunk = { bytes: this.#bytes, at: into, length };
      into += length;
      return chunk;
    });
  }

  #hasRoom(plain: readonly PlacedChunk[]): boolean {
    const { encoderOutputBytes, encoderWorkBytes } = this.#task.layout;
    const sizes = plain.map(({ length }) => length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const needed = 2 * total + sizes.length * patchRoom;
    return needed <= encoderOutputBytes && this.#codec.patchWorkBytes(Math.max(...sizes)) <= encoderWorkBytes;
  }

  #copied({ at, length }: PlacedChunk): PlacedChunk {
    return { bytes: this.#bytes.slice(at, at + length), at: 0, length };
  }

  /** @throws TraceError TRACE_BAD_RECORD */
  #encodeSlot(header: number, records: number, compression: Compression): PlacedChunk[] {
    const { layout, directory } = this.#task;
    const level = compressionLevels[compression];
    const total = this.#codec.encodeSlot(header, records, layout.batchBytes, level, this.#output, this.#work);
    if (total < 0) {
      throw new TraceError('TRACE_BAD_RECORD', directory, `the recorder made a bad record: ${codecErrorText(total)}`);
    }
    const chunks: PlacedChunk[] = [];
    for (let at = this.#output; at < this.#output + total; ) {
      const length = chunkHeaderSize + this.#view.getUint32(at + chunkHeaderOffsets.storedSize, true);
      chunks.push({ bytes: this.#bytes, at, length });
      at += length;
    }
    return chunks;
  }

  /** Undefined where there is nothing to share, or nobody to share it with. */
  #openBase(): EncoderBase | undefined {
    const { base, compression } = this.#task;
    if (base === undefined || compression === 'none') return undefined;
    const program = typeof base === 'string' ? this.#pieces && new ProgramBase(this.#pieces, base) : undefined;
    const pieces = typeof base === 'string' ? program?.pieces() : base;
    if (pieces === undefined) return undefined;
    const chunkBase = new ChunkBase(this.#codec, this.#bytes, this.#baseArea);
    for (const piece of pieces) chunkBase.add(piece);
    return new EncoderBase(chunkBase, this.#bytes, this.#codec, program);
  }

  /** Before the slot is written: a trace is never larger than it may be. @throws TraceError TRACE_CAP */
  #checkSize(length: number): void {
    const { maxBytes, directory } = this.#task;
    if (maxBytes === undefined) return;
    const size = this.#lanes.reduce((sum, lane) => sum + lane.size, 0);
    if (size + length <= maxBytes) return;
    throw new TraceError('TRACE_CAP', directory, `the trace has the ${maxBytes} bytes of --max-size`);
  }

  /** What the trace refers to is on the disk when this returns. @throws TraceError TRACE_UNWRITABLE */
  close(): void {
    const pieces = this.#pieces;
    this.#base?.close();
    if (pieces) {
      const { references, referencedBytes, puts, putBytes, problem } = pieces.statistics;
      Object.assign(this.statistics, { references, referencedBytes, puts, putBytes });
      if (problem !== undefined) this.statistics.storeProblem = problem;
      try {
        pieces.finish();
      } catch (cause) {
        const { directory } = this.#task.pieces!;
        const what = `cannot bring what the trace refers to to the disk: ${systemReason(cause)}`;
        throw new TraceError('TRACE_UNWRITABLE', directory, what, { cause });
      }
    }
    for (const lane of this.#lanes) lane.close();
  }
}

/** Takes full slots from the ring, encodes them and appends their chunks to the lanes: in a worker, or inline. */
import {
  chunkHeaderOffsets,
  chunkHeaderSize,
  ringControlOffsets,
  slotHeaderOffsets,
  slotHeaderSize,
} from '../generated/schema.ts';
import { type Codec, type Compression, compressionLevels, instantiateCodec } from './codec.ts';
import { codecErrorText } from './codec-errors.ts';
import { laneOrder } from './lane-files.ts';
import { LaneWriter } from './lane-writer.ts';
import { type PieceStore, PieceWriter } from './piece-writer.ts';
import { ringFunctions, takeResults } from './ring.ts';
import type { RingLayout } from './ring-layout.ts';
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

  /** @throws TraceError TRACE_UNWRITABLE, EngineError CODEC_MISSING */
  constructor(task: EncoderTask) {
    const { layout, memory } = task;
    this.#task = task;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#codec = instantiateCodec(memory);
    this.#output = layout.encoderAreas + task.area * layout.encoderAreaBytes;
    this.#work = this.#output + layout.encoderOutputBytes;
    if (
      this.#codec.encodeOutputBytes(layout.slotSize) > layout.encoderOutputBytes ||
      this.#codec.encodeWorkBytes(layout.slotSize) > layout.encoderWorkBytes
    ) {
      throw new RangeError(
        `the codec needs more memory for slots of ${layout.slotSize} bytes than ringLayout gives it`,
      );
    }
    const pieces = task.pieces && new PieceWriter(task.pieces, this.#bytes, task.compression);
    this.#pieces = pieces;
    this.#slotPieces = new SlotPieces(this.#bytes, pieces && ((candidates) => pieces.place(candidates)));
    this.#lanes = laneOrder.map((lane) => new LaneWriter(task.directory, lane, { create: false }));
  }

  /**
   * Encodes full slots: all there are, or with `wait` all that come until the ring is closed, stopped or failed. On an
   * error the ring is marked as failed, so that the producer goes on without it.
   * @throws TraceError TRACE_UNWRITABLE, TRACE_BAD_RECORD, TRACE_CAP
   */
  drain({ wait }: { wait: boolean }): void {
    const ring = ringFunctions();
    const { layout } = this.#task;
    const failed = (layout.ring + ringControlOffsets.failed) / 4;
    while (Atomics.load(this.#words, failed) === 0) {
      const slot = ring.ringTake(this.#bytes, layout.ring, wait ? 50 : 0);
      if (slot === takeResults.ended || (slot === takeResults.timedOut && !wait)) return;
      if (slot === takeResults.timedOut) continue;
      try {
        this.#encode(slot);
      } catch (error) {
        ring.ringFail(this.#bytes, layout.ring);
        throw error;
      }
      ring.ringRelease(this.#bytes, layout.ring, slot);
    }
  }

  #encode(slot: number): void {
    const { layout, compression, directory } = this.#task;
    const start = performance.now();
    const header = layout.headers + slot * slotHeaderSize;
    const records = layout.slots + slot * layout.slotSize;
    const used = this.#view.getUint32(header + slotHeaderOffsets.used, true);
    this.#view.setUint32(header + slotHeaderOffsets.used, this.#slotPieces.replace(records, used), true);
    const length = this.#codec.encodeSlot(
      header,
      records,
      layout.slotSize,
      compressionLevels[compression],
      this.#output,
      this.#work,
    );
    if (length < 0) {
      throw new TraceError('TRACE_BAD_RECORD', directory, `the recorder made a bad record: ${codecErrorText(length)}`);
    }
    const encoded = performance.now();
    this.#checkSize(length);
    for (let at = this.#output; at < this.#output + length; ) {
      const size = chunkHeaderSize + this.#view.getUint32(at + chunkHeaderOffsets.storedSize, true);
      this.#lanes[this.#view.getUint8(at + chunkHeaderOffsets.lane)]!.append(this.#bytes, at, size);
      this.statistics.rawBytes += this.#view.getUint32(at + chunkHeaderOffsets.rawSize, true);
      at += size;
    }
    this.statistics.slots += 1;
    this.statistics.storedBytes += length;
    this.statistics.encodeTime += encoded - start;
    this.statistics.writeTime += performance.now() - encoded;
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

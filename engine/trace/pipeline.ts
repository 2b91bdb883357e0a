/**
 * From the recorder's thread to the disk: the ring in shared memory, and who encodes it. This thread does, as long as it
 * keeps up; the workers start when it falls behind, because they cost more than many a whole recording. While they start,
 * and when they fall behind, it goes on helping.
 */

import { EngineError } from '../errors.ts';
import { ringControlOffsets } from '../generated/schema.ts';
import type { BasePiece } from './chunk-base.ts';
import { type Compression, createSharedMemory } from './codec.ts';
import { type EncoderPool, startEncoderPool } from './encoder-pool.ts';
import { FullSlots } from './full-slots.ts';
import { maxSlotSize } from './limits.ts';
import type { PieceStore } from './piece-writer.ts';
import { ringFunctions } from './ring.ts';
import { type RingLayout, ringLayout } from './ring-layout.ts';
import { type EncoderStatistics, type EncoderTask, noStatistics, SlotEncoder } from './slot-encoder.ts';
import { TraceError } from './trace-error.ts';
import type { TraceEnd, TraceHeader } from './trace-header.ts';
import { TraceWriter } from './writer.ts';

export interface PipelineOptions {
  /** An empty directory (createTraceDirectory). */
  readonly directory: string;
  readonly header: TraceHeader;
  /** Slots of the ring: all the memory that the recording takes, times slotSize. Default 16, at least 2. */
  readonly slotCount?: number;
  /** Default 1 MiB. */
  readonly slotSize?: number;
  /** Slots that are encoded together, at most. Default 8; 1 with maxBytes, where the trace shall end near them. */
  readonly batchSlots?: number;
  /** Worker threads, once they are needed. Default 1. */
  readonly workers?: number;
  /** Bytes of all lanes at most: then the trace ends, as if it could not go on. */
  readonly maxBytes?: number;
  /** Where pieces of what the program reads go; left out: all stays in the trace. */
  readonly pieces?: PieceStore;
  /** Chunks may be patches of these, which the trace may refer to; left out: of what `pieces` has of the program. */
  readonly base?: readonly BasePiece[];
  /** Starts the workers; left out: startEncoderPool. */
  readonly startWorkers?: typeof startEncoderPool;
  /** Called once when the trace cannot go on (disk full, worker dead): the program runs on unrecorded. */
  readonly onFailure?: (error: EngineError) => void;
}

export interface PipelineSummary {
  /** What went wrong, if anything did: the trace is good up to there. */
  readonly failure?: EngineError;
  /** Sums over all encoders. */
  readonly statistics: EncoderStatistics;
  /** True when the workers were started. */
  readonly usedPool: boolean;
}

/** Milliseconds: with the other delays (slot-batch.ts, native/record/events/event-writer.h) less than a second is lost to a kill. */
const inlineInterval = 50;
/** Milliseconds between two looks at slots that fill one after another; twice as many each time that none has. */
const shortestInterval = 2;

export class Pipeline {
  readonly layout: RingLayout;
  /** The shared memory: control block, slots, encoders' areas, as `layout` says. */
  readonly bytes: Uint8Array;
  readonly directory: string;
  readonly #memory: WebAssembly.Memory;
  readonly #compression: Compression;
  readonly #pieces: PieceStore | undefined;
  readonly #base: string | readonly BasePiece[];
  readonly #writer: TraceWriter;
  readonly #maxBytes: number | undefined;
  readonly #onFailure: ((error: EngineError) => void) | undefined;
  readonly #startWorkers: typeof startEncoderPool;
  readonly #slots: FullSlots;
  #timer: NodeJS.Timeout;
  #interval = inlineInterval;
  #mayStart = false;
  #inline: SlotEncoder | undefined;
  #pool: Promise<EncoderPool> | undefined;
  #failure: EngineError | undefined;
  #finished = false;

  /** @throws TraceError TRACE_UNWRITABLE; RangeError for an impossible ring */
  constructor(options: PipelineOptions) {
    const { slotCount = 16, slotSize = 1 << 20, workers = 1 } = options;
    const { batchSlots = options.maxBytes === undefined ? 8 : 1 } = options;
    // Area 0 is that of this thread.
    const batchBytes = Math.max(slotSize, Math.min(slotSize * batchSlots, maxSlotSize));
    this.layout = ringLayout({ slotCount, slotSize, encoders: workers + 1, batchBytes });
    this.directory = options.directory;
    this.#compression = options.header.compression;
    this.#maxBytes = options.maxBytes;
    this.#pieces = options.pieces;
    this.#base = options.base ?? options.header.program;
    this.#onFailure = options.onFailure;
    this.#startWorkers = options.startWorkers ?? startEncoderPool;
    this.#writer = new TraceWriter(options.directory, options.header);
    this.#memory = createSharedMemory(this.layout.totalBytes);
    this.bytes = new Uint8Array(this.#memory.buffer);
    ringFunctions().ringInitialise(this.bytes, this.layout.ring, slotCount, slotSize);
    this.#slots = new FullSlots(this.bytes, this.layout);
    this.#timer = this.#lookLater();
    // The codec gets ready while the program runs: a short recording would have to wait for it at its end.
    setImmediate(() => {
      if (!this.#pool && !this.#finished) this.encodeNow();
    }).unref();
  }

  /** The ring alone, for the native producer (native/ring/ring.h): keep it referenced as long as that writes. */
  get ring(): Uint8Array {
    return this.bytes.subarray(this.layout.ring, this.layout.ring + this.layout.ringBytes);
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  /** Starts the workers at once, where this thread is not to encode at all. Later calls do nothing. */
  startPool(): void {
    if (this.#pool || this.#failure) return;
    const tasks = Array.from({ length: this.layout.encoders - 1 }, (_, index) => this.#task(index + 1));
    this.#pool = this.#startWorkers(tasks, (error) => this.#saveAndFail(error));
    this.#pool.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `cannot start the workers that encode the trace: ${reason}`;
      this.#saveAndFail(new TraceError('TRACE_WORKER_DIED', this.directory, text, { cause }));
    });
  }

  /** Slots fill one after another from now on; to be called when the first one is full. */
  keepUp(): void {
    this.#mayStart = true;
    this.#interval = 0;
    clearTimeout(this.#timer);
    this.#look();
  }

  /** Encodes the slots that are full now, on this thread. */
  encodeNow(): void {
    this.#encodeInline((encoder) => {
      encoder.takeFull();
      encoder.flush();
    });
  }

  #encodeInline(body: (encoder: SlotEncoder) => void): void {
    if (this.#failure) return;
    try {
      this.#inline ??= new SlotEncoder(this.#task(0));
      body(this.#inline);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#fail(error);
    }
  }

  /**
   * Encodes what is left and closes the trace. The producer must have ended. It never throws for a trace that cannot
   * be written: the summary says so, and `end` in the trace too.
   */
  async finish(end: TraceEnd): Promise<PipelineSummary> {
    this.#finished = true;
    clearTimeout(this.#timer);
    Atomics.store(new Uint32Array(this.#memory.buffer), (this.layout.ring + ringControlOffsets.closed) / 4, 1);
    const statistics = await this.#poolStatistics();
    this.encodeNow();
    this.#closeInline();
    if (this.#inline) statistics.push(this.#inline.statistics);
    const failure = this.#failure;
    try {
      this.#writer.finish(failure ? { ...end, complete: false, reason: failure.message } : end);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#fail(error);
    }
    return {
      ...(this.#failure ? { failure: this.#failure } : {}),
      statistics: statistics.reduce(addStatistics, noStatistics),
      usedPool: this.#pool !== undefined,
    };
  }

  async #poolStatistics(): Promise<EncoderStatistics[]> {
    if (!this.#pool) return [];
    try {
      return await (await this.#pool).finished;
    } catch (error) {
      // startPool and the pool itself have reported it already: then #failure is set.
      if (this.#failure) return [];
      throw error;
    }
  }

  #task(area: number): EncoderTask {
    const { layout, directory } = this;
    const task = {
      memory: this.#memory,
      layout,
      area,
      compression: this.#compression,
      directory,
      pieces: this.#pieces,
      base: this.#base,
    };
    return this.#maxBytes === undefined ? task : { ...task, maxBytes: this.#maxBytes };
  }

  /** Ends the trace here, for that reason: the program runs on unrecorded. */
  endEarly(reason: EngineError): void {
    if (this.#pool === undefined) this.encodeNow();
    this.#fail(reason);
  }

  /** One chunk's slots at a time: what else this thread does must not wait for more. */
  #look(): void {
    if (this.#failure || this.#finished) return;
    if (this.#mayStart && this.#slots.isBehind()) this.startPool();
    const isMine = this.#isWorkOfMine();
    this.#encodeInline((encoder) => (isMine ? encoder.takeBatch() : encoder.flushOld()));
    if (this.#isWorkOfMine()) {
      setImmediate(() => this.#look());
      return;
    }
    const isIdle = !this.#slots.haveFilled();
    this.#interval = isIdle ? Math.min(Math.max(this.#interval, shortestInterval / 2) * 2, inlineInterval) : 0;
    this.#timer = this.#lookLater();
  }

  /** Whether this thread is to encode: it helps workers that are behind, and does all before they have begun. */
  #isWorkOfMine(): boolean {
    const haveWorkersBegun = this.#slots.taken() > (this.#inline?.statistics.slots ?? 0);
    return haveWorkersBegun ? this.#slots.isBehind() : this.#slots.waiting() > 0;
  }

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.max(this.#interval, shortestInterval)).unref();
  }

  #closeInline(): void {
    try {
      this.#inline?.close();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#fail(error);
    }
  }

  /** What was recorded until workers could not start is saved here. Behind a slot that one has taken and lost nothing is of use. */
  #saveAndFail(error: EngineError): void {
    if (!this.#slots.isAnyTaken()) this.encodeNow();
    this.#fail(error);
  }

  #fail(error: EngineError): void {
    ringFunctions().ringFail(this.bytes, this.layout.ring);
    if (this.#failure) return;
    this.#failure = error;
    this.#onFailure?.(error);
  }
}

function addStatistics(sum: EncoderStatistics, each: EncoderStatistics): EncoderStatistics {
  return {
    slots: sum.slots + each.slots,
    rawBytes: sum.rawBytes + each.rawBytes,
    storedBytes: sum.storedBytes + each.storedBytes,
    encodeTime: sum.encodeTime + each.encodeTime,
    writeTime: sum.writeTime + each.writeTime,
    references: sum.references + each.references,
    referencedBytes: sum.referencedBytes + each.referencedBytes,
    puts: sum.puts + each.puts,
    putBytes: sum.putBytes + each.putBytes,
    ...withProblem(each.storeProblem ?? sum.storeProblem),
  };
}

function withProblem(storeProblem: string | undefined): { storeProblem?: string } {
  return storeProblem === undefined ? {} : { storeProblem };
}

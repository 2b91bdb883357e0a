/**
 * From the recorder's thread to the disk: the ring in shared memory, and who encodes it. A short recording is encoded
 * on this thread, when it has ended (or while its first slot fills, four times a second, so that little is lost to a kill);
 * the pool of workers starts with the first full slot, because it costs more than many a whole recording.
 */

import { EngineError } from '../errors.ts';
import { ringControlOffsets } from '../generated/schema.ts';
import { type Compression, createSharedMemory } from './codec.ts';
import { type EncoderPool, startEncoderPool } from './encoder-pool.ts';
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
  /** Worker threads, once they are needed. Default 1. */
  readonly workers?: number;
  /** Bytes of all lanes at most: then the trace ends, as if it could not go on. */
  readonly maxBytes?: number;
  /** Where pieces of what the program reads go; left out: all stays in the trace. */
  readonly pieces?: PieceStore;
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

/** Milliseconds: with the recorder's own delays (native/record/recorder.cc) less than a second is lost to a kill. */
const inlineInterval = 250;

export class Pipeline {
  readonly layout: RingLayout;
  /** The shared memory: control block, slots, encoders' areas, as `layout` says. */
  readonly bytes: Uint8Array;
  readonly directory: string;
  readonly #memory: WebAssembly.Memory;
  readonly #compression: Compression;
  readonly #pieces: PieceStore | undefined;
  readonly #writer: TraceWriter;
  readonly #maxBytes: number | undefined;
  readonly #onFailure: ((error: EngineError) => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  #inline: SlotEncoder | undefined;
  #pool: Promise<EncoderPool> | undefined;
  #failure: EngineError | undefined;
  #finished = false;

  /** @throws TraceError TRACE_UNWRITABLE; RangeError for an impossible ring */
  constructor(options: PipelineOptions) {
    const { slotCount = 16, slotSize = 1 << 20, workers = 1 } = options;
    // Area 0 is that of this thread.
    this.layout = ringLayout({ slotCount, slotSize, encoders: workers + 1 });
    this.directory = options.directory;
    this.#compression = options.header.compression;
    this.#maxBytes = options.maxBytes;
    this.#pieces = options.pieces;
    this.#onFailure = options.onFailure;
    this.#writer = new TraceWriter(options.directory, options.header);
    this.#memory = createSharedMemory(this.layout.totalBytes);
    this.bytes = new Uint8Array(this.#memory.buffer);
    ringFunctions().ringInitialise(this.bytes, this.layout.ring, slotCount, slotSize);
    this.#timer = setInterval(() => this.encodeNow(), inlineInterval);
    this.#timer.unref();
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

  /** Starts the workers; to be called when the ring's first slot is full. Later calls do nothing. */
  startPool(): void {
    if (this.#pool || this.#failure) return;
    clearInterval(this.#timer);
    const tasks = Array.from({ length: this.layout.encoders - 1 }, (_, index) => this.#task(index + 1));
    this.#pool = startEncoderPool(tasks, (error) => this.#fail(error));
    this.#pool.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `cannot start the workers that encode the trace: ${reason}`;
      this.#fail(new TraceError('TRACE_WORKER_DIED', this.directory, text, { cause }));
    });
  }

  /** Encodes the slots that are full now, on this thread. It does so by itself four times a second until the workers start. */
  encodeNow(): void {
    if (this.#failure) return;
    try {
      this.#inline ??= new SlotEncoder(this.#task(0));
      this.#inline.drain({ wait: false });
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
    clearInterval(this.#timer);
    this.#finished = true;
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
    };
    return this.#maxBytes === undefined ? task : { ...task, maxBytes: this.#maxBytes };
  }

  /** Ends the trace here, for that reason: the program runs on unrecorded. */
  endEarly(reason: EngineError): void {
    if (this.#pool === undefined) this.encodeNow();
    this.#fail(reason);
  }

  #closeInline(): void {
    try {
      this.#inline?.close();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#fail(error);
    }
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

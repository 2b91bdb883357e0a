/**
 * What the traces of the workloads cost: bytes for each event before and after encoding, at each level of compression,
 * and the speed of each stage, measured by sending the records of a real trace through the pipeline again.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Codec,
  type Compression,
  codecStaticBytes,
  compressionLevels,
  createSharedMemory,
  instantiateCodec,
} from '../engine/trace/codec.ts';
import { Pipeline } from '../engine/trace/pipeline.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { ringFunctions } from '../engine/trace/ring.ts';
import type { EncoderStatistics } from '../engine/trace/slot-encoder.ts';
import { whyNotRun } from '../test/harness/missing-commands.ts';
import { rrCommand } from '../test/harness/recording.ts';
import { formatTable } from '../test/harness/table.ts';
import { CodecReport } from './codec-report.ts';
import { measure } from './measure.ts';
import type { BenchPlaces } from './places.ts';
import type { Workload } from './workload.ts';

/** Records beyond it are left out, so that a large trace takes no longer than it must. */
const rawLimit = 256 << 20;
const slotSize = 1 << 20;
const slotCount = 16;
const blockBytes = 64 << 10;

interface Stages {
  readonly events: number;
  readonly rawBytes: number;
  /** Milliseconds. */
  readonly readTime: number;
  readonly fillTime: number;
  readonly byLevel: ReadonlyMap<Compression, EncoderStatistics>;
  readonly hashTime: number;
  readonly lz4Time: number;
}

const levels = Object.keys(compressionLevels) as Compression[];

/** A sample of the trace's raw bytes, for the codec's functions by themselves. */
class Sample {
  readonly #memory = createSharedMemory(codecStaticBytes + 2 * slotSize + blockBytes * 4 + (1 << 20));
  readonly #bytes = new Uint8Array(this.#memory.buffer);
  readonly #codec: Codec = instantiateCodec(this.#memory);
  #length = 0;

  add(record: Uint8Array): void {
    if (this.#length + record.length > slotSize) return;
    this.#bytes.set(record, codecStaticBytes + this.#length);
    this.#length += record.length;
  }

  /** Milliseconds that `bytes` bytes take at the speed of the sample. */
  #scale(bytes: number, run: (position: number, length: number) => void): number {
    if (this.#length === 0) return 0;
    const passes = Math.max(1, Math.ceil((16 << 20) / this.#length));
    const started = performance.now();
    for (let pass = 0; pass < passes; pass++) {
      for (let at = 0; at < this.#length; at += blockBytes) {
        run(codecStaticBytes + at, Math.min(blockBytes, this.#length - at));
      }
    }
    return ((performance.now() - started) / (passes * this.#length)) * bytes;
  }

  hashTime(bytes: number): number {
    return this.#scale(bytes, (position, length) => this.#codec.xxh64(position, length, 0n));
  }

  lz4Time(bytes: number): number {
    const output = codecStaticBytes + slotSize;
    const table = output + slotSize;
    return this.#scale(bytes, (position, length) => {
      this.#codec.lz4Compress(position, length, output, slotSize, 0, table);
    });
  }
}

/** Reads a trace and writes its records again, into a directory for each level. */
async function runStages(trace: string, scratch: string): Promise<Stages> {
  const reader = TraceReader.open(trace);
  const { RingProducer } = ringFunctions();
  const outputs = levels.map((compression) => {
    const directory = mkdtempSync(join(scratch, 'again-'));
    const pipeline = new Pipeline({ directory, header: { ...reader.header, compression }, slotCount, slotSize });
    return { compression, directory, pipeline, producer: new RingProducer(pipeline.bytes, pipeline.layout.ring) };
  });
  const sample = new Sample();
  let readTime = 0;
  let fillTime = 0;
  let rawBytes = 0;
  let events = 0;
  try {
    for (let more = true; more && rawBytes < rawLimit; ) {
      const batch: Uint8Array[] = [];
      let batchBytes = 0;
      const started = performance.now();
      while (more && batchBytes < (slotCount / 4) * slotSize) {
        more = reader.next();
        if (!more) break;
        events++;
        const take = (view: { buffer: Uint8Array; position: number; size: number }): void => {
          batch.push(view.buffer.slice(view.position, view.position + view.size));
          batchBytes += view.size;
        };
        for (let view = reader.nextData(); view; view = reader.nextData()) take(view);
        for (let view = reader.nextMapping(); view; view = reader.nextMapping()) take(view);
        for (let view = reader.nextTask(); view; view = reader.nextTask()) take(view);
        take(reader.frame);
      }
      readTime += performance.now() - started;
      rawBytes += batchBytes;
      for (const record of batch) sample.add(record);
      outputs.forEach(({ pipeline, producer }, index) => {
        const before = performance.now();
        for (const record of batch) producer.write(record);
        if (index === 0) fillTime += performance.now() - before;
        pipeline.encodeNow();
      });
    }
    const byLevel = new Map<Compression, EncoderStatistics>();
    for (const { compression, pipeline, producer } of outputs) {
      producer.close();
      const { statistics, failure } = await pipeline.finish({ complete: true, status: 0 });
      if (failure !== undefined) throw failure;
      byLevel.set(compression, statistics);
    }
    return {
      events,
      rawBytes,
      readTime,
      fillTime,
      byLevel,
      hashTime: sample.hashTime(rawBytes),
      lz4Time: sample.lz4Time(rawBytes),
    };
  } finally {
    reader.close();
    for (const { directory } of outputs) rmSync(directory, { recursive: true, force: true });
  }
}

function speed(bytes: number, milliseconds: number): string {
  return milliseconds === 0 ? '' : (bytes / 1e3 / milliseconds).toFixed(0);
}

/** Milliseconds that a recording which told of itself was held up by a full ring. */
function ringWait(printed: string): number {
  const told = / waits for the ring, ([0-9.]+) ms/.exec(printed);
  if (told === null) throw new Error('the recording did not say how long it waited for the ring');
  return Number(told[1]);
}

/** Bytes for each event, and the speed of each stage. */
class StageTables {
  readonly #sizes: string[][] = [];
  readonly #speeds: string[][] = [];

  add(name: string, stages: Stages): void {
    const perEvent = (bytes: number): string => (bytes / Math.max(1, stages.events)).toFixed(1);
    const stored = levels.map((level) => stages.byLevel.get(level)?.storedBytes ?? 0);
    const best = stages.rawBytes / Math.max(1, stored[levels.indexOf('best')] ?? 1);
    this.#sizes.push([
      name,
      String(stages.events),
      perEvent(stages.rawBytes),
      ...stored.map(perEvent),
      best.toFixed(1),
    ]);
    const encode = (level: Compression): string => speed(stages.rawBytes, stages.byLevel.get(level)?.encodeTime ?? 0);
    const fast = stages.byLevel.get('fast');
    this.#speeds.push([
      name,
      speed(stages.rawBytes, stages.fillTime),
      ...levels.map(encode),
      speed(stages.rawBytes, stages.lz4Time),
      speed(stages.rawBytes, stages.hashTime),
      speed(fast?.storedBytes ?? 0, fast?.writeTime ?? 0),
      speed(stages.rawBytes, stages.readTime),
      (((fast?.encodeTime ?? 0) + (fast?.writeTime ?? 0)) / 1000).toFixed(3),
    ]);
  }

  print(): void {
    console.log('bytes for each event');
    console.log(formatTable(['workload', 'events', 'raw', ...levels, 'best ratio'], this.#sizes));
    console.log(
      '\nMB/s of each stage; write in stored bytes, all others in raw ones; last, CPU seconds of encoding and writing',
    );
    const encodes = levels.map((level) => `encode ${level}`);
    console.log(
      formatTable(['workload', 'fill', ...encodes, 'LZ4 alone', 'XXH64 alone', 'write', 'read', 'CPU s'], this.#speeds),
    );
  }
}

/** Records a workload; the share of its time, in percent, that the program waited for a full ring. */
async function recordWorkload(workload: Workload, places: BenchPlaces): Promise<string> {
  places.clearTrace();
  const command = [rrCommand, 'record', '-o', places.trace, '--store', places.store, ...(workload.recordOptions ?? [])];
  const { seconds } = await measure([...command, ...workload.command], {
    scratch: places.scratch,
    cwd: places.work(workload),
    limitSeconds: 600,
    env: { ...workload.env, RR_LOG: 'record:info' },
  });
  const waited = ringWait(readFileSync(join(places.scratch, 'measure.out'), 'latin1'));
  return (waited / 10 / seconds).toFixed(2);
}

/**
 * Records each workload once and prints its tables.
 * @param withSpeeds else the sizes alone, and how long the ring was full: a tenth of the time
 */
export async function reportTraces(
  workloads: readonly Workload[],
  places: BenchPlaces,
  withSpeeds: boolean,
): Promise<void> {
  const codecs = new CodecReport(places.scratch);
  const stages = new StageTables();
  const heldUp: string[][] = [];
  for (const workload of workloads) {
    const reason = whyNotRun(workload);
    if (reason !== undefined) {
      console.error(reason);
      continue;
    }
    heldUp.push([workload.name, await recordWorkload(workload, places)]);
    codecs.add(workload.name, places.trace, withSpeeds);
    if (!withSpeeds) continue;
    const again = join(places.folder, 'again');
    if (!existsSync(again)) mkdirSync(again);
    stages.add(workload.name, await runStages(places.trace, again));
  }
  if (withSpeeds) stages.print();
  console.log('\nhow much of its time a recording waited for a full ring, %');
  console.log(formatTable(['workload', 'held up'], heldUp));
  codecs.printSizes();
  if (withSpeeds) codecs.printSpeeds();
}

import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EngineError } from '../engine/errors.ts';
import { ringControlOffsets, slotHeaderOffsets, slotStates } from '../engine/generated/schema.ts';
import { packageRoot } from '../engine/package-root.ts';
import { Pipeline, type PipelineOptions } from '../engine/trace/pipeline.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { ringFunctions } from '../engine/trace/ring.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { expectedLines, header, readAll, withDirectory } from './trace-fixture.ts';
import { frame, plausibleRecords, Random } from './trace-records.ts';

const records = [...plausibleRecords(new Random(41), 3000)];
const slotSize = 65536;

/** Writes records from a thread, as the recorder does; how many the ring took. */
async function produce(pipeline: Pipeline, all: readonly Uint8Array[]): Promise<number> {
  const worker = new Worker(new URL('./ring-worker.mjs', import.meta.url), {
    workerData: {
      addon: join(packageRoot, 'build/Release/rr_engine.node'),
      bytes: pipeline.bytes,
      ring: pipeline.layout.ring,
      role: 'write',
      records: all,
    },
    execArgv: [],
  });
  const [{ accepted }] = (await once(worker, 'message')) as [{ accepted: number }];
  return accepted;
}

/** Lets other threads run until it is so; the test's time limit is the only one. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Waits until the producer found no free slot. */
async function untilFull(pipeline: Pipeline): Promise<void> {
  const words = new BigUint64Array(pipeline.bytes.buffer);
  const waits = (pipeline.layout.ring + ringControlOffsets.waits) / 8;
  await until(() => Atomics.load(words, waits) > 0n);
}

for (const workers of [1, 2]) {
  test(`${workers} worker(s) and a ring of two slots: everything is in the trace`, () =>
    withDirectory(async (directory) => {
      const pipeline = new Pipeline({ directory, header, slotCount: 2, slotSize, workers });
      const produced = produce(pipeline, records);
      await untilFull(pipeline);
      pipeline.startPool();
      pipeline.startPool();
      assert.is(await produced, records.length);
      const summary = await pipeline.finish({ complete: true });
      assert.is(summary.failure, undefined);
      assert.ok(summary.usedPool);
      assert.ok(summary.statistics.slots > 20);
      const reader = TraceReader.open(directory);
      assert.ok(reader.complete);
      assert.equal(readAll(reader), { lines: expectedLines(records), error: undefined });
      reader.close();
    }));
}

test('full slots are encoded on this thread while there is no pool', () =>
  withDirectory(async (directory) => {
    const pipeline = new Pipeline({ directory, header, slotCount: 2, slotSize });
    const produced = produce(pipeline, records.slice(0, 1000));
    await untilFull(pipeline);
    const summary = await produced.then(() => pipeline.finish({ complete: true }));
    assert.not(summary.usedPool);
    const reader = TraceReader.open(directory);
    assert.equal(readAll(reader).lines, expectedLines(records.slice(0, 1000)));
    reader.close();
  }));

/** A producer on this thread: what it writes must find room. */
function fill(pipeline: Pipeline, all: readonly Uint8Array[]): void {
  const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
  for (const record of all) assert.ok(producer.write(record));
  producer.close();
}

test('this thread keeps up with slots that fill slowly: the workers are not started', () =>
  withDirectory(async (directory) => {
    const pipeline = new Pipeline({ directory, header, slotCount: 8, slotSize });
    const words = new BigUint64Array(pipeline.bytes.buffer);
    const taken = (pipeline.layout.ring + ringControlOffsets.taken) / 8;
    const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
    let slots = 0n;
    for (const record of records) {
      assert.ok(producer.write(record));
      const sealed = Atomics.load(words, (pipeline.layout.ring + ringControlOffsets.sealed) / 8);
      if (sealed === slots) continue;
      slots = sealed;
      if (slots === 1n) pipeline.keepUp();
      await until(() => Atomics.load(words, taken) === slots);
    }
    assert.ok(slots > 8n, `${slots} slots`);
    producer.close();
    const summary = await pipeline.finish({ complete: true });
    assert.not(summary.usedPool);
    const reader = TraceReader.open(directory);
    assert.equal(readAll(reader), { lines: expectedLines(records), error: undefined });
    reader.close();
  }));

test('what fills while this thread encodes what was full is left for later', () =>
  withDirectory(async (directory) => {
    const slotCount = 4;
    const pipeline = new Pipeline({ directory, header, slotCount, slotSize });
    const ring = ringFunctions();
    const producer = new ring.RingProducer(pipeline.bytes, pipeline.layout.ring);
    const most = 40;
    let events = 0;
    const fillSlot = (): void => {
      if (events === most) return;
      assert.ok(producer.write(frame(++events)));
      producer.seal();
    };
    for (let slot = 0; slot < slotCount; slot++) fillSlot();
    // A producer that fills each slot as soon as it is given back.
    const { ringRelease } = ring;
    ring.ringRelease = (...slot) => {
      ringRelease(...slot);
      fillSlot();
    };
    try {
      pipeline.encodeNow();
    } finally {
      ring.ringRelease = ringRelease;
    }
    assert.is(events, 2 * slotCount);
    producer.close();
    const summary = await pipeline.finish({ complete: true });
    assert.is(summary.failure, undefined);
    const reader = TraceReader.open(directory);
    assert.is(reader.lastEvent, 2 * slotCount);
    reader.close();
  }));

test('half the ring waits: the workers start, and this thread encodes meanwhile', () =>
  withDirectory(async (directory) => {
    const pipeline = new Pipeline({ directory, header, slotCount: 4, slotSize });
    const produced = produce(pipeline, records);
    await untilFull(pipeline);
    pipeline.keepUp();
    assert.is(await produced, records.length);
    const summary = await pipeline.finish({ complete: true });
    assert.is(summary.failure, undefined);
    assert.ok(summary.usedPool);
    const reader = TraceReader.open(directory);
    assert.equal(readAll(reader), { lines: expectedLines(records), error: undefined });
    reader.close();
  }));

const failedStarts: [string, PipelineOptions['startWorkers']][] = [
  ['have no pool', () => Promise.reject(new Error('no such package'))],
  [
    'fail before their first slot',
    async (_tasks, onFailure) => {
      const error = new TraceError('TRACE_WORKER_DIED', '/trace', 'no such package');
      onFailure(error);
      return { finished: Promise.reject(error) };
    },
  ],
];
for (const [what, startWorkers] of failedStarts) {
  test(`workers that ${what}: what was recorded until then is saved, then the error is told`, () =>
    withDirectory(async (directory) => {
      const failures: string[] = [];
      const pipeline = new Pipeline({
        directory,
        header,
        slotCount: 32,
        slotSize,
        startWorkers: startWorkers!,
        onFailure: (error) => {
          const reader = TraceReader.open(directory);
          assert.equal(readAll(reader).lines, expectedLines(records.slice(0, 1000)), 'it is there already');
          reader.close();
          failures.push(error.message);
        },
      });
      fill(pipeline, records.slice(0, 1000));
      pipeline.startPool();
      await until(() => pipeline.failure !== undefined);
      const summary = await pipeline.finish({ complete: true });
      assert.is(summary.failure?.code, 'TRACE_WORKER_DIED');
      assert.is(failures.length, 1);
      assert.match(failures[0]!, 'no such package');
      const reader = TraceReader.open(directory);
      assert.not(reader.complete);
      assert.equal(readAll(reader).lines, expectedLines(records.slice(0, 1000)));
      reader.close();
    }));
}

test('a worker that dies ends the recording with an error; the trace is good up to there', () =>
  withDirectory(async (directory) => {
    const failures: EngineError[] = [];
    const onFailure = (error: EngineError): void => void failures.push(error);
    const pipeline = new Pipeline({ directory, header, slotSize, onFailure });
    const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
    const started = once(process, 'worker');
    pipeline.startPool();
    const [worker] = (await started) as [Worker];
    for (const record of records.slice(0, 100)) assert.ok(producer.write(record));
    producer.seal();
    const slotState = (pipeline.layout.headers + slotHeaderOffsets.state) / 4;
    const words = new Uint32Array(pipeline.bytes.buffer);
    await until(() => Atomics.load(words, slotState) === slotStates.free);
    await worker.terminate();
    await until(() => pipeline.failure !== undefined);
    assert.not(producer.write(records[100]!), 'the producer is told');
    producer.close();
    const summary = await pipeline.finish({ complete: true });
    assert.is(summary.failure?.code, 'TRACE_WORKER_DIED');
    assert.equal(failures, [summary.failure!]);
    const reader = TraceReader.open(directory);
    assert.not(reader.complete);
    assert.match(reader.end?.reason ?? '', 'a worker that encodes the trace died');
    assert.equal(readAll(reader), { lines: expectedLines(records.slice(0, 100)), error: undefined });
    reader.close();
  }));

test('the version file of a recording has its name when it is whole: a kill leaves it, or none', () =>
  withDirectory((directory) => {
    writeFileSync(join(directory, 'version.new'), 'torn');
    assert.throws(() => new Pipeline({ directory, header }), /version\.new: cannot write it: .*EEXIST/);
    assert.not(existsSync(join(directory, 'version.incomplete')));
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    new Pipeline({ directory, header });
    assert.equal(readdirSync(directory).sort(), ['data', 'events', 'mmaps', 'tasks', 'version.incomplete']);
  }));

test('a trace that cannot be written is an error at once, and later', () =>
  withDirectory(async (directory) => {
    const path = join(directory, 'gone');
    assert.throws(
      () => new Pipeline({ directory: path, header }),
      (error: unknown) => error instanceof TraceError && error.code === 'TRACE_UNWRITABLE',
    );
    const pipeline = new Pipeline({ directory, header, slotSize });
    const accepted = await produce(pipeline, records.slice(0, 10));
    assert.is(accepted, 10);
    rmSync(join(directory, 'data'));
    rmSync(join(directory, 'events'));
    rmSync(directory, { recursive: true });
    const { failure } = await pipeline.finish({ complete: true });
    assert.instance(failure, TraceError);
    assert.is((failure as TraceError).file, join(directory, 'events'));
  }));

test('a record that the schema does not allow ends the recording', () =>
  withDirectory(async (directory) => {
    const pipeline = new Pipeline({ directory, header, slotSize });
    await produce(pipeline, [frame(1), frame(3), frame(2)]);
    const summary = await pipeline.finish({ complete: true });
    assert.is(summary.failure?.code, 'TRACE_BAD_RECORD');
    assert.match(summary.failure!.message, 'events decrease');
  }));

test.run();

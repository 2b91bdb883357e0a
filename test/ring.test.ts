import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ringControlOffsets } from '../engine/generated/schema.ts';
import { packageRoot } from '../engine/package-root.ts';
import { createSharedMemory } from '../engine/trace/codec.ts';
import { ringFunctions, takeResults } from '../engine/trace/ring.ts';
import { ringLayout } from '../engine/trace/ring-layout.ts';
import { frame } from './trace-records.ts';

const native = ringFunctions();

class TestRing {
  readonly layout;
  readonly bytes: Uint8Array;

  constructor(slotCount: number, slotSize = 65536) {
    this.layout = ringLayout({ slotCount, slotSize, encoders: 1 });
    this.bytes = new Uint8Array(createSharedMemory(this.layout.totalBytes).buffer);
    native.ringInitialise(this.bytes, this.layout.ring, slotCount, slotSize);
  }

  get ring(): number {
    return this.layout.ring;
  }

  take(timeout = 0): number {
    return native.ringTake(this.bytes, this.ring, timeout);
  }

  /** What a thread of ring-worker.mjs posts. */
  async run(role: 'produce' | 'consume', more: { records?: number; holdMilliseconds?: number } = {}): Promise<Posted> {
    const { bytes, ring, layout } = this;
    const addon = join(packageRoot, 'build/Release/rr_engine.node');
    const worker = new Worker(new URL('./ring-worker.mjs', import.meta.url), {
      workerData: { addon, bytes, ring, layout, role, ...more },
      execArgv: [],
    });
    const [posted] = (await once(worker, 'message')) as [Posted];
    return posted;
  }

  counter(name: 'waits' | 'sealed'): number {
    return Number(new DataView(this.bytes.buffer).getBigUint64(this.ring + ringControlOffsets[name], true));
  }
}

interface Posted {
  readonly accepted: number;
  readonly seen: readonly number[];
  readonly faults: readonly string[];
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test('many records, small and as large as a slot, arrive whole, in order and once', async () => {
  const ring = new TestRing(4);
  const [consumer, producer] = await Promise.all([ring.run('consume'), ring.run('produce', { records: 5000 })]);
  assert.is(producer.accepted, 5000);
  assert.equal(consumer.faults, []);
  assert.equal(consumer.seen, upTo(5000));
});

test('two consumers share two slots; each record goes to one of them', async () => {
  const ring = new TestRing(2);
  const [one, two, producer] = await Promise.all([
    ring.run('consume'),
    ring.run('consume'),
    ring.run('produce', { records: 5000 }),
  ]);
  assert.is(producer.accepted, 5000);
  assert.equal([...one.faults, ...two.faults], []);
  for (const { seen } of [one, two])
    assert.equal(
      [...seen],
      [...seen].sort((a, b) => a - b),
    );
  assert.equal(
    [...one.seen, ...two.seen].sort((a, b) => a - b),
    upTo(5000),
  );
});

test('a producer that is faster than its consumer waits, and loses nothing', async () => {
  const ring = new TestRing(2);
  const [consumer] = await Promise.all([
    ring.run('consume', { holdMilliseconds: 2 }),
    ring.run('produce', { records: 1000 }),
  ]);
  assert.equal(consumer.seen, upTo(1000));
  assert.ok(ring.counter('waits') > 5, `${ring.counter('waits')} waits`);
});

test('stopping ends a producer that waits and a consumer that waits', async () => {
  const full = new TestRing(2);
  const producer = full.run('produce', { records: 5000 });
  while (full.counter('waits') === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  native.ringStop(full.bytes, full.ring);
  const { accepted } = await producer;
  assert.ok(accepted > 0 && accepted < 5000);
  assert.is(full.take(), takeResults.ended);

  const empty = new TestRing(2);
  const consumer = empty.run('consume');
  native.ringStop(empty.bytes, empty.ring);
  assert.equal((await consumer).seen, []);
});

test('a failed consumer ends the producer; what was full can still be taken', async () => {
  const ring = new TestRing(2);
  const producer = ring.run('produce', { records: 5000 });
  while (ring.counter('waits') === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  native.ringFail(ring.bytes, ring.ring);
  assert.ok((await producer).accepted < 5000);
  assert.is(ring.take(), 0);
  assert.is(ring.take(), 1);
  assert.is(ring.take(), takeResults.ended);
});

test('a part-filled slot is handed out when it is sealed, and not before', () => {
  const ring = new TestRing(2);
  const producer = new native.RingProducer(ring.bytes, ring.ring);
  assert.ok(producer.write(frame(1)));
  assert.is(ring.take(), takeResults.timedOut);
  producer.seal();
  producer.seal();
  assert.is(ring.counter('sealed'), 1);
  assert.is(ring.take(), 0);
  assert.is(ring.take(), takeResults.timedOut);
  native.ringRelease(ring.bytes, ring.ring, 0);
  producer.close();
  assert.is(ring.counter('sealed'), 1);
  assert.is(ring.take(), takeResults.ended);
});

test('bad arguments are errors', () => {
  const ring = new TestRing(2);
  const { bytes } = ring;
  assert.throws(() => native.ringInitialise(bytes, ring.ring, 1, 65536), /slot count/);
  assert.throws(() => native.ringInitialise(bytes, ring.ring, 2, 65536 + 8), /multiple of 4096/);
  assert.throws(() => native.ringInitialise(bytes, ring.ring, 2, 4096), /between 64 KiB/);
  assert.throws(() => native.ringInitialise(bytes, ring.ring, 4096, 65536), /too small/);
  assert.throws(() => native.ringInitialise(bytes, ring.ring + 8, 2, 65536), /aligned/);
  assert.throws(() => native.ringTake(bytes, bytes.length + 1, 0), /outside the memory/);
  assert.throws(() => native.ringTake(bytes, -1, 0), /outside the memory/);
  assert.throws(() => native.ringTake(bytes, 0, 0), /not initialised/);
  assert.throws(() => native.ringTake(bytes.subarray(0, ring.ring + 64), ring.ring, 0), /too small/);
  assert.throws(() => native.ringTake(new Uint8Array(64), 0, 0), /ring: /);
  assert.throws(() => native.ringRelease(bytes, ring.ring, 0), /slot 0 is not taken/);
  assert.throws(() => native.ringRelease(bytes, ring.ring, 99), /slot 99 is not taken/);
  const producer = new native.RingProducer(bytes, ring.ring);
  const lying = frame(1);
  lying[0] = 8;
  assert.throws(() => producer.write(lying), /not one whole record/);
  assert.throws(() => producer.write(new Uint8Array(8)), /not one whole record/);
  assert.throws(() => ringLayout({ slotCount: 1, slotSize: 65536, encoders: 1 }), /1 slots/);
});

test.run();

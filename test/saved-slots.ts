/** Traces in which slots were saved for their age, before they became one chunk of each lane. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Pipeline } from '../engine/trace/pipeline.ts';
import { ringFunctions } from '../engine/trace/ring.ts';
import { laneOrder } from '../engine/trace/lane-files.ts';
import { header, type Slots } from './trace-fixture.ts';

/** Slots of which the first is encoded at once and each other one saved alone: the pipeline, and what ends the producer. */
export async function savedOneByOne(
  directory: string,
  slots: Slots,
): Promise<{ pipeline: Pipeline; close: () => void }> {
  const pipeline = new Pipeline({ directory, header, slotSize: 65536, batchSlots: 8, slotCount: 8 });
  const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
  const size = () => laneOrder.reduce((sum, lane) => sum + statSync(join(directory, lane)).size, 0);
  pipeline.keepUp();
  for (const slot of slots) {
    const before = size();
    for (const record of slot) if (!producer.write(record)) throw new RangeError('the ring has failed');
    producer.seal();
    while (size() === before) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { pipeline, close: () => producer.close() };
}

/** The trace of a recorder that was killed when all slots but the first were saved one by one, and then together. */
export async function savedThenJoined(directory: string, slots: Slots): Promise<void> {
  const { pipeline, close } = await savedOneByOne(directory, slots);
  pipeline.encodeNow();
  close();
}

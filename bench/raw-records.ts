/** The records of a trace as its recorder wrote them: by lane, and by slots of the ring. */
import type { RecordView } from '../engine/generated/schema.ts';
import { TraceReader } from '../engine/trace/reader.ts';

export interface RawRecords {
  /** In the order of the recording, whole records behind each other. */
  readonly all: Buffer;
  readonly lanes: ReadonlyMap<string, Buffer>;
}

/** The first records of a trace: about `limit` bytes of them. @throws TraceError */
export function rawRecords(trace: string, limit: number): RawRecords {
  const lanes = new Map<string, Uint8Array[]>([
    ['events', []],
    ['data', []],
    ['mmaps', []],
    ['tasks', []],
  ]);
  const all: Uint8Array[] = [];
  let total = 0;
  const reader = TraceReader.open(trace);
  const take = (lane: string, view: RecordView): void => {
    const record = view.buffer.slice(view.position, view.position + view.size);
    lanes.get(lane)!.push(record);
    all.push(record);
    total += record.length;
  };
  try {
    while (total < limit && reader.next()) {
      for (let view = reader.nextStoredData(); view; view = reader.nextStoredData()) take('data', view);
      for (let view = reader.nextMapping(); view; view = reader.nextMapping()) take('mmaps', view);
      for (let view = reader.nextTask(); view; view = reader.nextTask()) take('tasks', view);
      take('events', reader.frame);
    }
  } finally {
    reader.close();
  }
  return {
    all: Buffer.concat(all),
    lanes: new Map([...lanes].map(([lane, records]) => [lane, Buffer.concat(records)])),
  };
}

/** Parts of whole records, of at most `most` bytes each. */
export function inSlots({ all }: RawRecords, most: number): Buffer[] {
  const slots: Buffer[] = [];
  for (let start = 0, at = 0; at < all.length; ) {
    const size = all.readUInt32LE(at);
    if (at > start && at + size - start > most) {
      slots.push(all.subarray(start, at));
      start = at;
    }
    at += size;
    if (at === all.length) slots.push(all.subarray(start, at));
  }
  return slots;
}

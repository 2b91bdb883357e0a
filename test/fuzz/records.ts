/** All records of a trace as bytes. */
import type { RecordView } from '../../engine/generated/schema.ts';
import { TraceReader } from '../../engine/trace/reader.ts';
import type { TraceHeader } from '../../engine/trace/trace-header.ts';

/** In the order in which they were written; each is a copy. @throws TraceError */
export function readRecords(trace: string): { records: Uint8Array[]; header: TraceHeader } {
  const reader = TraceReader.open(trace);
  const records: Uint8Array[] = [];
  const copy = (view: RecordView): void => {
    records.push(Uint8Array.from(view.buffer.subarray(view.position, view.position + view.size)));
  };
  try {
    while (reader.next()) {
      for (let record = reader.nextData(); record; record = reader.nextData()) copy(record);
      for (let record = reader.nextMapping(); record; record = reader.nextMapping()) copy(record);
      for (let record = reader.nextTask(); record; record = reader.nextTask()) copy(record);
      copy(reader.frame);
    }
    return { records, header: reader.header };
  } finally {
    reader.close();
  }
}

import { type TaskView, taskKindNames } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';
import type { ProcessTable, TaskEvent } from './process-table.ts';

/** A task record as a value. Undefined for a kind that is none. */
export function readTaskEvent(view: TaskView): TaskEvent | undefined {
  const kind = taskKindNames[view.taskKind];
  if (kind !== 'start' && kind !== 'exec' && kind !== 'exit') return undefined;
  const { tid, parentTid, threadGroup, status } = view;
  return { kind, tid, parentTid, threadGroup, status, strings: readStrings(view.payload) };
}

/** Zero-terminated strings. */
function readStrings(payload: Uint8Array): readonly string[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** Adds the processes of a trace, which is read to its end. What was read before an error is in the table. @throws TraceError */
export function readProcesses(reader: TraceReader, table: ProcessTable): void {
  while (reader.next()) {
    if (reader.frame.taskCount === 0) continue;
    for (let view = reader.nextTask(); view !== undefined; view = reader.nextTask()) {
      const event = readTaskEvent(view);
      if (event !== undefined) table.add(event);
    }
  }
}

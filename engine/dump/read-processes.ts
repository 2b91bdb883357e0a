import { eventKinds, type FrameView, registerIndex, type TaskView, taskKindNames } from '../generated/schema.ts';
import { syscallNumber } from '../syscalls/decode.ts';
import type { TraceReader } from '../trace/reader.ts';
import type { ProcessTable, TaskEvent } from './process-table.ts';

/** A task record as a value. Undefined for a kind that is none. */
export function readTaskEvent(view: TaskView): TaskEvent | undefined {
  const kind = taskKindNames[view.taskKind];
  if (kind !== 'start' && kind !== 'exec' && kind !== 'exit') return undefined;
  const { tid, parentTid, threadGroup, status } = view;
  const cloneFlags = Number(view.cloneFlags & 0xffff_ffffn);
  return { kind, tid, parentTid, threadGroup, cloneFlags, status, strings: readStrings(view.payload) };
}

/** Zero-terminated strings. */
function readStrings(payload: Uint8Array): readonly string[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** Adds the processes of a trace, which is read to its end. What was read before an error is in the table. @throws TraceError */
export function readProcesses(reader: TraceReader, table: ProcessTable): void {
  while (reader.next()) {
    noteNamespaces(reader.frame, table);
    if (reader.frame.taskCount === 0) continue;
    for (let view = reader.nextTask(); view !== undefined; view = reader.nextTask()) {
      const event = readTaskEvent(view);
      if (event !== undefined) table.add(event);
    }
  }
}

const makingCalls: ReadonlySet<number | undefined> = new Set(['clone', 'clone3', 'fork', 'vfork'].map(syscallNumber));
const unshareCall = syscallNumber('unshare');
const newPidNamespace = 0x2000_0000n;

/** What the results of calls tell of pid namespaces: the number of a process is another in each. */
function noteNamespaces(frame: FrameView, table: ProcessTable): void {
  if (frame.eventKind !== eventKinds.syscall && frame.eventKind !== eventKinds.syscallExit) return;
  const { number, tid } = frame;
  if (!makingCalls.has(number) && number !== unshareCall) return;
  const result = Number(BigInt.asIntN(64, frame.register(registerIndex.rax)));
  if (number !== unshareCall && result > 0) table.made(tid, result);
  const isUnshared = number === unshareCall && (frame.register(registerIndex.rdi) & newPidNamespace) !== 0n;
  if (isUnshared && result === 0) table.unshared(tid);
}

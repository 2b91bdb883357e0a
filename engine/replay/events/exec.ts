/**
 * A new program. Nothing is executed: the process throws its memory away and maps what the trace recorded, so that the
 * program's file may be gone, and no file of the user's is ever opened.
 */
import { type FrameView, taskKinds } from '../../generated/schema.ts';
import { AddressSpace, runtimeEnd, runtimeStart, userEnd } from '../address-space.ts';
import { applyData } from '../apply-data.ts';
import { mapRecords } from '../map-records.ts';
import { readFrameRegisters } from '../registers.ts';
import { callOrDiverge } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { taskRecord } from '../task-record.ts';

const cloneParent = 0x8000;

export function replayExec(replayer: Replayer, frame: FrameView): void {
  const record = taskRecord(replayer, frame, taskKinds.exec);
  const task = replayer.taskOf(frame, record.parentTid);
  const path = Buffer.from(record.payload).toString().split('\0')[0] ?? '';
  endOtherThreads(replayer, frame, task);
  leaveMemory(replayer, frame, task);
  task.name = path.slice(path.lastIndexOf('/') + 1);
  task.inCall = false;
  task.restarts = false;
  // The kernel lets cpuid work again at an exec (arch_setup_new_exec); our process has seen none.
  mapRecords(replayer, frame, task);
  readFrameRegisters(frame, replayer.expected);
  applyData(replayer, frame);
  replayer.adopt(frame, task);
}

/** The other threads of the process are gone without events, and the task has the leader's id now. */
function endOtherThreads(replayer: Replayer, frame: FrameView, task: Task): void {
  for (const other of [...replayer.tasks.values()]) {
    if (other !== task && other.threadGroup === task.threadGroup) replayer.drop(other);
  }
  if (task.tid === frame.tid) return;
  if (replayer.tasks.has(frame.tid))
    throw replayer.nonsense(frame, `gives its task the id ${frame.tid}, which is taken`);
  replayer.tasks.delete(task.tid);
  task.tid = frame.tid;
  replayer.tasks.set(task.tid, task);
}

/** Leaves the task with an address space of its own that holds our two pages alone. */
function leaveMemory(replayer: Replayer, frame: FrameView, task: Task): void {
  const { processes } = replayer;
  if (task.addressSpace.tasks.size > 1) {
    // Shared with others (vfork), who keep it: go on in a copy.
    const pid = processes.clone(task.pid, cloneParent);
    if (pid < 0) throw replayer.callDivergence(frame, task, 'making a process (clone)', pid);
    processes.end(task.pid);
    task.pid = pid;
  }
  task.addressSpace.tasks.delete(task);
  task.addressSpace = new AddressSpace();
  task.addressSpace.tasks.add(task);
  callOrDiverge(replayer, frame, task, 'munmap', 0, runtimeStart);
  callOrDiverge(replayer, frame, task, 'munmap', runtimeEnd, userEnd - runtimeEnd);
}

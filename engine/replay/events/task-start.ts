/** New tasks: each becomes a process of the replay's. */

import { EngineError } from '../../errors.ts';
import { type FrameView, taskKinds } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { AddressSpace } from '../address-space.ts';
import { applyData } from '../apply-data.ts';
import { DescriptorTable } from '../descriptor-table.ts';
import { readFrameRegisters } from '../registers.ts';
import { callOrDiverge } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import { Task } from '../task.ts';
import { taskRecord } from '../task-record.ts';

/**
 * Of a recorded clone only CLONE_VM is kept. CLONE_PARENT makes every process a child of the replayer's own, which so
 * can kill and reap it, whichever of the others end first.
 */
const keptFlags = 0x100;
const cloneParent = 0x8000;
/** MADV_DONTNEED. */
const dontNeed = 4;

export function replayTaskStart(replayer: Replayer, frame: FrameView): void {
  const record = taskRecord(replayer, frame, taskKinds.start);
  const { tid, threadGroup, parentTid } = record;
  if (tid !== frame.tid || tid <= 0 || replayer.tasks.has(tid)) {
    throw replayer.malformedEvent(frame, `starts task ${tid}, which cannot be started here`);
  }
  const task = parentTid === 0 ? firstTask(replayer, frame, tid, threadGroup) : cloneTask(replayer, frame, record);
  replayer.tasks.set(tid, task);
  readFrameRegisters(frame, replayer.expected);
  // The first task has no memory to write or verify before its exec.
  if (frame.dataCount > 0 && parentTid !== 0) applyData(replayer, frame);
  replayer.adopt(frame, task);
}

/** The stub itself; the exec that follows clears it. */
function firstTask(replayer: Replayer, frame: FrameView, tid: number, threadGroup: number): Task {
  if (replayer.hadTasks || replayer.tasks.size > 0) throw replayer.malformedEvent(frame, 'starts a first task again');
  replayer.hadTasks = true;
  const pid = replayer.takeFirst();
  if (pid < 0) throw new EngineError('REPLAY_START', `cannot copy the first process (clone): errno ${-pid}`);
  return new Task({
    tid,
    threadGroup,
    pid,
    addressSpace: new AddressSpace(),
    descriptors: new DescriptorTable(),
    cpuidTraps: false,
    name: '',
  });
}

function cloneTask(
  replayer: Replayer,
  frame: FrameView,
  record: { tid: number; parentTid: number; threadGroup: number; cloneFlags: bigint },
): Task {
  const maker = replayer.taskOf(frame, record.parentTid);
  if (!maker.inCall) throw replayer.malformedEvent(frame, `starts a task of task ${maker.tid}, which is in no call`);
  const sharing = Number(record.cloneFlags & BigInt(keptFlags));
  const pid = replayer.processes.clone(maker.pid, sharing | cloneParent);
  if (pid < 0) throw replayer.callDivergence(frame, maker, 'making a process (clone)', pid);
  const task = new Task({
    tid: record.tid,
    threadGroup: record.threadGroup,
    pid,
    addressSpace: sharing ? maker.addressSpace : maker.addressSpace.fork(),
    descriptors: maker.descriptors.fork(),
    cpuidTraps: maker.cpuidTraps,
    name: maker.name,
  });
  if (!sharing) followAdvice(replayer, frame, task);
  return task;
}

/** What the maker has said of its forks is done in the child, which has all of its memory. */
function followAdvice(replayer: Replayer, frame: FrameView, task: Task): void {
  const { files, patched, forkAdvice } = task.addressSpace;
  for (const { start, end } of forkAdvice.wiped) {
    // Holes in it are of no matter.
    replayer.processes.call(task.pid, syscallNumbers.madvise, start, end - start, dontNeed);
  }
  for (const { start, end } of forkAdvice.withheld) {
    callOrDiverge(replayer, frame, task, 'munmap', start, end - start);
    files.remove(start, end);
    patched.removeRange(start, end);
    forkAdvice.remove(start, end);
  }
}

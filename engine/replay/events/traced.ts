/** What a tracer of the recording did to a task (docs/ptrace.md): its memory is data of the tracer's own calls. */
import { type FrameView, registerIndex } from '../../generated/schema.ts';
import { applyData } from '../apply-data.ts';
import { masks, registersEqual } from '../compare.ts';
import { resumeKinds, waitBroken } from '../primitives.ts';
import { readFrameRegisters, register } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { isStopped, stopSignal, syscallStop } from '../wait-status.ts';

const sigtrap = 5;
/** si_code of a SIGTRAP (sigaction(2)). */
const trapBreakpoint = 1;

/** One instruction. @throws Divergence */
export function replayStep(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  const status = stepOnce(replayer, frame, task);
  if (!isStopped(status) || status === syscallStop || stopSignal(status) !== sigtrap) {
    throw replayer.stopDivergence(frame, task, 'the end of a single step', status);
  }
  readFrameRegisters(frame, replayer.expected);
  if (!registersEqual(replayer.expected, replayer.found, masks.signal)) {
    throw replayer.registerDivergence(frame, task, masks.signal);
  }
  if (frame.dataCount > 0) applyData(replayer, frame);
  replayer.adopt(frame, task);
}

/** The tracer has set registers at a stop: nothing was executed. */
export function replayRegistersSet(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  if (frame.dataCount > 0) applyData(replayer, frame);
  if (!task.inCall) task.restarts = task.restarts && keepsRestart(replayer, task);
  replayer.adopt(frame, task);
}

/** Whether the interrupted call is still to be made again: the tracer has left its result and its number alone. */
function keepsRestart(replayer: Replayer, task: Task): boolean {
  const { expected } = replayer;
  return (
    register(expected, registerIndex.rax) === register(task.registers, registerIndex.rax) &&
    (expected[2 * registerIndex.orig_rax + 1]! | 0) >= 0
  );
}

function stepOnce(replayer: Replayer, frame: FrameView, task: Task): number {
  const { processes, found } = replayer;
  replayer.prepareToRun(task);
  replayer.beginWatch();
  for (;;) {
    let status = processes.resume(task.pid, resumeKinds.step, 0, task.registers, found);
    while (status === waitBroken) {
      replayer.tick(frame, task);
      status = processes.wait(task.pid, found);
    }
    if (!isStopped(status) || status === syscallStop) return status;
    if (replayer.isOwnSignal(task, status) && !leavesCall(replayer, task)) return status;
    task.registers.set(found);
  }
}

/** A step from the stop of a system call ends at the call's end first (user_single_step_report in the kernel). */
function leavesCall(replayer: Replayer, task: Task): boolean {
  const info = replayer.processes.signalInfo(task.pid);
  return new DataView(info.buffer, info.byteOffset).getInt32(8, true) === trapBreakpoint;
}

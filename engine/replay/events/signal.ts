/** Signals: where they come, and the frame that the kernel builds for a handler. */
import { type FrameView, frameFlags, registerIndex } from '../../generated/schema.ts';
import { applyData } from '../apply-data.ts';
import { masks, registersEqual } from '../compare.ts';
import { guardFault } from '../fault-guard.ts';
import { readFrameRegisters, register, setRegister } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import { goBackToCall, wantsRestart } from '../restart.ts';
import type { Task } from '../task.ts';
import { isStopped, signalText, stopSignal, syscallStop } from '../wait-status.ts';

export function replaySignal(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  const isOwn = (frame.flags & frameFlags.deterministic) !== 0;
  if (isOwn) runToOwnSignal(replayer, frame, task);
  else if (frame.flags & frameFlags.atSyscallEntry) runToPutOffCall(replayer, frame, task);
  else compareStanding(replayer, frame, task);
  if (frame.dataCount > 0) applyData(replayer, frame);
  replayer.adopt(frame, task);
  if (task.interrupted !== undefined || (!isOwn && wantsRestart(task.registers))) goBackToCall(task);
}

/** The kernel has built the handler's frame on the stack; it is written back whole. */
export function replaySignalHandler(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  readFrameRegisters(frame, replayer.expected);
  applyData(replayer, frame);
  task.interrupted = undefined;
  task.inCall = false;
  replayer.adopt(frame, task);
}

function runToOwnSignal(replayer: Replayer, frame: FrameView, task: Task): void {
  const endGuard = guardFault(replayer, frame, task);
  const status = replayer.run(frame, task);
  if (!isStopped(status) || status === syscallStop || stopSignal(status) !== frame.number) {
    throw replayer.stopDivergence(frame, task, `signal ${signalText(frame.number)} raised by its instruction`, status);
  }
  if (!registersEqual(replayer.expected, replayer.found, masks.signal)) {
    throw replayer.registerDivergence(frame, task, masks.signal);
  }
  endGuard?.();
}

/** The recorder took the call back and delivered the signal before it. */
function runToPutOffCall(replayer: Replayer, frame: FrameView, task: Task): void {
  const { expected, found } = replayer;
  const status = replayer.run(frame, task);
  if (status !== syscallStop) {
    throw replayer.stopDivergence(frame, task, 'a system call, put off for a signal', status);
  }
  setRegister(found, registerIndex.rip, register(found, registerIndex.rip) - 2);
  const sameCall = found[2 * registerIndex.orig_rax] === expected[2 * registerIndex.rax];
  if (!sameCall || !registersEqual(expected, found, masks.putOff)) {
    throw replayer.registerDivergence(frame, task, masks.putOff);
  }
}

/**
 * The task stands where its last event left it. After an interrupted call the recorder may have seen it before or after
 * the kernel's rewinding: what it was before stays known only where it is still to be done.
 */
function compareStanding(replayer: Replayer, frame: FrameView, task: Task): void {
  if (task.inCall) return;
  const { expected } = replayer;
  if (registersEqual(expected, task.registers, masks.signal)) {
    task.interrupted = undefined;
    return;
  }
  if (task.interrupted !== undefined && registersEqual(expected, task.interrupted, masks.signal)) return;
  replayer.found.set(task.registers);
  throw replayer.registerDivergence(frame, task, masks.signal);
}

/** What a tracer of the recording did to a task (docs/ptrace.md): its memory is data of the tracer's own calls. */
import { type FrameView, registerIndex } from '../../generated/schema.ts';
import { applyData } from '../apply-data.ts';
import { masks, registersEqual } from '../compare.ts';
import { type RegisterWords, resumeKinds, waitBroken } from '../primitives.ts';
import { readFrameRegisters, register } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import { goBackToCall } from '../restart.ts';
import type { Task } from '../task.ts';
import { isStopped, sigtrap, stopSignal, syscallStop } from '../wait-status.ts';

/** Stops from outside, one after the other, before a step is given up. */
const mostDropped = 1000;

/** One instruction. @throws Divergence */
export function replayStep(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  replayer.controller?.lift(task.addressSpace);
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
  const isMadeAgain = !task.inCall && task.interrupted !== undefined && keepsRestart(replayer, task.interrupted);
  replayer.adopt(frame, task);
  task.interrupted = undefined;
  if (isMadeAgain) goBackToCall(task);
}

/** Whether the interrupted call is still to be made again: the tracer has left its result and its number alone. */
function keepsRestart({ expected }: Replayer, interrupted: RegisterWords): boolean {
  return (
    register(expected, registerIndex.rax) === register(interrupted, registerIndex.rax) &&
    (expected[2 * registerIndex.orig_rax + 1]! | 0) >= 0
  );
}

/** By PTRACE_SYSEMU_SINGLESTEP: a system call that stands there is stopped at, and never made. */
function stepOnce(replayer: Replayer, frame: FrameView, task: Task): number {
  const { processes, found } = replayer;
  replayer.prepareToRun(task);
  replayer.beginWatch();
  for (let dropped = 0; dropped < mostDropped; dropped++) {
    let status = processes.resume(task.pid, resumeKinds.sysemuStep, 0, task.registers, found);
    while (status === waitBroken) {
      replayer.tick(frame, task);
      status = processes.wait(task.pid, found);
    }
    if (!isStopped(status) || status === syscallStop || replayer.isOwnSignal(task, status)) return status;
    task.registers.set(found);
  }
  throw replayer.divergence(frame, task, {
    expected: 'the end of a single step',
    found: `${mostDropped} stops from outside before it`,
  });
}

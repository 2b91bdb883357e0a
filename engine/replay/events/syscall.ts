/** System calls: emulated, but for those that change the address space. */
import { type FrameView, frameFlags, registerIndex } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { applyData } from '../apply-data.ts';
import { masks, type RegisterMask, registersEqual } from '../compare.ts';
import { echoMark, echoMemory } from '../echo-output.ts';
import { mapRecords } from '../map-records.ts';
import { memoryCall } from '../memory-calls.ts';
import { callNumber, readFrameRegisters, register, setRegister } from '../registers.ts';
import { checkWritten } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import { goBackToCall, wantsRestart } from '../restart.ts';
import type { Task } from '../task.ts';
import { noteTaskName } from '../task-name.ts';
import { verifySent } from '../verify-sent.ts';
import { isStopped, sigtrap, stopSignal, syscallStop, syscallText } from '../wait-status.ts';

/** int3 */
const breakpointInstruction = 0xcc;

/** Entered and left. */
export function replaySyscall(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  if (frame.flags & frameFlags.vsyscall) runBehindVsyscall(replayer, frame, task);
  else runToCall(replayer, frame, task, exitMask(frame.number));
  complete(replayer, frame, task);
}

/** Entered; it ends later, or never. */
export function replaySyscallEnter(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  const restored = frame.number === syscallNumbers.rt_sigreturn;
  runToCall(replayer, frame, task, restored ? masks.nothing : masks.entry);
  task.inCall = true;
  if (frame.dataCount > 0) applyData(replayer, frame);
  verifySent(replayer, frame, task);
  replayer.adopt(frame, task);
}

/** The call that was entered before has ended. */
export function replaySyscallExit(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  if (!task.inCall) throw replayer.malformedEvent(frame, `ends a system call of task ${task.tid}, which is in none`);
  readFrameRegisters(frame, replayer.expected);
  complete(replayer, frame, task);
}

/** Runs the task to its next system call, and compares. */
function runToCall(replayer: Replayer, frame: FrameView, task: Task, mask: RegisterMask): void {
  if (task.inCall) throw replayer.malformedEvent(frame, `enters a system call of task ${task.tid}, which is in one`);
  const status = replayer.run(frame, task);
  if (status !== syscallStop || callNumber(replayer.found) !== frame.number) {
    throw replayer.stopDivergence(frame, task, `system call ${syscallText(frame.number)}`, status);
  }
  readFrameRegisters(frame, replayer.expected);
  if (!registersEqual(replayer.expected, replayer.found, mask)) {
    throw replayer.registerDivergence(frame, task, mask);
  }
}

/**
 * A call through the vsyscall page: the kernel makes it in this process, too, without a stop, and goes on at the return
 * address. A breakpoint instruction stands there meanwhile; what the call wrote is written over.
 */
function runBehindVsyscall(replayer: Replayer, frame: FrameView, task: Task): void {
  const { processes, expected, found } = replayer;
  readFrameRegisters(frame, expected);
  const address = register(expected, registerIndex.rip);
  checkWritten(replayer, frame, address, 1);
  const saved = new Uint8Array(1);
  processes.readMemory(task.pid, address, saved, 0, 1);
  processes.writeMemory(task.pid, address, Uint8Array.of(breakpointInstruction), 0, 1);
  const status = replayer.run(frame, task);
  processes.writeMemory(task.pid, address, saved, 0, 1);
  const trapped = isStopped(status) && status !== syscallStop && stopSignal(status) === sigtrap;
  if (!trapped || register(found, registerIndex.rip) !== address + 1) {
    throw replayer.stopDivergence(frame, task, `system call ${syscallText(frame.number)} by the vsyscall page`, status);
  }
  setRegister(found, registerIndex.rip, address);
  if (!registersEqual(expected, found, masks.exit)) throw replayer.registerDivergence(frame, task, masks.exit);
}

/** Everything that the call did, with the frame's registers in `expected`. */
function complete(replayer: Replayer, frame: FrameView, task: Task): void {
  // One that the recorder answered itself changed nothing.
  const execute = frame.flags & frameFlags.emulated ? undefined : memoryCall(frame.number);
  if (execute !== undefined) execute(replayer, frame, task);
  else if (frame.mappingCount > 0) mapRecords(replayer, frame, task);
  if (frame.stdio !== 0) echoMark(replayer, frame, task);
  const hadOutput = frame.dataCount > 0 && applyData(replayer, frame);
  verifySent(replayer, frame, task);
  if (frame.stdio !== 0 && !hadOutput) echoMemory(replayer, frame, task);
  noteTaskName(replayer, frame, task);
  task.inCall = false;
  replayer.adopt(frame, task);
  if (frame.number !== syscallNumbers.rt_sigreturn && wantsRestart(task.registers)) goBackToCall(task);
}

function exitMask(number: number): RegisterMask {
  if (number === syscallNumbers.rt_sigreturn) return masks.nothing;
  if (number === syscallNumbers.arch_prctl) return masks.setBase;
  return masks.exit;
}

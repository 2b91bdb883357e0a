/** Instructions that trap because their results differ from run to run. */
import { type FrameView, registerIndex, trapKindNames, trapKinds } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { applyData } from '../apply-data.ts';
import { masks, type RegisterMask, registersEqual } from '../compare.ts';
import { readFrameRegisters, register, setRegister } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { isStopped, stopSignal, syscallStop } from '../wait-status.ts';

const sigsegv = 11;
const setCpuid = 0x1012;

interface TrapShape {
  /** Bytes of the instruction. */
  readonly length: number;
  readonly mask: RegisterMask;
}

const shapes: Readonly<Record<number, TrapShape | undefined>> = {
  [trapKinds.rdtsc]: { length: 2, mask: masks.rdtsc },
  [trapKinds.rdtscp]: { length: 3, mask: masks.rdtscp },
  [trapKinds.cpuid]: { length: 2, mask: masks.cpuid },
};

export function replayTrap(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  const shape = shapes[frame.number];
  if (shape === undefined) throw replayer.nonsense(frame, `is a trap of kind ${frame.number}, which is none`);
  if (frame.number === trapKinds.cpuid && !task.cpuidTraps) trapCpuid(replayer, frame, task);
  const status = replayer.run(frame, task);
  if (!isStopped(status) || status === syscallStop || stopSignal(status) !== sigsegv) {
    throw replayer.stopDivergence(frame, task, `instruction ${trapKindNames[frame.number]}`, status);
  }
  const { expected, found } = replayer;
  readFrameRegisters(frame, expected);
  setRegister(found, registerIndex.rip, register(found, registerIndex.rip) + shape.length);
  if (!registersEqual(expected, found, shape.mask)) throw replayer.registerDivergence(frame, task, shape.mask);
  if (frame.dataCount > 0) applyData(replayer, frame);
  replayer.adopt(frame, task);
}

/** The recording's cpuid trapped, so this one's must; once, for it and its children (arch_prctl(2), ARCH_SET_CPUID). */
function trapCpuid(replayer: Replayer, frame: FrameView, task: Task): void {
  const result = replayer.processes.call(task.pid, syscallNumbers.arch_prctl, setCpuid, 0);
  if (result < 0) {
    throw replayer.divergence(frame, task, {
      expected: 'instruction cpuid to trap',
      found: `this processor cannot make it trap (errno ${-result}): replay on one like the recording's`,
    });
  }
  task.cpuidTraps = true;
}

/** Instructions that trap because their results differ from run to run. */
import { type FrameView, registerIndex, trapKindNames, trapKinds } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { applyData } from '../apply-data.ts';
import { masks, maskWithout, type RegisterMask, registersEqual } from '../compare.ts';
import { mapRecords } from '../map-records.ts';
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

/** The general registers by their number in machine code. */
const encodingOrder = [
  ...(['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
] as const;
const randomShapes = encodingOrder.map((name) => maskWithout('orig_rax', 'eflags', name));

/** rdrand or rdseed, of which the recording has made a `mov r, dr6` or `dr7` (native/record/random-instructions.h). */
function randomShape(replayer: Replayer, frame: FrameView, task: Task): TrapShape {
  const code = new Uint8Array(8);
  const rip = register(replayer.found, registerIndex.rip);
  replayer.processes.readMemory(task.pid, rip, code, 0, code.length);
  let at = 0;
  while (code[at] === 0x66) at++;
  const extension = (code[at]! & 0xf0) === 0x40 ? code[at++]! & 1 : 0;
  const modrm = code[at + 2]!;
  if (code[at] !== 0x0f || code[at + 1] !== 0x23 || modrm < 0xf0) {
    throw replayer.divergence(frame, task, {
      expected: 'instruction rdrand or rdseed, replaced',
      found: `other bytes: ${Buffer.from(code).toString('hex')}`,
    });
  }
  return { length: at + 3, mask: randomShapes[extension * 8 + (modrm & 7)]! };
}

const shapes: Readonly<Record<number, TrapShape | undefined>> = {
  [trapKinds.rdtsc]: { length: 2, mask: masks.rdtsc },
  [trapKinds.rdtscp]: { length: 3, mask: masks.rdtscp },
  [trapKinds.cpuid]: { length: 2, mask: masks.cpuid },
};

export function replayTrap(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  const known = shapes[frame.number];
  if (known === undefined && frame.number !== trapKinds.random)
    throw replayer.nonsense(frame, `is a trap of kind ${frame.number}, which is none`);
  const refusal = frame.number === trapKinds.cpuid && !task.cpuidTraps ? trapCpuid(replayer, task) : 0;
  const status = replayer.run(frame, task);
  if (!isStopped(status) || status === syscallStop || stopSignal(status) !== sigsegv) {
    // Where the recorder has replaced it, it traps by itself.
    const why =
      refusal === 0
        ? ''
        : ` (this processor cannot make it trap, errno ${refusal}: replay on one like the recording's)`;
    throw replayer.stopDivergence(frame, task, `instruction ${trapKindNames[frame.number]}${why}`, status);
  }
  const shape = known ?? randomShape(replayer, frame, task);
  const { expected, found } = replayer;
  readFrameRegisters(frame, expected);
  setRegister(found, registerIndex.rip, register(found, registerIndex.rip) + shape.length);
  if (!registersEqual(expected, found, shape.mask)) throw replayer.registerDivergence(frame, task, shape.mask);
  // What was patched for the next time.
  if (frame.mappingCount > 0) mapRecords(replayer, frame, task);
  if (frame.dataCount > 0) applyData(replayer, frame);
  replayer.adopt(frame, task);
}

/**
 * The recording's cpuid trapped, so this one's must; once, for it and its children (arch_prctl(2), ARCH_SET_CPUID). The
 * errno of a refusal, or 0.
 */
function trapCpuid(replayer: Replayer, task: Task): number {
  const result = replayer.processes.call(task.pid, syscallNumbers.arch_prctl, setCpuid, 0);
  task.cpuidTraps = true;
  return result < 0 ? -result : 0;
}

/** Instructions that trap because their results differ from run to run. */
import { type FrameView, registerIndex, trapKindNames, trapKinds } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { applyData } from '../apply-data.ts';
import { masks, maskWithout, type RegisterMask, registersEqual } from '../compare.ts';
import { mapRecords } from '../map-records.ts';
import { readFrameRegisters, register, setRegister } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { isStopped, sigsegv, stopSignal, syscallStop } from '../wait-status.ts';

const setCpuid = 0x1012;
const cpuid = Uint8Array.of(0x0f, 0xa2);
/** Behind 0x0f it is wbinvd, which no program may execute (native/record/files/random-instructions.h). */
const trapOpcode = Uint8Array.of(0x09);

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

/** rdrand or rdseed, of which the recording has made a `mov r, dr6` or `dr7` (native/record/files/random-instructions.h). */
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
    throw replayer.malformedEvent(frame, `is a trap of kind ${frame.number}, which is none`);
  if (frame.number === trapKinds.cpuid) haveCpuidTrap(replayer, frame, task);
  const status = replayer.run(frame, task);
  if (!isStopped(status) || status === syscallStop || stopSignal(status) !== sigsegv) {
    throw replayer.stopDivergence(frame, task, `instruction ${trapKindNames[frame.number]}`, status);
  }
  if (replayer.progress.trapAt !== undefined) putCpuidBack(replayer, task, replayer.progress.trapAt);
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
 * The recording's cpuid trapped, so this one's must: by the processor, once for the task and its children (arch_prctl(2),
 * ARCH_SET_CPUID), or where that cannot be by another instruction in its place, as the recorder does it. All that the task
 * has executed are events: the first one that it comes to is this one.
 */
function haveCpuidTrap(replayer: Replayer, frame: FrameView, task: Task): void {
  const { processes, progress, withoutCpuidFaulting } = replayer;
  if (task.cpuidTraps || progress.trapAt !== undefined) return;
  if (!withoutCpuidFaulting && processes.call(task.pid, syscallNumbers.arch_prctl, setCpuid, 0) === 0) {
    task.cpuidTraps = true;
    return;
  }
  const address = Number(frame.register(registerIndex.rip)) - cpuid.length;
  const code = new Uint8Array(cpuid.length);
  if (processes.readMemory(task.pid, address, code, 0, code.length) !== code.length) return;
  // Where the recorder has replaced it, it traps by itself.
  if (Buffer.compare(code, cpuid) !== 0) return;
  const placed = processes.writeMemory(task.pid, address + 1, trapOpcode, 0, 1);
  if (placed === 1) progress.trapAt = address;
  else
    throw replayer.callDivergence(
      frame,
      task,
      'writing to the code of a cpuid that this processor cannot make trap',
      placed,
    );
}

function putCpuidBack(replayer: Replayer, task: Task, address: number): void {
  replayer.processes.writeMemory(task.pid, address + 1, cpuid, 1, 1);
  replayer.progress.trapAt = undefined;
}

/** Puts the program's bytes over what was read from `address` on. */
export function showCpuid({ progress: { trapAt } }: Replayer, address: number, bytes: Uint8Array): void {
  if (trapAt === undefined) return;
  const at = trapAt + 1 - address;
  if (at >= 0 && at < bytes.length) bytes[at] = cpuid[1]!;
}

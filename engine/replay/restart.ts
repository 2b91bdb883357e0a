/** System calls that end in a restart, which the program never sees. */
import { registerIndex } from '../generated/schema.ts';
import type { RegisterWords } from './primitives.ts';
import { register, setRegister } from './registers.ts';
import type { Task } from './task.ts';

/** ERESTART_RESTARTBLOCK */
const restartBlock = -516;
/** ENOIOCTLCMD, between them, is none. */
const noSuchControl = -515;
/** ERESTARTSYS */
const firstRestart = -512;
/** restart_syscall */
const restartSyscall = 219;
/** Bytes of `syscall`. */
const callLength = 2;

/**
 * Whether rax is -512 (ERESTARTSYS), -513, -514 or -516 (ERESTART_RESTARTBLOCK), and the kernel takes it for that:
 * orig_rax is -1 where the program gets to see the code, which a filter or a tracer has put there.
 */
export function wantsRestart(registers: RegisterWords): boolean {
  if ((registers[2 * registerIndex.orig_rax + 1]! | 0) < 0) return false;
  const result = registers[2 * registerIndex.rax]! | 0;
  const isCode = result <= firstRestart && result >= restartBlock && result !== noSuchControl;
  return isCode && registers[2 * registerIndex.rax + 1] === 0xffff_ffff;
}

/**
 * What the kernel does before the program's next instruction when a call ended in a restart and no signal was handled:
 * back to the instruction, with the number again (arch_do_signal_or_restart). The task stands there from now on, so that
 * one place has the same registers whether or not it was about to run.
 */
export function goBackToCall(task: Task): void {
  const { registers } = task;
  task.interrupted = registers.slice();
  const isBlock = (registers[2 * registerIndex.rax]! | 0) === restartBlock;
  registers[2 * registerIndex.rax] = isBlock ? restartSyscall : registers[2 * registerIndex.orig_rax]!;
  registers[2 * registerIndex.rax + 1] = isBlock ? 0 : registers[2 * registerIndex.orig_rax + 1]!;
  setRegister(registers, registerIndex.rip, register(registers, registerIndex.rip) - callLength);
}

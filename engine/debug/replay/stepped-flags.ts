/** What a step of ours leaves for the program to find: the trap flag, which is set while the instruction is executed. */
import { registerIndex } from '../../generated/schema.ts';
import type { RegisterWords, ReplayProcesses } from '../../replay/primitives.ts';
import { register, trapFlag } from '../../replay/registers.ts';

const opcodes = { pushFlags: 0x9c, popFlags: 0x9d, returnFromInterrupt: 0xcf } as const;
const operandSizePrefix = 0x66;

/** The opcode, behind a prefix of pushf, popf or iret. */
function opcodeOf([first, second]: Uint8Array): number {
  const isPrefix = first === operandSizePrefix || (first! & 0xf0) === 0x40;
  return isPrefix ? second! : first!;
}

/** Whether the program has set the flag itself: it traps by itself behind the next instruction. */
export function stepsItself(registers: RegisterWords): boolean {
  return (registers[2 * registerIndex.eflags]! & trapFlag) !== 0;
}

/**
 * Takes our flag out of what an instruction has left. The kernel hides it, but where it was the program's at the stop
 * before (arch/x86/kernel/step.c).
 * @param code its first two bytes
 * @param before registers before it, in which the flag is not the program's
 * @param found those behind it
 */
export function hideStep(
  processes: ReplayProcesses,
  pid: number,
  { code, before, found }: { readonly code: Uint8Array; readonly before: RegisterWords; readonly found: RegisterWords },
): void {
  if (stepsItself(before)) throw new RangeError('the program steps itself');
  const opcode = opcodeOf(code);
  const loadsFlags = opcode === opcodes.popFlags || opcode === opcodes.returnFromInterrupt;
  if (!loadsFlags) clearTrapFlag(found, registerIndex.eflags);
  if (opcode === opcodes.pushFlags) clearPushedFlag(processes, pid, found);
}

/** The same of a system call, which keeps the flags in r11. */
export function hideStepInCall(before: RegisterWords, found: RegisterWords): void {
  if (!stepsItself(before)) clearTrapFlag(found, registerIndex.r11);
}

function clearTrapFlag(words: RegisterWords, index: number): void {
  words[2 * index]! &= ~trapFlag;
}

function clearPushedFlag(processes: ReplayProcesses, pid: number, registers: RegisterWords): void {
  const pushed = new Uint8Array(1);
  const at = register(registers, registerIndex.rsp) + 1;
  if (processes.readMemory(pid, at, pushed, 0, 1) !== 1) return;
  pushed[0]! &= ~(trapFlag >> 8);
  processes.writeMemory(pid, at, pushed, 0, 1);
}

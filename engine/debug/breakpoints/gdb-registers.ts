/** The registers that conditions name, by gdb's numbers of amd64. */
import { registerIndex } from '../../generated/schema.ts';
import type { RegisterWords } from '../../replay/primitives.ts';

/** user_regs_struct's indices in the order of gdb's registers: general, rip, eflags, segments. */
const gdbOrder = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['rip', 'eflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const),
].map((name) => registerIndex[name]);
/** Behind the general ones, 8 of the x87, as many of its control, 16 vectors, mxcsr and orig_rax. */
const threadPointerNumber = 58;

/** Its value; undefined for one that is not known here. */
export function gdbRegister(registers: RegisterWords, number: number): bigint | undefined {
  const index = number === threadPointerNumber ? registerIndex.fs_base : gdbOrder[number];
  if (index === undefined) return undefined;
  return (BigInt(registers[2 * index + 1]!) << 32n) | BigInt(registers[2 * index]!);
}

/**
 * Prints a system call in the manner of strace:
 *
 *   openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
 *   read(3, "root:x:0:0:root"..., 4096) = 1234
 *   access("/none", R_OK) = -1 ENOENT (No such file or directory)
 *
 * What pointers point to is printed when the caller can read that memory, else the address.
 */
import { formatArgument, type ReadMemory } from './decode-argument.ts';
import { errnoName, errnoText } from './errors.ts';
import { type Command, effectiveArguments, type Syscall } from './model.ts';
import { type SyscallName, syscallNumbers } from './numbers.ts';
import { syscalls } from './table.ts';

export type { ReadMemory } from './decode-argument.ts';
export { errnoName, errnoText } from './errors.ts';
export { signalName } from './signal-names.ts';

const byNumber = new Map<number, Syscall>(syscalls.map((call) => [syscallNumbers[call.name], call]));

/** MAX_ERRNO of the kernel (include/linux/err.h): results from -4095 to -1 are errors. */
const mostErrno = 4095n;

/** The kernel's name; a number that is not in the table stands for itself: `syscall_600`. */
export function syscallName(number: number): string {
  return byNumber.get(number)?.name ?? `syscall_${number}`;
}

/** The number for the kernel's name, or undefined. */
export function syscallNumber(name: string): number | undefined {
  return Object.hasOwn(syscallNumbers, name) ? syscallNumbers[name as SyscallName] : undefined;
}

/**
 * One line for a call.
 *
 * @param args the six argument registers (rdi, rsi, rdx, r10, r8, r9) as unsigned 64-bit numbers; fewer where not known
 * @param result rax after the call, signed or unsigned; undefined when the call has not returned
 * @param readMemory the bytes at an address, all of them or undefined
 */
export function decodeSyscall(
  number: number,
  args: readonly bigint[],
  result: bigint | undefined,
  readMemory?: ReadMemory,
): string {
  const call = byNumber.get(number);
  const value = result === undefined ? undefined : BigInt.asIntN(64, result);
  if (!call)
    return `${syscallName(number)}(${args.map((each) => `0x${each.toString(16)}`).join(', ')})${ending(value)}`;
  const command = commandOf(call, args);
  const list = effectiveArguments(call, command);
  const context = { args, result: value, readMemory };
  const texts = list.map(({ kind }, index) => {
    // A command that is one of a table of flags may carry others of them (FUTEX_PRIVATE_FLAG).
    if (call.commands?.argument !== index || kind.type === 'flags') return formatArgument(list, index, context);
    if (kind.type === 'int') return formatArgument(list, index, context);
    return command?.name ?? `0x${BigInt.asUintN(32, args[index] ?? 0n).toString(16)}`;
  });
  return `${call.name}(${texts.join(', ')})${ending(value, call.name)}`;
}

function commandOf(call: Syscall, args: readonly bigint[]): Command | undefined {
  if (!call.commands) return undefined;
  const value = Number(BigInt.asUintN(32, args[call.commands.argument] ?? 0n));
  const wanted = (value & call.commands.mask) >>> 0;
  return call.commands.list.find((each) => each.value >>> 0 === wanted);
}

/** Calls whose result is an address. */
const returnsAddress = new Set<string>(['mmap', 'mremap', 'brk', 'shmat', 'map_shadow_stack']);

function ending(result: bigint | undefined, name = ''): string {
  if (result === undefined) return ' = ?';
  if (result < 0n && result >= -mostErrno) {
    const number = Number(-result);
    // Interrupted calls that the kernel starts again show that number to a tracer only.
    return ` = ${number >= 512 ? '?' : '-1'} ${errnoName(number)} (${errnoText(number)})`;
  }
  return returnsAddress.has(name) ? ` = 0x${BigInt.asUintN(64, result).toString(16)}` : ` = ${result}`;
}

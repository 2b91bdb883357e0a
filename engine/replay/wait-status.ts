/** Wait statuses as waitpid(2) gives them. */
import { constants } from 'node:os';
import { type SyscallName, syscallNumbers } from '../syscalls/numbers.ts';

/** Numbers of signals that instructions raise (signal(7)). */
export const sigtrap = 5;
export const sigbus = 7;
export const sigsegv = 11;

/** Stopped at a system call: SIGTRAP with the bit of PTRACE_O_TRACESYSGOOD. */
export const syscallStop = ((sigtrap | 0x80) << 8) | 0x7f;

/** PTRACE_EVENT_STOP, as stopEvent() gives it: by PTRACE_INTERRUPT, or of a new task (ptrace(2)). */
export const interruptEvent = 128;

export const isStopped = (status: number): boolean => (status & 0xff) === 0x7f;
/** Bits above the signal: a PTRACE_EVENT. */
export const stopEvent = (status: number): number => status >> 16;
export const stopSignal = (status: number): number => (status >> 8) & 0xff;
/** Signal that ended the process; 0 when it exited. */
export const endSignal = (status: number): number => status & 0x7f;
export const exitCode = (status: number): number => (status >> 8) & 0xff;

/** SIGSEGV (11); a real-time signal has no name. */
export function signalText(signal: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal);
  return found ? `${found[0]} (${signal})` : `signal ${signal}`;
}

/** read (0). */
export function syscallText(number: number): string {
  const found = (Object.keys(syscallNumbers) as SyscallName[]).find((name) => syscallNumbers[name] === number);
  return found ? `${found} (${number})` : `number ${number}, which no kernel knows`;
}

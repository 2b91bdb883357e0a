/** What a stopped task's signal is of: si_code of its siginfo_t (sigaction(2), asm-generic/siginfo.h). */
import type { ReplayProcesses } from './primitives.ts';
import { isStopped, sigsegv, stopEvent, stopSignal, syscallStop } from './wait-status.ts';

/** Offset in siginfo_t. */
const codeOffset = 8;
/** SI_KERNEL: for a SIGTRAP it was an int3, for a SIGSEGV there is no address. */
export const codeOfKernel = 0x80;
/** Of a SIGTRAP by a debug register: TRAP_HWBKPT, or the TRAP_BRKPT that some hypervisors make of that. */
export const codesOfHardware: ReadonlySet<number> = new Set([4, 1]);

/** @param info a siginfo_t; positive is what the kernel found, zero or negative what somebody sent */
export function signalCode(info: Uint8Array): number {
  return new DataView(info.buffer, info.byteOffset).getInt32(codeOffset, true);
}

/** That of the signal that a task has stopped by. */
export function codeOfStop(processes: ReplayProcesses, pid: number): number {
  return signalCode(processes.signalInfo(pid));
}

/** By what a task may have been stopped at the stand-in of a replaced instruction; undefined: it was something else. */
export function stopOfStandIn(processes: ReplayProcesses, pid: number, status: number): 'call' | 'fault' | undefined {
  if (status < 0 || !isStopped(status) || stopEvent(status) !== 0) return undefined;
  if (status === syscallStop) return 'call';
  return stopSignal(status) === sigsegv && codeOfStop(processes, pid) === codeOfKernel ? 'fault' : undefined;
}

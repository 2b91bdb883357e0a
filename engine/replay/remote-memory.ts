/** Calls of the tracer that change a process's address space. */
import type { FrameView } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { runtimeEnd, runtimeStart, userEnd } from './address-space.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

/** MAP_* bits (asm-generic/mman-common.h). */
export const mapFlags = {
  typeMask: 0xf,
  shared: 1,
  private: 2,
  fixed: 0x10,
  anonymous: 0x20,
  growsDown: 0x100,
  fixedNoReplace: 0x10_0000,
  noReserve: 0x4000,
  populate: 0x8000,
} as const;

export const memoryCallRefused = (result: number): boolean => result < 0 && result >= -4095;

/** Makes a call in the task's process. @throws Divergence when the kernel refuses it, or for our own pages */
export function callOrDiverge(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  name: keyof typeof syscallNumbers,
  ...args: number[]
): number {
  const result = replayer.processes.call(task.pid, syscallNumbers[name], ...args);
  if (memoryCallRefused(result)) throw replayer.callDivergence(frame, task, callText(name, args), result);
  return result;
}

/** A range that a trace may name: pages of user space, none of them ours. @throws EngineError BAD_EVENT */
export function checkRange(replayer: Replayer, frame: FrameView, start: number, length: number): void {
  if (length > 0 && isProgramRange(start, length)) return;
  throw replayer.malformedEvent(
    frame,
    `maps ${numberText(length)} bytes at ${numberText(start)}, where nothing may be`,
  );
}

/** The same of bytes that the kernel wrote there. @throws EngineError BAD_EVENT */
export function checkWritten(replayer: Replayer, frame: FrameView, address: number, length: number): void {
  if (length === 0 || isProgramRange(address, length)) return;
  throw replayer.malformedEvent(
    frame,
    `writes ${length} bytes at ${numberText(address)}, where no program's memory is`,
  );
}

/** Whether an address is the program's own: of user space, and not of our pages. */
export function isProgramAddress(address: number): boolean {
  return isProgramRange(address, 1);
}

function isProgramRange(start: number, length: number): boolean {
  const end = start + length;
  return start >= 0 && length >= 0 && end <= userEnd && (end <= runtimeStart || start >= runtimeEnd);
}

function numberText(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function callText(name: string, args: readonly number[]): string {
  return `${name}(${args.map((value) => (value < 0 ? value : `0x${value.toString(16)}`)).join(', ')})`;
}

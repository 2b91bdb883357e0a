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
  const end = start + length;
  if (length > 0 && end <= userEnd && (end <= runtimeStart || start >= runtimeEnd)) return;
  throw replayer.nonsense(
    frame,
    `maps 0x${length.toString(16)} bytes at 0x${start.toString(16)}, where nothing may be`,
  );
}

function callText(name: string, args: readonly number[]): string {
  return `${name}(${args.map((value) => (value < 0 ? value : `0x${value.toString(16)}`)).join(', ')})`;
}

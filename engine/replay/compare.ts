/** Comparing registers of the replay with the recording's: docs/events.md, "Comparing". */
import { registerIndex, registerNames } from '../generated/schema.ts';
import type { RegisterWords } from './primitives.ts';
import { registerText, resumeFlag, trapFlag } from './registers.ts';
import type { Task } from './task.ts';

/** A mask of 54 words: bits that are compared. */
export type RegisterMask = Uint32Array;

type RegisterName = keyof typeof registerIndex;

/** These come and go with stops and steps. */
const comparedFlags = ~(resumeFlag | trapFlag);

/** All registers but these, and but the flags that come and go with stops. */
export function maskWithout(...ignored: readonly RegisterName[]): RegisterMask {
  const mask = new Uint32Array(2 * registerNames.length).fill(0xffff_ffff);
  mask[2 * registerIndex.eflags] = comparedFlags;
  for (const name of ignored) mask.fill(0, 2 * registerIndex[name], 2 * registerIndex[name] + 2);
  return mask;
}

/** What is compared, by what the task was run to. Numbers of calls are compared apart, hence no orig_rax. */
export const masks = {
  /** Entry to a call, and the frame too stands at the entry. */
  entry: maskWithout('orig_rax'),
  /** Entry to a call; the frame stands at its exit. */
  exit: maskWithout('orig_rax', 'rax'),
  /** arch_prctl sets a base. */
  setBase: maskWithout('orig_rax', 'rax', 'fs_base', 'gs_base'),
  /** rt_sigreturn sets everything. */
  nothing: new Uint32Array(2 * registerNames.length),
  /** Entry to a call; the frame stands before the instruction, which changes rcx and r11. */
  putOff: maskWithout('orig_rax', 'rax', 'rcx', 'r11'),
  /** A signal of the task's own. */
  signal: maskWithout('orig_rax'),
  /** The frame holds the results of the instruction that trapped. */
  rdtsc: maskWithout('orig_rax', 'rax', 'rdx'),
  rdtscp: maskWithout('orig_rax', 'rax', 'rdx', 'rcx'),
  cpuid: maskWithout('orig_rax', 'rax', 'rbx', 'rcx', 'rdx'),
} as const;

/** True when they are equal under the mask. */
export function registersEqual(expected: RegisterWords, found: RegisterWords, mask: RegisterMask): boolean {
  for (let word = 0; word < mask.length; word++) {
    if (((expected[word]! ^ found[word]!) & mask[word]!) !== 0) return false;
  }
  return true;
}

/**
 * A stop's registers become the task's. The kernel tells the number of no call there: a task that has not got any further,
 * as when it was interrupted before its first instruction, keeps what it had.
 */
export function takeRegisters(task: Pick<Task, 'registers'>, found: RegisterWords): void {
  if (!registersEqual(task.registers, found, masks.signal)) task.registers.set(found);
}

export interface RegisterDifference {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
}

/** All that differ, in the order of registerNames. */
export function differences(
  expected: RegisterWords,
  found: RegisterWords,
  mask: RegisterMask,
): readonly RegisterDifference[] {
  return registerNames
    .map((name, index) => ({ name, index }))
    .filter(({ index }) =>
      [2 * index, 2 * index + 1].some((word) => ((expected[word]! ^ found[word]!) & mask[word]!) !== 0),
    )
    .map(({ name, index }) => ({
      name,
      expected: registerText(expected, index),
      found: registerText(found, index),
    }));
}

import { ForkAdvice } from './fork-advice.ts';
import { MappedFiles } from './mapped-files.ts';
import { PatchedCode } from './patched-code.ts';
import type { Task } from './task.ts';

export const pageSize = 4096;
export const pageUp = (address: number): number => Math.ceil(address / pageSize) * pageSize;
export const pageDown = (address: number): number => Math.floor(address / pageSize) * pageSize;

/** End of user space with 4-level page tables; rr's own pages in each tracee (native/tracee/tracee.h). */
export const userEnd = 0x7fff_ffff_f000;
export const runtimeStart = 0x7000_0000;
export const runtimeEnd = 0x7000_2000;

/** What the kernel puts on the stack of a new program (execve(2)). */
export interface ProgramStart {
  /** Number of the exec's event. */
  readonly event: number;
  readonly arguments: readonly string[];
  /** Pairs of words, with the closing AT_NULL (getauxval(3)). */
  readonly auxiliaryVector: Uint8Array;
}

/** One address space of the recording, shared by threads and by vfork children until they execute. */
export class AddressSpace {
  readonly tasks: Set<Task> = new Set();
  /** Where brk stands; undefined until something says so. */
  heapEnd: number | undefined;
  readonly files: MappedFiles;
  /** What its program was started with, as far as somebody wants to know it (events/exec.ts). */
  start: ProgramStart | undefined;
  /** Instructions of the program's that the recording has replaced by jumps. */
  readonly patched: PatchedCode;
  readonly forkAdvice: ForkAdvice;
  /** Memory protection keys that the program has allocated (pkeys(7)). */
  readonly keys: Set<number> = new Set();

  constructor(
    files: MappedFiles = new MappedFiles(),
    heapEnd?: number,
    patched: PatchedCode = new PatchedCode(),
    advice: ForkAdvice = new ForkAdvice(),
  ) {
    this.files = files;
    this.heapEnd = heapEnd;
    this.patched = patched;
    this.forkAdvice = advice;
  }

  /** All of it, in another process. */
  fork(): AddressSpace {
    const copy = new AddressSpace(this.files.copy(), this.heapEnd, this.patched.copy(), this.forkAdvice.copy());
    copy.start = this.start;
    for (const key of this.keys) copy.keys.add(key);
    return copy;
  }
}

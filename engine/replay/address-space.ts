import { MappedFiles } from './mapped-files.ts';
import type { Task } from './task.ts';

export const pageSize = 4096;
export const pageUp = (address: number): number => Math.ceil(address / pageSize) * pageSize;
export const pageDown = (address: number): number => Math.floor(address / pageSize) * pageSize;

/** End of user space with 4-level page tables; rr's own pages in each tracee (native/tracee/tracee.h). */
export const userEnd = 0x7fff_ffff_f000;
export const runtimeStart = 0x7000_0000;
export const runtimeEnd = 0x7000_2000;

/** One address space of the recording, shared by threads and by vfork children until they execute. */
export class AddressSpace {
  readonly tasks: Set<Task> = new Set();
  /** Where brk stands; undefined until something says so. */
  heapEnd: number | undefined;
  readonly files: MappedFiles;

  constructor(files: MappedFiles = new MappedFiles(), heapEnd?: number) {
    this.files = files;
    this.heapEnd = heapEnd;
  }

  /** What a fork's child gets. */
  fork(): AddressSpace {
    return new AddressSpace(this.files.copy(), this.heapEnd);
  }
}

import type { ReplayProcesses } from './primitives.ts';

const closeNumber = 3;
const tooManyFiles = -24;

/**
 * Descriptors that a replay process holds, by what they stand for: the hash of a file in the store, or a shared file.
 * A file is handed over once; the children of the process inherit it.
 */
export class DescriptorTable {
  /** The socket is descriptor 900, if so many are allowed (native/launcher/replay-stub.h): stay well below. */
  private static readonly limit = 600;
  private readonly numbers: Map<string, number>;

  constructor(numbers: ReadonlyMap<string, number> = new Map()) {
    this.numbers = new Map(numbers);
  }

  fork(): DescriptorTable {
    return new DescriptorTable(this.numbers);
  }

  /** The process's descriptor of what `key` names is to be another one from now on. */
  forget(processes: ReplayProcesses, pid: number, key: string): void {
    const number = this.numbers.get(key);
    if (number === undefined) return;
    processes.call(pid, closeNumber, number);
    this.numbers.delete(key);
  }

  /**
   * The number in process `pid` of what `key` names; `give` makes a descriptor of ours for it and gets it back.
   * Returns -errno when it cannot be handed over.
   */
  obtain(
    processes: ReplayProcesses,
    pid: number,
    key: string,
    give: (send: (descriptor: number) => number) => number,
  ): number {
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    if (this.numbers.size >= DescriptorTable.limit) this.closeOldest(processes, pid);
    const send = (descriptor: number): number => {
      let number = processes.sendDescriptor(pid, descriptor);
      while (number === tooManyFiles && this.numbers.size > 0) {
        this.closeOldest(processes, pid);
        number = processes.sendDescriptor(pid, descriptor);
      }
      return number;
    };
    const number = give(send);
    if (number >= 0) this.numbers.set(key, number);
    return number;
  }

  private closeOldest(processes: ReplayProcesses, pid: number): void {
    for (const [key, number] of this.numbers) {
      processes.call(pid, closeNumber, number);
      this.numbers.delete(key);
      return;
    }
  }
}

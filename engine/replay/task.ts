import type { AddressSpace } from './address-space.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import type { RegisterWords } from './primitives.ts';
import { newRegisters } from './registers.ts';

/** One task of the recording, and the process that plays it. */
export class Task {
  /** Recorded ids. An exec by a thread that is not the leader changes the first. */
  tid: number;
  readonly threadGroup: number;
  /** Of the running replay. Each task is a process of its own, also where the recording had threads. */
  pid: number;
  addressSpace: AddressSpace;
  descriptors: DescriptorTable;
  /** What it goes on with: set by each event, given to the process when it is resumed. */
  readonly registers: RegisterWords = newRegisters();
  /** It is in a call that was entered and has not ended. */
  inCall = false;
  /**
   * Its call ended so that the kernel starts it again, unless a signal comes first: the registers at that end. The task's
   * own stand at the instruction again, as the program goes on.
   */
  interrupted: RegisterWords | undefined;
  /** It stands where its own instructions have brought it, not an event: it was stopped there, or a signal came. */
  inMidCode = false;
  /** cpuid traps in its process. */
  cpuidTraps: boolean;
  /** DR0 to DR7 as its recorded tracer has set them; undefined: it has not. */
  tracerRegisters: Uint8Array | undefined;
  /** Recorded time of its last event, nanoseconds. */
  time = 0;
  /** As the kernel has it (comm): the base name of its program, cut short or not, until it takes another. */
  name: string;

  constructor(of: Pick<Task, 'tid' | 'threadGroup' | 'pid' | 'addressSpace' | 'descriptors' | 'cpuidTraps' | 'name'>) {
    this.tid = of.tid;
    this.threadGroup = of.threadGroup;
    this.pid = of.pid;
    this.addressSpace = of.addressSpace;
    this.descriptors = of.descriptors;
    this.cpuidTraps = of.cpuidTraps;
    this.name = of.name;
    this.addressSpace.tasks.add(this);
  }

  /** The same task of another world. */
  copyInto(addressSpace: AddressSpace, pid: number, descriptors: DescriptorTable): Task {
    const { tid, threadGroup, cpuidTraps, name } = this;
    const copy = new Task({ tid, threadGroup, pid, addressSpace, descriptors, cpuidTraps, name });
    copy.registers.set(this.registers);
    copy.inCall = this.inCall;
    copy.interrupted = this.interrupted?.slice();
    copy.inMidCode = this.inMidCode;
    copy.tracerRegisters = this.tracerRegisters;
    copy.time = this.time;
    return copy;
  }
}

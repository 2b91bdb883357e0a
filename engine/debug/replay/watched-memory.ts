/**
/**
 * Pages that the program reaches under our eyes: each fault there is one step with the page open.
 *
 * Those of what is watched cannot be written, or for reads not be reached: debug registers may be too few or, under some
 * hypervisors, none. After the step the watched bytes are compared. What is watched for reads has debug registers for that
 * step, as far as they reach. What the kernel writes trips nothing: it is compared after each event.
 *
 * Those where a breakpoint stands in code that the program can write: it finds its own byte there, and what it writes is
 * the program's. They can be executed alone, which takes protection keys (mprotect(2), PROT_EXEC).
 *
 * Those where a breakpoint is that is no instruction and has no debug register: they cannot be executed. One instruction
 * after the other is, as long as nobody waits for the task where it has come to.
 */
import { registerIndex } from '../../generated/schema.ts';
import type { AddressSpace } from '../../replay/address-space.ts';
import { pageDown, pageSize, pageUp, runtimeStart } from '../../replay/address-space.ts';
import { type RegisterWords, resumeKinds, waitBroken } from '../../replay/primitives.ts';
import { register, resumeFlag } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
import { codeOfKernel, signalCode } from '../../replay/signal-code.ts';
import type { Task } from '../../replay/task.ts';
import { interruptEvent, isStopped, sigtrap, stopEvent, stopSignal, syscallStop } from '../../replay/wait-status.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { hideStep, stepsItself } from './stepped-flags.ts';

export interface Watchpoint {
  readonly access: 'write' | 'read' | 'access';
  readonly address: number;
  readonly length: number;
  /** What was there when it was last looked at. */
  value: Uint8Array;
}

/** Instructions that are executed one after the other before somebody may interrupt them. */
const mostSteps = 1000;
const protWrite = 2;
const protExecute = 4;
/** Bytes, of most instructions: where nothing tells what one accesses, it may have been what it touched first. */
const longestOperand = 8;
/** The in-tracee runtime's code lies below (preload/layout.h). */
const hookEnd = 0x7000_8000;

interface ArmedPage {
  readonly start: number;
  /** PROT_* that the program has there. */
  readonly protection: number;
  armed: number;
}

/** The pages of an address space, and for what they are armed. */
interface ArmedSpace {
  readonly pages: readonly ArmedPage[];
  /** Of code; the set may have grown since. */
  readonly code: ReadonlySet<number>;
  readonly codePages: number;
  /** Addresses on pages that cannot be executed. */
  readonly barred: ReadonlySet<number>;
}

/** A breakpoint's code, in the way of what the program reads or writes. */
export interface CodeOnPages {
  pages(space: AddressSpace): ReadonlySet<number> | undefined;
  removeOn(space: AddressSpace, pages: ReadonlySet<number>): void;
}

interface FaultVerdict {
  readonly taken: boolean;
  /** The instruction was executed. */
  readonly moved: boolean;
  readonly changed: readonly Watchpoint[];
  /** rip of the instruction. */
  readonly from: number;
  /** It was the in-tracee runtime's: nothing was done. */
  readonly byRuntime?: boolean;
  /** It has not been executed, since it raises that itself: it is to do so with nothing of ours there. */
  readonly raises?: boolean;
  /** An interrupt has been swallowed. */
  readonly isInterrupted?: boolean;
}

const noPages: ReadonlySet<number> = new Set();
const notTaken: FaultVerdict = { taken: false, moved: false, changed: [], from: 0 };

export class WatchedMemory {
  readonly #replayer: Replayer;
  readonly #code: CodeOnPages;
  readonly #armed = new Map<AddressSpace, ArmedSpace>();
  #watches: readonly Watchpoint[] = [];

  constructor(replayer: Replayer, code: CodeOnPages) {
    this.#replayer = replayer;
    this.#code = code;
  }

  /** Guards the pages of those, and of code, in the task's address space; those of others before are open again. */
  arm(task: Task, watches: readonly Watchpoint[], barred: ReadonlySet<number> = noPages): void {
    const space = task.addressSpace;
    const code = this.#code.pages(space) ?? noPages;
    const armed = this.#armed.get(space);
    const sameCode =
      armed === undefined
        ? code.size === 0 && barred.size === 0
        : armed.code === code && armed.codePages === code.size && armed.barred === barred;
    if (sameCode && watches === this.#watches && (watches.length === 0 || armed !== undefined)) return;
    if (watches === this.#watches) this.disarm(space);
    else this.everywhere();
    this.#watches = watches;
    if (watches.length === 0 && code.size === 0 && barred.size === 0) return;
    const pages = this.#guarded(task, code, barred);
    for (const page of pages) this.#protect(task.pid, page.start, page.armed);
    this.#armed.set(space, { pages, code, codePages: code.size, barred });
  }

  /** The pages, and what is left of their protection. */
  #guarded(task: Task, code: ReadonlySet<number>, barred: ReadonlySet<number>): ArmedPage[] {
    const { processes } = this.#replayer;
    const pages = new Map<number, ArmedPage>();
    const guard = (start: number, left: (protection: number) => number): void => {
      const known = pages.get(start);
      const protection = known?.protection ?? processes.protectionAt(task.pid, start);
      if (protection < 0) return;
      const armed = (known?.armed ?? protection) & left(protection);
      if (armed !== protection) pages.set(start, { start, protection, armed });
    };
    for (const start of code) guard(start, (protection) => ((protection & protWrite) === 0 ? protection : protExecute));
    for (const address of barred) guard(pageDown(address), (protection) => protection & ~protExecute);
    const watches = this.#watches;
    for (const watch of watches) {
      const end = pageUp(watch.address + watch.length);
      for (let start = pageDown(watch.address); start < end; start += pageSize) {
        const onlyWrites = watches.every(
          (each) => each.access === 'write' || each.address >= start + pageSize || each.address + each.length <= start,
        );
        guard(start, (protection) => (onlyWrites ? protection & ~protWrite : 0));
      }
    }
    return [...pages.values()];
  }

  /** Whether a SIGSEGV is of the instruction there, which cannot be executed as long as its page is barred. */
  isBarred(task: Task, address: number): boolean {
    const { pages } = this.#armed.get(task.addressSpace) ?? { pages: [] };
    const page = pages.find(({ start }) => address >= start && address < start + pageSize);
    return page !== undefined && (page.protection & protExecute) !== 0 && (page.armed & protExecute) === 0;
  }

  isArmed(space: AddressSpace): boolean {
    return this.#armed.has(space);
  }

  disarm(space: AddressSpace): void {
    const armed = this.#armed.get(space);
    this.#armed.delete(space);
    const [task] = space.tasks;
    if (armed === undefined || task === undefined) return;
    for (const page of armed.pages) this.#protect(task.pid, page.start, page.protection);
  }

  everywhere(): void {
    for (const space of [...this.#armed.keys()]) this.disarm(space);
    this.#watches = [];
  }

  /**
   * A SIGSEGV of the task, whose registers are in `found`: when it is of a page of ours, the instruction is executed.
   * @param goesOn whether the next one there may be executed at once, too
   */
  takesFault(
    task: Task,
    found: RegisterWords,
    isLookedAt: boolean,
    goesOn: (rip: number) => boolean = () => false,
  ): FaultVerdict {
    const space = task.addressSpace;
    const armed = this.#armed.get(space) ?? { pages: [], code: noPages };
    const { pages } = armed;
    if (pages.length === 0 || !isLookedAt) return notTaken;
    const { processes } = this.#replayer;
    const info = processes.signalInfo(task.pid);
    const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
    const code = signalCode(info);
    if (code <= 0 || code === codeOfKernel) return notTaken;
    const address = Number(view.getBigUint64(16, true));
    const page = pages.find(({ start }) => address >= start && address < start + pageSize);
    if (page === undefined) return notTaken;
    const from = found.slice();
    const by = register(from, registerIndex.rip);
    this.#code.removeOn(space, armed.code);
    if (by >= runtimeStart && by < hookEnd) return { ...notTaken, taken: true, byRuntime: true };
    for (const each of pages) this.#protect(task.pid, each.start, each.protection);
    const forReads = this.#watches.filter(({ access }) => access !== 'write');
    const ranges = forReads.flatMap((watch) => [watch.address, watch.length]);
    const isArmed = forReads.length > 0 && processes.armAccess(task.pid, ranges);
    const { isStep, isInterrupted } = this.#step(task, from, found);
    const accessed = isArmed ? processes.disarmAccess(task.pid) : -1;
    if (!isStep) {
      found.set(from);
      this.#armed.delete(space);
      return { ...notTaken, taken: true, from: by, raises: true, isInterrupted };
    }
    const changed = changedWatches(this.#replayer, task, this.#watches);
    if (changed.length === 0 && forReads.length === 0 && !isInterrupted && goesOn(register(found, registerIndex.rip))) {
      const further = this.#stepOnBarred(task, found, by, goesOn);
      for (const each of pages) this.#protect(task.pid, each.start, each.armed);
      return { taken: true, moved: true, ...further };
    }
    for (const each of pages) this.#protect(task.pid, each.start, each.armed);
    const touched = forReads.filter((watch, index) => {
      // A write alone and one that reads before are not told apart: gdb on a program does not, either.
      if (watch.access === 'read' && changed.includes(watch)) return false;
      if (accessed >= 0) return ((accessed >> index) & 1) !== 0;
      return address < watch.address + watch.length && address + longestOperand > watch.address;
    });
    const written = changed.filter(({ access }) => access !== 'read');
    return { taken: true, moved: true, changed: written.length > 0 ? written : touched, from: by, isInterrupted };
  }

  /** Further instructions on barred pages, which are open. Each is executed, or left to be met as the first one was. */
  #stepOnBarred(
    task: Task,
    found: RegisterWords,
    first: number,
    goesOn: (rip: number) => boolean,
  ): Pick<FaultVerdict, 'from' | 'changed' | 'isInterrupted'> {
    let from = first;
    let isInterrupted = false;
    for (let steps = 0; steps < mostSteps && !isInterrupted; steps++) {
      const rip = register(found, registerIndex.rip);
      if (!this.isBarred(task, rip) || !goesOn(rip)) break;
      const before = found.slice();
      const step = this.#step(task, before, found);
      isInterrupted = step.isInterrupted;
      if (!step.isStep) {
        found.set(before);
        break;
      }
      from = rip;
      const changed = changedWatches(this.#replayer, task, this.#watches);
      if (changed.length > 0) return { from, changed, isInterrupted };
    }
    return { from, changed: [], isInterrupted };
  }

  /** One instruction from there, unless it raises a signal. */
  #step(
    task: Task,
    from: RegisterWords,
    found: RegisterWords,
  ): { readonly isStep: boolean; readonly isInterrupted: boolean } {
    const { processes } = this.#replayer;
    // A debug register that stands there does not stop it.
    const begun = from.slice();
    begun[2 * registerIndex.eflags]! |= resumeFlag;
    const code = new Uint8Array(2);
    processes.readMemory(task.pid, register(from, registerIndex.rip), code, 0, code.length);
    for (let isInterrupted = false; ; isInterrupted = true) {
      let status = processes.resume(task.pid, resumeKinds.sysemuStep, 0, begun, found);
      while (status === waitBroken) status = processes.wait(task.pid, found);
      if (status >= 0 && isStopped(status) && stopEvent(status) === interruptEvent) continue;
      const isStep = isStopped(status) && status !== syscallStop && stopSignal(status) === sigtrap;
      if (isStep && !stepsItself(from)) hideStep(processes, task.pid, { code, before: from, found });
      return { isStep, isInterrupted };
    }
  }

  #protect(pid: number, start: number, protection: number): void {
    this.#replayer.processes.call(pid, syscallNumbers.mprotect, start, pageSize, protection);
  }
}

/** Those whose bytes are others than before; from now on these are their values. */
export function changedWatches(replayer: Replayer, task: Task, watches: readonly Watchpoint[]): Watchpoint[] {
  return watches.filter((watch) => {
    const now = new Uint8Array(watch.length);
    const read = replayer.processes.readMemory(task.pid, watch.address, now, 0, watch.length);
    if (read !== watch.length || Buffer.compare(now, watch.value) === 0) return false;
    watch.value = now;
    return true;
  });
}

export function watchValue(replayer: Replayer, task: Task, address: number, length: number): Uint8Array {
  const value = new Uint8Array(length);
  replayer.processes.readMemory(task.pid, address, value, 0, length);
  return value;
}

/**
 * Watchpoints by page protection: debug registers may be too few or, under some hypervisors, none. The pages of what is
 * watched cannot be written, or for reads not be reached; each fault there is one step with the page open, after which
 * the watched bytes are compared. What is watched for reads has debug registers for that step, as far as they reach. What
 * the kernel writes trips nothing: it is compared after each event.
 */
import { readFileSync } from 'node:fs';
import { registerIndex } from '../../generated/schema.ts';
import type { AddressSpace } from '../../replay/address-space.ts';
import { pageDown, pageSize, pageUp, runtimeStart } from '../../replay/address-space.ts';
import { type RegisterWords, resumeKinds, waitBroken } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
import type { Task } from '../../replay/task.ts';
import { isStopped, stopSignal, syscallStop } from '../../replay/wait-status.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';

export interface Watchpoint {
  readonly access: 'write' | 'read' | 'access';
  readonly address: number;
  readonly length: number;
  /** What was there when it was last looked at. */
  value: Uint8Array;
}

const sigtrap = 5;
const protWrite = 2;
/** Bytes, of most instructions: where nothing tells what one accesses, it may have been what it touched first. */
const longestOperand = 8;
/** The in-tracee runtime's code lies below (preload/layout.h). */
const hookEnd = 0x7000_8000;

interface ArmedPage {
  readonly start: number;
  /** PROT_* that the program has there. */
  readonly protection: number;
  readonly armed: number;
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
}

const notTaken: FaultVerdict = { taken: false, moved: false, changed: [], from: 0 };

export class WatchedMemory {
  readonly #replayer: Replayer;
  readonly #pages = new Map<AddressSpace, ArmedPage[]>();
  #watches: readonly Watchpoint[] = [];

  constructor(replayer: Replayer) {
    this.#replayer = replayer;
  }

  /** Guards the pages of those in the task's address space; those of others before are open again. */
  arm(task: Task, watches: readonly Watchpoint[]): void {
    const space = task.addressSpace;
    if (watches === this.#watches && (watches.length === 0 || this.#pages.has(space))) return;
    this.everywhere();
    this.#watches = watches;
    if (watches.length === 0) return;
    const pages: ArmedPage[] = [];
    for (const watch of watches) {
      const end = pageUp(watch.address + watch.length);
      for (let start = pageDown(watch.address); start < end; start += pageSize) {
        if (pages.some((page) => page.start === start)) continue;
        const protection = protectionAt(task.pid, start);
        if (protection === undefined) continue;
        const onlyWrites = watches.every(
          (each) => each.access === 'write' || each.address >= start + pageSize || each.address + each.length <= start,
        );
        const armed = onlyWrites ? protection & ~protWrite : 0;
        if (armed === protection) continue;
        this.#protect(task.pid, start, armed);
        pages.push({ start, protection, armed });
      }
    }
    this.#pages.set(space, pages);
  }

  disarm(space: AddressSpace): void {
    const pages = this.#pages.get(space);
    this.#pages.delete(space);
    const [task] = space.tasks;
    if (pages === undefined || task === undefined) return;
    for (const page of pages) this.#protect(task.pid, page.start, page.protection);
  }

  everywhere(): void {
    for (const space of [...this.#pages.keys()]) this.disarm(space);
    this.#watches = [];
  }

  /** A SIGSEGV of the task, whose registers are in `found`: when it is of a page of ours, the instruction is executed. */
  takesFault(task: Task, found: RegisterWords, isLookedAt: boolean): FaultVerdict {
    const pages = this.#pages.get(task.addressSpace);
    if (pages === undefined || pages.length === 0 || !isLookedAt) return notTaken;
    const { processes } = this.#replayer;
    const info = processes.signalInfo(task.pid);
    const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
    if (view.getInt32(8, true) <= 0 || view.getInt32(8, true) === 0x80) return notTaken;
    const address = Number(view.getBigUint64(16, true));
    const page = pages.find(({ start }) => address >= start && address < start + pageSize);
    if (page === undefined) return notTaken;
    const from = found.slice();
    const by = register(from, registerIndex.rip);
    if (by >= runtimeStart && by < hookEnd) return { ...notTaken, taken: true, byRuntime: true };
    for (const each of pages) this.#protect(task.pid, each.start, each.protection);
    const forReads = this.#watches.filter(({ access }) => access !== 'write');
    const ranges = forReads.flatMap((watch) => [watch.address, watch.length]);
    const isArmed = forReads.length > 0 && processes.armAccess(task.pid, ranges);
    let status = processes.resume(task.pid, resumeKinds.sysemuStep, 0, from, found);
    while (status === waitBroken) status = processes.wait(task.pid, found);
    const accessed = isArmed ? processes.disarmAccess(task.pid) : -1;
    const stepped = isStopped(status) && status !== syscallStop && stopSignal(status) === sigtrap;
    if (!stepped) {
      // Its own fault: it goes on from there with the pages open, and so raises it again.
      found.set(from);
      this.#pages.delete(task.addressSpace);
      return { ...notTaken, taken: true };
    }
    for (const each of pages) this.#protect(task.pid, each.start, each.armed);
    const changed = changedWatches(this.#replayer, task, this.#watches);
    const touched = forReads.filter((watch, index) => {
      // A write alone and one that reads before are not told apart: gdb on a program does not, either.
      if (watch.access === 'read' && changed.includes(watch)) return false;
      if (accessed >= 0) return ((accessed >> index) & 1) !== 0;
      return address < watch.address + watch.length && address + longestOperand > watch.address;
    });
    const written = changed.filter(({ access }) => access !== 'read');
    return { taken: true, moved: true, changed: written.length > 0 ? written : touched, from: by };
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

/** PROT_* there; undefined where nothing is mapped. */
function protectionAt(pid: number, address: number): number | undefined {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/.exec(line);
    if (match === null || Number.parseInt(match[2]!, 16) <= address) continue;
    if (Number.parseInt(match[1]!, 16) > address) return undefined;
    return (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0);
  }
  return undefined;
}

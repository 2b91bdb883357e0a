/**
 * Breakpoints in the code of replayed processes: which are wanted, and which stand there as instructions. Some do not: in
 * memory that cannot be written here, and where the program may find them. Those are met by other means
 * (unwritten-breakpoints.ts).
 */
import { type AddressSpace, pageDown } from '../../replay/address-space.ts';
import type { ReplayProcesses } from '../../replay/primitives.ts';
import { isWithinCall } from './predecessors.ts';

const int3 = Uint8Array.of(0xcc);
const none: ReadonlySet<number> = new Set();

interface Written {
  readonly own: Uint8Array;
  /** Bytes of a patched site that were written back, since its jump would have taken the int3 for part of its own. */
  readonly restored: { readonly address: number; readonly jump: Uint8Array } | undefined;
}

export class CodeBreakpoints {
  readonly #processes: ReplayProcesses;
  readonly #written = new Map<AddressSpace, Map<number, Written>>();
  /** What stands there now is this set, but for those that were taken away since. */
  readonly #complete = new Map<AddressSpace, { readonly wanted: ReadonlySet<number>; readonly missing: Set<number> }>();

  /** Pages that have had one since none stood there. */
  readonly #pages = new Map<AddressSpace, Set<number>>();
  /** Wanted ones that are no instructions; another set when they are others. */
  readonly #unwritten = new Map<AddressSpace, ReadonlySet<number>>();
  readonly #mayWrite: (space: AddressSpace, address: number) => boolean;
  /** Code was changed. */
  hasWritten = false;

  /** @param mayWrite whether an instruction of ours may stand there */
  constructor(processes: ReplayProcesses, mayWrite: (space: AddressSpace, address: number) => boolean = () => true) {
    this.#processes = processes;
    this.#mayWrite = mayWrite;
  }

  /**
   * Writes those that do not stand there yet, and takes the others away. Memory that is not there has none.
   * @param wanted never changes; the same set as before costs little
   */
  write(space: AddressSpace, wanted: ReadonlySet<number>): void {
    const complete = this.#complete.get(space);
    if (complete?.wanted === wanted) {
      for (const address of complete.missing) if (this.add(space, address)) complete.missing.delete(address);
      return;
    }
    this.#complete.delete(space);
    this.#pages.delete(space);
    this.#unwritten.delete(space);
    for (const address of [...(this.#written.get(space)?.keys() ?? [])]) {
      if (!wanted.has(address)) this.remove(space, address);
    }
    const missing = new Set<number>();
    for (const address of wanted) if (!this.add(space, address)) missing.add(address);
    this.#complete.set(space, { wanted, missing });
  }

  /** One more. False where there is no memory. */
  add(space: AddressSpace, address: number): boolean {
    const pid = pidOf(space);
    if (pid === undefined) return false;
    const there = this.#written.get(space) ?? new Map<number, Written>();
    this.#written.set(space, there);
    if (!there.has(address)) this.#writeOne(space, pid, there, address);
    if (!there.has(address)) return this.isUnwritten(space, address);
    this.#notePage(space, address);
    return true;
  }

  /** Pages where breakpoints stand, or have stood; more may come, until it is another set. */
  pages(space: AddressSpace): ReadonlySet<number> | undefined {
    return this.#pages.get(space);
  }

  unwritten(space: AddressSpace): ReadonlySet<number> {
    return this.#unwritten.get(space) ?? none;
  }

  isUnwritten(space: AddressSpace, address: number): boolean {
    return this.unwritten(space).has(address);
  }

  /** Whether any stands there. */
  standsIn(space: AddressSpace): boolean {
    return (this.#written.get(space)?.size ?? 0) > 0;
  }

  has(space: AddressSpace, address: number): boolean {
    return this.#written.get(space)?.has(address) ?? false;
  }

  /** Whether one stands within so many bytes. */
  isNear(space: AddressSpace, address: number, distance: number): boolean {
    const near = (each: number): boolean => Math.abs(each - address) < distance;
    return [...(this.#written.get(space)?.keys() ?? []), ...this.unwritten(space)].some(near);
  }

  remove(space: AddressSpace, address: number): void {
    if (this.isUnwritten(space, address)) {
      const others = [...this.unwritten(space)].filter((each) => each !== address);
      this.#unwritten.set(space, new Set(others));
      this.#misses(space, address);
    }
    const there = this.#written.get(space);
    const written = there?.get(address);
    const pid = pidOf(space);
    if (there === undefined || written === undefined) return;
    there.delete(address);
    this.#misses(space, address);
    if (pid === undefined) return;
    const now = new Uint8Array(1);
    // Code that was written or mapped anew has none of ours.
    if (this.#processes.readMemory(pid, address, now, 0, 1) === 1 && now[0] === int3[0]) {
      this.#processes.writeMemory(pid, address, written.own, 0, 1);
    }
    const { restored } = written;
    if (restored === undefined) return;
    const stillNeeded = [...there.values()].some((other) => other.restored?.address === restored.address);
    if (!stillNeeded) this.#writeBeneath(pid, there, restored.address, restored.jump);
  }

  /** Those on some pages are taken away, until the next write. */
  removeOn(space: AddressSpace, pages: ReadonlySet<number>): void {
    for (const address of [...(this.#written.get(space)?.keys() ?? [])]) {
      if (pages.has(pageDown(address))) this.remove(space, address);
    }
  }

  removeAll(space: AddressSpace): void {
    for (const address of [...(this.#written.get(space)?.keys() ?? [])]) this.remove(space, address);
    this.#written.delete(space);
    this.#complete.delete(space);
    this.#pages.delete(space);
    this.#unwritten.delete(space);
  }

  everywhere(): void {
    for (const space of [...this.#written.keys(), ...this.#unwritten.keys()]) this.removeAll(space);
  }

  /** The program's data were written there: what stands there is its own. */
  overwritten(space: AddressSpace, address: number, length: number): void {
    const there = this.#written.get(space);
    if (there === undefined) return;
    for (const each of [...there.keys()]) {
      if (each < address || each >= address + length) continue;
      there.delete(each);
      this.#misses(space, each);
    }
  }

  /** Puts the program's bytes over what was read from `address` on. */
  show(space: AddressSpace, address: number, bytes: Uint8Array): void {
    for (const [each, { own }] of this.#written.get(space) ?? []) {
      const at = each - address;
      if (at >= 0 && at < bytes.length) bytes[at] = own[0]!;
    }
  }

  /** The program's own bytes; fewer where memory ends. */
  #read(space: AddressSpace, pid: number, [address, length]: readonly [number, number]): Uint8Array {
    const bytes = new Uint8Array(length);
    const count = this.#processes.readMemory(pid, address, bytes, 0, length);
    const known = bytes.subarray(0, Math.max(0, count));
    this.show(space, address, known);
    space.patched.show(address, known);
    return known;
  }

  #notePage(space: AddressSpace, address: number): void {
    let pages = this.#pages.get(space);
    if (pages === undefined) {
      pages = new Set();
      this.#pages.set(space, pages);
    }
    pages.add(pageDown(address));
  }

  #misses(space: AddressSpace, address: number): void {
    const complete = this.#complete.get(space);
    if (complete?.wanted.has(address)) complete.missing.add(address);
  }

  /** Writes code, and leaves the breakpoints in it. */
  #writeBeneath(pid: number, there: Map<number, Written>, address: number, bytes: Uint8Array): void {
    const withBreakpoints = bytes.slice();
    for (const [at, byte] of bytes.entries()) {
      const breakpoint = there.get(address + at);
      if (breakpoint === undefined) continue;
      there.set(address + at, { ...breakpoint, own: Uint8Array.of(byte) });
      withBreakpoints[at] = int3[0]!;
    }
    this.#processes.writeMemory(pid, address, withBreakpoints, 0, withBreakpoints.length);
  }

  #writeOne(space: AddressSpace, pid: number, there: Map<number, Written>, address: number): void {
    // It would make another jump of the recorder's, or no call any more, and is never met.
    if (
      space.patched.within(address) !== undefined ||
      isWithinCall(address, (...where) => this.#read(space, pid, where))
    )
      return;
    const own = new Uint8Array(1);
    if (this.#processes.readMemory(pid, address, own, 0, 1) !== 1) return;
    if (!this.#mayWrite(space, address)) {
      this.#unwritten.set(space, new Set([...this.unwritten(space), address]));
      return;
    }
    this.hasWritten = true;
    const site = space.patched.borrowing(address);
    if (site !== undefined) this.#writeBeneath(pid, there, site.address, site.standIn);
    if (this.#processes.writeMemory(pid, address, int3, 0, 1) !== 1) {
      this.#unwritten.set(space, new Set([...this.unwritten(space), address]));
      return;
    }
    there.set(address, {
      own,
      restored: site === undefined ? undefined : { address: site.address, jump: site.jump },
    });
  }
}

function pidOf(space: AddressSpace): number | undefined {
  const [task] = space.tasks;
  return task?.pid;
}

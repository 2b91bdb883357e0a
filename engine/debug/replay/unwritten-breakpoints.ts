/**
 * Breakpoints that do not stand in the code, so that nobody can read them or write over them: debug registers. Where these
 * are too few, they are for one page at a time, and the other pages cannot be executed (watched-memory.ts).
 */
import { registerIndex } from '../../generated/schema.ts';
import { thisProcessor } from '../../machine/processor-features.ts';
import { type AddressSpace, pageDown } from '../../replay/address-space.ts';
import type { ReplayProcesses } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';

/** Those that a recorded tracer may have; one is the replay's own (native/tracee/breakpoint.h). */
const registerCount = 3;
const protWrite = 2;

const none: ReadonlySet<number> = new Set();

interface Armed {
  /** The process whose registers they are. */
  readonly pid: number;
  /** What was to be armed, and the page where the task was. */
  readonly of: ReadonlySet<number>;
  readonly page: number;
  readonly inRegisters: ReadonlySet<number>;
  readonly left: ReadonlySet<number>;
}

function onPage(addresses: ReadonlySet<number>, page: number): number[] {
  return [...addresses].filter((address) => pageDown(address) === page);
}

export class UnwrittenBreakpoints {
  readonly #processes: ReplayProcesses;
  readonly #armed = new Map<Task, Armed>();
  /** Of each set, what has no register, by those that have one. */
  readonly #left = new WeakMap<ReadonlySet<number>, Map<string, ReadonlySet<number>>>();
  /** There are debug registers. */
  #works = true;

  constructor(processes: ReplayProcesses) {
    this.#processes = processes;
  }

  /**
   * The task is stopped at these. Returns those for which there is no debug register where the task is; the same set for
   * the same ones.
   */
  arm(task: Task, addresses: ReadonlySet<number>): ReadonlySet<number> {
    if (addresses.size === 0) {
      this.#clear(task);
      return none;
    }
    const page = pageDown(register(task.registers, registerIndex.rip));
    const armed = this.#armed.get(task);
    if (armed?.pid !== task.pid || armed.of !== addresses || (armed.page !== page && armed.left.size > 0)) {
      this.#choose(task, addresses, page, armed);
    }
    return this.#armed.get(task)!.left;
  }

  /** Whether all breakpoints of the page there may have debug registers, once the task is there. */
  fits(task: Task, addresses: ReadonlySet<number>, address: number): boolean {
    return (
      task.tracerRegisters === undefined && this.#works && onPage(addresses, pageDown(address)).length <= registerCount
    );
  }

  #choose(task: Task, addresses: ReadonlySet<number>, page: number, before: Armed | undefined): void {
    const here = onPage(addresses, page);
    const isOurs = task.tracerRegisters === undefined && this.#works;
    let chosen: readonly number[] = [];
    if (isOurs) {
      if (addresses.size <= registerCount) chosen = [...addresses];
      else if (here.length > 0 && here.length <= registerCount) chosen = here;
      // It is on a page without any: those of the page before stay.
      else if (here.length === 0 && before?.of === addresses) chosen = [...before.inRegisters];
    }
    const stands =
      before?.pid === task.pid &&
      before.inRegisters.size === chosen.length &&
      chosen.every((address) => before.inRegisters.has(address));
    if (!stands && (chosen.length > 0 || (before?.inRegisters.size ?? 0) > 0)) {
      if (!this.#processes.armCode(task.pid, chosen)) {
        this.#works = false;
        chosen = [];
      }
    }
    const left = this.#leftOf(addresses, chosen);
    this.#armed.set(task, { pid: task.pid, of: addresses, page, inRegisters: new Set(chosen), left });
  }

  /** The others; the same set for the same ones. */
  #leftOf(addresses: ReadonlySet<number>, chosen: readonly number[]): ReadonlySet<number> {
    if (chosen.length === addresses.size) return none;
    const byChosen = this.#left.get(addresses) ?? new Map<string, ReadonlySet<number>>();
    this.#left.set(addresses, byChosen);
    const key = chosen.join();
    const left = byChosen.get(key) ?? new Set([...addresses].filter((address) => !chosen.includes(address)));
    byChosen.set(key, left);
    return left;
  }

  /** Whether a stop by a debug register there is one of these. */
  has(task: Task, address: number): boolean {
    return this.#armed.get(task)?.inRegisters.has(address) ?? false;
  }

  lift({ tasks }: AddressSpace): void {
    for (const task of tasks) this.#clear(task);
  }

  everywhere(): void {
    for (const task of [...this.#armed.keys()]) this.#clear(task);
  }

  #clear(task: Task): void {
    const armed = this.#armed.get(task);
    this.#armed.delete(task);
    if (armed === undefined || armed.inRegisters.size === 0 || armed.pid !== task.pid) return;
    if (task.addressSpace.tasks.has(task)) this.#processes.armCode(task.pid, []);
  }
}

/** Whether what the program reads of code that it can write, or only executes, is under our eyes (mprotect(2), PROT_EXEC). */
let guardsReads: boolean | undefined;

/**
 * Whether an instruction of ours may stand there: not where another mapping shows it, or where the program makes code and
 * would read it.
 */
export function mayWriteCode(processes: ReplayProcesses, space: AddressSpace, address: number): boolean {
  const file = space.files.find(address);
  if (file !== undefined) return file.sharedKey === undefined;
  guardsReads ??= thisProcessor().features.includes('ospke');
  if (guardsReads) return true;
  const [task] = space.tasks;
  return task === undefined || (processes.protectionAt(task.pid, address) & protWrite) === 0;
}

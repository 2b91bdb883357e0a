/** Where the debugger wants the replay to stop: its breakpoints with their conditions, watchpoints, catchpoints. */
import { eventKinds, type FrameView } from '../../generated/schema.ts';
import type { Replayer } from '../../replay/replayer.ts';
import type { Task } from '../../replay/task.ts';
import { conditionHolds } from '../breakpoints/agent-expression.ts';
import { gdbRegister } from '../breakpoints/gdb-registers.ts';
import type { Breakpoint, Stop } from '../target.ts';
import type { StackFilter } from './fast-run.ts';
import type { Timeline } from './timeline.ts';
import { type Watchpoint, watchValue } from './watched-memory.ts';

/** Reads the program's own bytes; fewer where memory ends. */
export type ReadProgram = (task: Task, address: number, length: number) => Uint8Array;

/** What is wanted, for whoever looks at the way. */
export type Stops = Pick<
  WantedStops,
  'addresses' | 'watched' | 'caught' | 'passed' | 'catches' | 'holds' | 'filterOf' | 'counted' | 'text'
>;

/** Of the arrivals at an address, those that count. Conditions are gdb's bytecode: one of them is to hold. */
export type SiteFilter =
  | 'all'
  | 'never'
  | StackFilter
  | { readonly kind: 'condition'; readonly conditions: readonly Uint8Array[] };

export class WantedStops {
  /** Where breakpoints are, in code. */
  addresses: ReadonlySet<number> = new Set();
  /** What is watched. */
  watched: readonly Breakpoint[] = [];
  /** System calls at whose entry and exit to stop; undefined: at none; empty: at all. */
  caught: readonly number[] | undefined;
  /** Signals that are not reported. */
  passed: ReadonlySet<number> = new Set();
  /** Of addresses that are counted: their passes, by runs forwards. */
  readonly passCounts = new Map<number, number>();
  #conditions = new Map<number, readonly (readonly Uint8Array[])[]>();

  setBreakpoints(all: readonly Breakpoint[]): void {
    const inCode = all.filter(({ kind }) => kind === 'software' || kind === 'hardware');
    const code = inCode.filter(({ counts }) => counts !== true);
    this.passCounts.clear();
    for (const { address, counts } of inCode) if (counts === true) this.passCounts.set(address, 0);
    const conditions = new Map<number, (readonly Uint8Array[])[]>();
    for (const each of code) {
      const known = conditions.get(each.address) ?? [];
      known.push(each.conditions);
      conditions.set(each.address, known);
    }
    this.#conditions = conditions;
    this.addresses = new Set([...conditions.keys(), ...this.passCounts.keys()]);
    this.watched = all.filter(({ kind }) => kind !== 'software' && kind !== 'hardware');
  }

  /** All of it as text: the same where the same is wanted. */
  get text(): string {
    const conditions = [...this.#conditions].map(([address, all]) => [
      address,
      all.map((each) => each.map((condition) => Buffer.from(condition).toString('hex'))),
    ]);
    const { passCounts, caught, passed } = this;
    return JSON.stringify([conditions, [...passCounts.keys()], this.watchedText, caught ?? null, [...passed]]);
  }

  /** What is watched as text: the same where the same is watched. */
  get watchedText(): string {
    return JSON.stringify(this.watched.map(({ kind, address, length }) => [kind, address, length]));
  }

  catches(number: number): boolean {
    return this.caught !== undefined && (this.caught.length === 0 || this.caught.includes(number));
  }

  /** Which arrivals there count; undefined where each has to be looked at. */
  filterOf(address: number, _task: Task): SiteFilter | undefined {
    const all = this.#conditions.get(address);
    if (all === undefined) return this.passCounts.has(address) ? 'never' : undefined;
    return all.some((conditions) => conditions.length === 0) ? 'all' : { kind: 'condition', conditions: all.flat() };
  }

  /** So many arrivals there were passed without being looked at. */
  counted(address: number, passes: number): void {
    const before = this.passCounts.get(address);
    if (before !== undefined) this.passCounts.set(address, before + passes);
  }

  /** Whether a breakpoint's conditions let it count where the task stands; a breakpoint without any does. */
  holds(address: number, task: Task, read: ReadProgram): boolean {
    const all = this.#conditions.get(address);
    if (all === undefined) return false;
    return all.some(
      (conditions) =>
        conditions.length === 0 ||
        conditions.some((condition) =>
          conditionHolds(condition, {
            register: (number) => gdbRegister(task.registers, number),
            read: (start, length) => {
              const bytes = read(task, start, length);
              return bytes.length === length ? bytes : undefined;
            },
          }),
        ),
    );
  }
}

/** Watchpoints with what is there now. */
export function watchesOf(replayer: Replayer, task: Task, watched: readonly Breakpoint[]): Watchpoint[] {
  return watched.map(({ kind, address, length }) => ({
    access: kind as Watchpoint['access'],
    address,
    length,
    value: watchValue(replayer, task, address, length),
  }));
}

/** The same in the process that is looked at, where the replay stands. */
export function watchesHere(timeline: Timeline, watched: readonly Breakpoint[]): Watchpoint[] {
  const task = timeline.anyTask();
  return task === undefined ? [] : watchesOf(timeline.run!.replayer, task, watched);
}

/**
 * What the debugger wants to know of an event that a task has behind it: a signal, or the end of a system call.
 * @param isStepped the debugger steps the task: it has to know of each signal, since the step would end in its handler
 */
export function eventStop(wanted: Stops, frame: FrameView, { tid }: Task, isStepped = false): Stop | undefined {
  switch (frame.eventKind) {
    case eventKinds.signal:
      return wanted.passed.has(frame.number) && !isStepped ? undefined : { kind: 'signal', tid, signal: frame.number };
    case eventKinds.syscall:
    case eventKinds.syscallExit:
      return wanted.catches(frame.number) ? { kind: 'syscall', tid, number: frame.number, isEntry: false } : undefined;
    default:
      return undefined;
  }
}

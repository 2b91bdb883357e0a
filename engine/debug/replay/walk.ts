/**
 * Walks through program code one instruction at a time, over the calls that it makes, until the task comes to an address:
 * what it stood at before is the instruction that led there.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { instructionKinds } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { Driver, Goal, Halt } from './driver.ts';
import type { Position } from './position.ts';
import { decodeAt, isCall } from './predecessors.ts';

const longestInstruction = 15;
/** Arrivals that a count remembers: from the earliest of them a walk is a window on what was before. */
const mostRecent = 12;
const noAddresses: ReadonlySet<number> = new Set();

/** What a walk has found. */
export type WalkEnd =
  /** The place of the instruction that led to the address. */
  | { readonly kind: 'found'; readonly before: Position }
  /** The address was reached within this call, or by its return. */
  | { readonly kind: 'inCall'; readonly call: Position; readonly arrivals: number }
  /** Not within so many steps; where it was then, and how many arrivals are still to come. */
  | { readonly kind: 'far'; readonly at: Position; readonly arrivals: number }
  /** The segment ended. */
  | { readonly kind: 'passed' };

export class Walk implements Goal {
  readonly watchpoints = [];
  readonly #driver: Driver;
  readonly #target: number;
  readonly #mostSteps: number;
  readonly #read: (task: Task, address: number, length: number) => Uint8Array;
  readonly #ended: (end: WalkEnd) => never;
  #steps = 0;
  #arrivals: number;
  #arrivalsAtCall = 0;
  #before: Position;
  /** A string instruction that may stay where it is, by its address. */
  #repeated: number | undefined;
  /** The call that is run over, and where it returns to. */
  #call:
    | {
        readonly position: Position;
        readonly returnsTo: number;
        readonly rsp: number;
        /** Where it is looked at again. */
        readonly ends: ReadonlySet<number>;
      }
    | undefined;
  /** The first instruction is stepped, whatever it is. */
  #enters: boolean;

  constructor(parts: {
    readonly driver: Driver;
    readonly target: number;
    readonly mostSteps: number;
    /** The arrival at the target that counts. */
    readonly arrivals: number;
    readonly enters: boolean;
    readonly read: (task: Task, address: number, length: number) => Uint8Array;
    readonly ended: (end: WalkEnd) => never;
  }) {
    this.#driver = parts.driver;
    this.#target = parts.target;
    this.#mostSteps = parts.mostSteps;
    this.#arrivals = parts.arrivals;
    this.#enters = parts.enters;
    this.#read = parts.read;
    this.#ended = parts.ended;
    this.#before = parts.driver.position;
  }

  get breakpoints(): ReadonlySet<number> {
    return this.#call?.ends ?? noAddresses;
  }

  beforeRun(task: Task): void {
    if (this.#call !== undefined) return;
    this.#before = this.#driver.position;
    const rip = register(task.registers, registerIndex.rip);
    const code = this.#read(task, rip, longestInstruction);
    const instruction = decodeAt(code, 0);
    this.#repeated = instruction?.kind === instructionKinds.repeatedString ? rip : undefined;
    if (this.#enters) {
      this.#enters = false;
      return;
    }
    if (instruction === undefined || !isCall(instruction)) return;
    this.#arrivalsAtCall = this.#arrivals;
    const returnsTo = rip + instruction.length;
    this.#call = {
      position: this.#before,
      returnsTo,
      ends: new Set([returnsTo, this.#target]),
      rsp: register(task.registers, registerIndex.rsp),
    };
  }

  steps(): boolean {
    return this.#call === undefined;
  }

  catches(): boolean {
    return false;
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') this.#ended({ kind: 'far', at: this.#before, arrivals: this.#arrivals });
    if (halt.kind === 'breakpoint' && halt.isStanding) return;
    const rip = register(task.registers, registerIndex.rip);
    const call = this.#call;
    if (call !== undefined) {
      if (rip === this.#target && --this.#arrivals <= 0) {
        this.#ended({ kind: 'inCall', call: call.position, arrivals: this.#arrivalsAtCall });
      }
      if (rip !== call.returnsTo || register(task.registers, registerIndex.rsp) < call.rsp) return;
      const count = this.#driver.passes(rip);
      this.#driver.rename([...call.position.legs, { kind: 'pass', address: rip, count }]);
      this.#call = undefined;
    } else if (rip === this.#target && rip !== this.#repeated && --this.#arrivals <= 0) {
      this.#ended({ kind: 'found', before: this.#before });
    }
    this.#steps++;
    if (this.#steps >= this.#mostSteps) {
      this.#ended({ kind: 'far', at: this.#driver.position, arrivals: this.#arrivals });
    }
  }

  passedEvent(): void {
    this.#ended({ kind: 'passed' });
  }
}

/** Counts arrivals at addresses, and knows the last one. */
export class Count implements Goal {
  readonly watchpoints;
  readonly breakpoints: ReadonlySet<number>;
  readonly counts = new Map<number, number>();
  /** The latest arrivals, the last one last. */
  readonly recent: { readonly address: number; readonly count: number }[] = [];
  readonly #halted: (halt: Halt, task: Task, counts: Count) => void;
  readonly #passedEvent: () => void;

  constructor(parts: {
    readonly addresses: Iterable<number>;
    readonly watchpoints?: Goal['watchpoints'];
    readonly halted: (halt: Halt, task: Task, counts: Count) => void;
    readonly passedEvent: () => void;
  }) {
    this.breakpoints = new Set(parts.addresses);
    this.watchpoints = parts.watchpoints ?? [];
    this.#halted = parts.halted;
    this.#passedEvent = parts.passedEvent;
  }

  of(address: number): number {
    return this.counts.get(address) ?? 0;
  }

  beforeRun(): void {}

  steps(): boolean {
    return false;
  }

  catches(): boolean {
    return false;
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    if (halt.kind === 'breakpoint' && !halt.isStanding) {
      const count = this.of(halt.address) + 1;
      this.counts.set(halt.address, count);
      this.#halted(halt, task, this);
      this.recent.push({ address: halt.address, count });
      if (this.recent.length > mostRecent) this.recent.shift();
      return;
    }
    this.#halted(halt, task, this);
  }

  passedEvent(): void {
    this.#passedEvent();
  }
}

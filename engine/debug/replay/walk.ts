/**
 * Walks through program code one instruction at a time, over the calls that it makes, until the task comes to an address:
 * what it stood at before is the instruction that led there.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { instructionKinds, type RegisterWords } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { RecordPasses } from './counted-run.ts';
import { arrivalOf, type Driver, type Goal, type Halt } from './driver.ts';
import type { Position } from './position.ts';
import { decodeAt, isCall } from './predecessors.ts';

const longestInstruction = 15;
const mostPivots = 4;
const wordSize = 8;
/** Stops at returns within a call before they are passed without. */
const fewReturns = 16;
const noAddresses: ReadonlySet<number> = new Set();

/** What a walk has found. */
export type WalkEnd =
  /** The place of the instruction that led to the address, and the registers behind it. */
  | { readonly kind: 'found'; readonly before: Position; readonly registers: RegisterWords }
  /** The address was reached within this call. */
  | { readonly kind: 'inCall'; readonly call: Position }
  /**
   * Not within so many steps: where it was then, some instructions on the way, and rsp at the return that leads to the
   * address, if one does.
   */
  | {
      readonly kind: 'far';
      readonly at: Position;
      readonly stepped: readonly number[];
      readonly returning: number | undefined;
    }
  /** The segment ended, behind the instruction there or within the call. */
  | { readonly kind: 'passed'; readonly last: Position; readonly isCall: boolean };

export class Walk implements Goal {
  readonly watchpoints = [];
  readonly #driver: Driver;
  readonly #target: number;
  readonly #mostSteps: number;
  readonly #read: (task: Task, address: number, length: number) => Uint8Array;
  readonly #ended: (end: WalkEnd) => never;
  readonly #record: RecordPasses;
  #steps = 0;
  /** The instructions on the way, and how often each. */
  readonly #stepped = new Map<number, number>();
  #returning: number | undefined;
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
        /** Arrivals at `returnsTo` that were counted without a stop. */
        passes: number;
        /** Stops before that is tried. */
        patience: number;
      }
    | undefined;
  /** The first instruction is stepped, whatever it is. */
  #enters: boolean;

  constructor(parts: {
    readonly driver: Driver;
    readonly target: number;
    readonly mostSteps: number;
    readonly enters: boolean;
    readonly read: (task: Task, address: number, length: number) => Uint8Array;
    readonly record: RecordPasses;
    readonly ended: (end: WalkEnd) => never;
  }) {
    this.#driver = parts.driver;
    this.#target = parts.target;
    this.#mostSteps = parts.mostSteps;
    this.#enters = parts.enters;
    this.#read = parts.read;
    this.#record = parts.record;
    this.#ended = parts.ended;
    this.#before = parts.driver.position;
  }

  get breakpoints(): ReadonlySet<number> {
    return this.#call?.ends ?? noAddresses;
  }

  beforeRun(task: Task): void {
    do {
      if (this.#call === undefined) this.#begin(task);
    } while (this.#call !== undefined && this.#passCall(task));
  }

  /** The next instruction: a step, or a call that is run over. */
  #begin(task: Task): void {
    this.#before = this.#driver.position;
    const rip = register(task.registers, registerIndex.rip);
    const times = this.#stepped.get(rip) ?? 0;
    // The latest is the last one.
    this.#stepped.delete(rip);
    this.#stepped.set(rip, times + 1);
    const code = this.#read(task, rip, longestInstruction);
    const instruction = decodeAt(code, 0);
    this.#repeated = instruction?.kind === instructionKinds.repeatedString ? rip : undefined;
    // It may be asked for more than once before it is executed.
    if (this.#enters) return;
    if (instruction === undefined || !isCall(instruction)) return;
    const returnsTo = rip + instruction.length;
    if (returnsTo === this.#target) {
      // Its return, if nothing before, is an arrival.
      this.#returning = register(task.registers, registerIndex.rsp) - wordSize;
      return;
    }
    this.#call = {
      position: this.#before,
      returnsTo,
      ends: new Set([returnsTo, this.#target]),
      rsp: register(task.registers, registerIndex.rsp),
      passes: 0,
      patience: fewReturns,
    };
  }

  /** Where a call returns within itself again and again: goes on to its own return without a stop. True: it is over. */
  #passCall(task: Task): boolean {
    const call = this.#call!;
    if (call.patience > 0) return false;
    call.patience = 4 * fewReturns;
    const { returnsTo, rsp } = call;
    const run = this.#record(task, [
      { address: returnsTo, trapAt: 1, isNeeded: true, filter: { kind: 'stackAtLeast', value: rsp } },
      { address: this.#target, trapAt: 1, isNeeded: true },
    ]);
    if (run === undefined) return false;
    call.passes += run.sites[0]!.passes;
    if (run.trappedAt === undefined) return false;
    this.#arrived(task);
    return this.#call === undefined;
  }

  /** During a call, at one of its ends. */
  #arrived(task: Task): void {
    const call = this.#call!;
    const rip = register(task.registers, registerIndex.rip);
    if (rip === this.#target) this.#ended({ kind: 'inCall', call: call.position });
    if (rip !== call.returnsTo || register(task.registers, registerIndex.rsp) < call.rsp) return;
    const count = call.passes + this.#driver.passes(rip);
    this.#driver.rename([...call.position.legs, { kind: 'pass', address: rip, count }]);
    this.#call = undefined;
    this.#countStep();
  }

  #countStep(): void {
    this.#steps++;
    if (this.#steps < this.#mostSteps) return;
    const at = this.#driver.position;
    this.#ended({ kind: 'far', at, stepped: pivots(this.#stepped), returning: this.#returning });
  }

  steps(): boolean {
    return this.#call === undefined;
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    if (halt.kind === 'breakpoint' && halt.isStanding) return;
    if (this.#call !== undefined) {
      this.#call.patience--;
      this.#arrived(task);
      return;
    }
    this.#enters = false;
    const rip = register(task.registers, registerIndex.rip);
    if (rip === this.#target && rip !== this.#repeated) {
      this.#ended({ kind: 'found', before: this.#before, registers: task.registers.slice() });
    }
    this.#countStep();
  }

  passedEvent(): void {
    this.#ended({ kind: 'passed', last: this.#before, isCall: this.#call !== undefined });
  }
}

/** Counts arrivals at addresses, and knows the last one. */
export class Count implements Goal {
  readonly watchpoints;
  readonly breakpoints: ReadonlySet<number>;
  readonly counts = new Map<number, number>();
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

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    const address = arrivalOf(halt);
    const arrive = (): void => {
      if (address !== undefined) this.counts.set(address, this.of(address) + 1);
    };
    // What has changed was changed before the arrival.
    if (halt.kind !== 'watchpoint') arrive();
    this.#halted(halt, task, this);
    if (halt.kind === 'watchpoint') arrive();
  }

  passedEvent(): void {
    this.#passedEvent();
  }
}

/**
 * Of stepped instructions some that tell where a loop ends: the last one, and of those that have come again the most
 * seldom and the most frequent. Each that is counted makes a loop slower.
 */
function pivots(stepped: ReadonlyMap<number, number>): readonly number[] {
  const again = [...stepped].filter(([, times]) => times > 1).sort(([, one], [, other]) => one - other);
  const chosen = [again[0], again.at(-1)].flatMap((each) => (each === undefined ? [] : [each[0]]));
  const others = [...stepped.keys()].slice(-(mostPivots - chosen.length));
  return [...new Set(again.length === 0 ? others : [...chosen, ...others.slice(-1)])];
}

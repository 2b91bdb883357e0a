/** What a replay under a driver is to do. */
import { EngineError } from '../../errors.ts';
import type { FrameView } from '../../generated/schema.ts';
import type { Task } from '../../replay/task.ts';
import { arrivalOf, type Goal, type Halt } from './driver.ts';
import type { Kept } from './kept-checkpoints.ts';
import { type Leg, legsBetween, type Position, positionText } from './position.ts';
import type { Watchpoint } from './watched-memory.ts';

/** So many passes are worth a stub. */
const manyPasses = 24;
/**
 * Steps before a place at which checkpoints are kept, where it is reached by at least twice as many: who steps back from
 * there has a short way.
 */
const keptBefore: readonly number[] = [64, 1024];
const noAddresses: ReadonlySet<number> = new Set();

/** Arrivals that are counted without stops on the way. */
export interface HotPasses {
  /** Whether the task comes so often to what is armed that this is worth it. */
  readonly isHot: boolean;
  /**
   * Runs over arrivals at what is armed, and over at most so many at the leg's address, unless something stops it.
   * @param leg of the way
   */
  pass(
    task: Task,
    leg: { readonly address: number; readonly most: number } | undefined,
  ): {
    readonly ofLeg: number;
    readonly ofAll: number;
  };
}

/** Which system calls are halted at. */
export interface CaughtCalls {
  readonly caught: readonly number[] | undefined;
  catches(number: number): boolean;
}

/** Goes to a position, and says when it is there. */
export class FollowGoal implements Goal {
  readonly target: Position;
  readonly from: Kept;
  /** Behind that event a checkpoint is made. */
  keepAt: number | undefined;
  /** Also armed on the way. */
  readonly armed: ReadonlySet<number>;
  readonly watchpoints: readonly Watchpoint[];
  readonly touched: (by: number) => void;
  readonly #arrived: (task: Task | undefined) => void;
  readonly #met: (halt: Halt, task: Task) => void;
  readonly #metEvent: (frame: FrameView, task: Task) => void;
  readonly #caught: CaughtCalls | undefined;
  readonly #hot: HotPasses | undefined;
  /** What is left of the target's, in its event. */
  readonly #legs: readonly Leg[];
  readonly #runToPass: ((task: Task, address: number, count: number) => number) | undefined;
  readonly #keep: ((task: Task, position: Position) => void) | undefined;
  #withLeg: ReadonlySet<number> = noAddresses;
  #ofLeg: Leg | undefined;
  /** Stops before the leg's arrivals are counted again: something else has stopped it too often. */
  #patience = 0;
  #backOff = 0;
  #event: number;
  #leg = 0;
  #left = 0;

  constructor(parts: {
    readonly target: Position;
    /** Where the replay begins; on the way to the target. */
    readonly from: Kept;
    readonly arrived: (task: Task | undefined) => void;
    readonly armed?: ReadonlySet<number>;
    readonly watchpoints?: readonly Watchpoint[];
    readonly met?: (halt: Halt, task: Task) => void;
    /** An event up to the target is done. */
    readonly metEvent?: (frame: FrameView, task: Task) => void;
    readonly caught?: CaughtCalls;
    readonly hot?: HotPasses;
    /** An instruction has written where something is watched. */
    readonly touched?: (by: number) => void;
    /** Runs the task to the so-manieth arrival at an address, and tells how many are left when something stops it. */
    readonly runToPass?: (task: Task, address: number, count: number) => number;
    /** Keeps a checkpoint where the task stands now. */
    readonly keep?: (task: Task, position: Position) => void;
  }) {
    this.target = parts.target;
    this.from = parts.from;
    const { position } = parts.from;
    this.#legs = legsBetween(position, parts.target) ?? parts.target.legs;
    this.#event = position.event;
    this.#arrived = parts.arrived;
    this.armed = parts.armed ?? noAddresses;
    this.watchpoints = parts.watchpoints ?? [];
    this.#met = parts.met ?? (() => undefined);
    this.#metEvent = parts.metEvent ?? (() => undefined);
    this.#caught = parts.caught;
    this.#hot = parts.hot;
    this.touched = parts.touched ?? (() => undefined);
    this.#runToPass = parts.runToPass;
    this.#keep = parts.keep;
    this.#begin();
  }

  /** An event is done. True: this is the place. */
  passedEvent(event: number): boolean {
    this.#event = event;
    if (event !== this.target.event) return false;
    this.#begin();
    return this.target.legs.length === 0;
  }

  /** It stands at the target already. */
  get isThere(): boolean {
    return this.#event === this.target.event && this.#legs.length === 0;
  }

  arrive(task: Task | undefined): void {
    this.#arrived(task);
  }

  get breakpoints(): ReadonlySet<number> {
    const leg = this.#current();
    if (leg?.kind !== 'pass') return this.armed;
    if (this.#ofLeg !== leg) this.#withLeg = new Set([...this.armed, leg.address]);
    this.#ofLeg = leg;
    return this.#withLeg;
  }

  steps(): boolean {
    return this.#current()?.kind === 'step';
  }

  /** What is many passes away is gone to at once, if nobody wants to see what is met on the way. */
  beforeRun(task: Task): void {
    this.#keepBefore(task);
    if (this.#hot !== undefined) this.#passHot(this.#hot, task);
    for (let leg = this.#current(); leg?.kind === 'pass' && this.#left >= manyPasses; leg = this.#current()) {
      if (this.armed.size > 0 || this.watchpoints.length > 0 || this.catchesAny) return;
      if (this.#runToPass === undefined) return;
      const left = this.#runToPass(task, leg.address, this.#left);
      this.#left = Math.max(1, left);
      if (left > 0) return;
      this.#finishPass(task);
    }
  }

  /** On the last steps to the target. */
  #keepBefore(task: Task): void {
    const leg = this.#current();
    if (leg?.kind !== 'step' || this.#leg + 1 !== this.#legs.length || this.#keep === undefined) return;
    if (!keptBefore.includes(this.#left) || leg.count < 2 * this.#left) return;
    const { event, legs } = this.target;
    const last = legs.at(-1)!;
    this.#keep(task, { event, legs: [...legs.slice(0, -1), { ...last, count: last.count - this.#left }] });
  }

  /** The arrival that is the target's is met by a stop. */
  #passHot(hot: HotPasses, task: Task): void {
    const leg = this.#current();
    if (leg?.kind === 'step' || leg?.kind === 'open' || this.catchesAny) return;
    const isLegHot = leg?.kind === 'pass' && this.#left > manyPasses;
    if ((!isLegHot && !hot.isHot) || this.#patience-- > 0) return;
    const way = leg === undefined ? undefined : { address: leg.address, most: this.#left - 1 };
    const { ofLeg, ofAll } = hot.pass(task, way);
    this.#left -= ofLeg;
    // Where something else stops it all the time a stop is as good.
    this.#backOff = ofAll < manyPasses ? 4 * this.#backOff + 1 : 0;
    this.#patience = this.#backOff;
  }

  catches(number: number): boolean {
    return this.#caught?.catches(number) ?? false;
  }

  get catchesAny(): boolean {
    return this.#caught?.caught !== undefined;
  }

  metEvent(frame: FrameView, task: Task): void {
    this.#metEvent(frame, task);
  }

  #finishPass(task: Task): void {
    this.#left--;
    if (this.#left > 0) return;
    const isThere = this.#leg + 1 === this.#legs.length;
    this.#leg++;
    this.#begin();
    if (isThere) this.#arrived(task);
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') {
      throw new EngineError('INTERRUPTED', `interrupted on the way to ${positionText(this.target)}`);
    }
    const leg = this.#current();
    // To stand at an address is no arrival there.
    const isStanding = halt.kind === 'breakpoint' && halt.isStanding;
    const counts =
      leg?.kind === 'pass'
        ? arrivalOf(halt) === leg.address
        : leg?.kind === 'step' && !isStanding && halt.kind !== 'syscall';
    const isThere = counts && this.#left === 1 && this.#leg + 1 === this.#legs.length;
    // A breakpoint at the place itself is not met before it; the store that the last instruction made is.
    const isMet =
      halt.kind === 'breakpoint'
        ? this.armed.has(halt.address) && !isThere
        : halt.kind === 'watchpoint' || halt.kind === 'syscall';
    if (isMet) this.#met(isThere && halt.kind === 'watchpoint' ? { ...halt, arrival: undefined } : halt, task);
    if (counts) this.#finishPass(task);
  }

  #current(): Leg | undefined {
    return this.#event === this.target.event ? this.#legs[this.#leg] : undefined;
  }

  #begin(): void {
    this.#left = this.#legs[this.#leg]?.count ?? 0;
  }
}

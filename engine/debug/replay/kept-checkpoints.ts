/** The checkpoints of a session: some are made as the replay goes on, others where the debugger has just been. */
import { Checkpoint } from '../../replay/checkpoint.ts';
import type { ReplayProcesses } from '../../replay/primitives.ts';
import { hasOpenLeg, type Leg, legsBetween, type Position, samePosition } from './position.ts';

/** A checkpoint, and where it is. */
export interface Kept {
  readonly checkpoint: Checkpoint;
  readonly position: Position;
  /** The task whose segment it is in, or whose event it is behind. */
  readonly tid: number;
  /** Recorded time of the event, and what the processor has worked since then, about; nanoseconds. */
  readonly time: number;
  /** Made on the way to the next event, at a place without a name. */
  readonly isPause?: true;
}

const mostNear = 6;
/** Real time between automatic checkpoints at least, milliseconds; they take so small a part of it; so many are kept. */
const checkpointEvery = 100;
const mostOfTime = 1 / 25;
const mostAutomatic = 24;
/** As many of the last are never dropped. */
const lastOnes = 4;

export class KeptCheckpoints {
  readonly #root: Kept;
  #automatic: Kept[] = [];
  /** Where the debugger has just been, and is likely to come again: the latest last. */
  #near: Kept[] = [];
  #madeAt = 0;
  #every = checkpointEvery;
  /** Called with those made on the way that go. */
  dropped: (kept: Kept) => void = () => undefined;
  /** In use: they stay. */
  readonly #held = new Set<Kept>();

  constructor(processes: ReplayProcesses) {
    const checkpoint = Checkpoint.ofBeginning(processes);
    this.#root = { checkpoint, position: { event: 0, legs: [] }, tid: 0, time: 0 };
  }

  /** Those on the way to a position, the latest first; the last is the beginning of all. */
  before(position: Position): Kept[] {
    const usable = [...this.#automatic, ...this.#near].filter(({ position: at }) => leadsTo(at, position));
    const later = (one: Kept, other: Kept): number =>
      other.position.event - one.position.event ||
      stepsOf(legsBetween(one.position, position)) - stepsOf(legsBetween(other.position, position)) ||
      other.time - one.time;
    return [...usable.sort(later), this.#root];
  }

  /** Whether there is one at that very place. */
  has(position: Position): boolean {
    return [...this.#near, ...this.#automatic].some((kept) => samePosition(kept.position, position));
  }

  /** Keeps one where the debugger is; the oldest of these goes. */
  addNear(kept: Kept): void {
    this.#near.push(kept);
    if (this.#near.length <= mostNear) return;
    const oldest = this.#near.findIndex((each) => each !== kept && !this.#held.has(each));
    if (oldest >= 0) this.#near.splice(oldest, 1)[0]!.checkpoint[Symbol.dispose]();
  }

  /** Whether there is a way to a position without a name that must be found first. */
  reaches(position: Position): boolean {
    return (
      !hasOpenLeg(position.legs) || [...this.#automatic, ...this.#near].some((kept) => leadsTo(kept.position, position))
    );
  }

  at(position: Position): Kept | undefined {
    return [...this.#near, ...this.#automatic].find((kept) => samePosition(kept.position, position));
  }

  /** The last one that was made on the way to the event behind that one. */
  lastPause(event: number): Kept | undefined {
    const pauses = this.#automatic.filter((kept) => kept.isPause && kept.position.event === event);
    return pauses.sort((one, other) => other.time - one.time)[0];
  }

  /** Whether it is time for one on the way. */
  isPauseDue(): boolean {
    return performance.now() - this.#madeAt >= this.#every;
  }

  /** Whether it is time for one behind that event. */
  isDue(event: number): boolean {
    if (!this.isPauseDue()) return false;
    return this.#automatic.every(({ position }) => position.event < event);
  }

  /**
   * Keeps one that was due, and was begun to be made at a time of performance.now(): the next one is due the later, the
   * longer that took. When there are too many, the one whose neighbours are nearest to each other goes.
   */
  addAutomatic(kept: Kept, begun: number): void {
    this.#automatic.push(kept);
    this.#thinOut();
    this.#madeAt = performance.now();
    this.#every = Math.max(checkpointEvery, (this.#madeAt - begun) / mostOfTime);
  }

  #thinOut(): void {
    if (this.#automatic.length <= mostAutomatic) return;
    const sorted = this.#automatic.sort(
      (one, other) => one.position.event - other.position.event || one.time - other.time,
    );
    let victim = -1;
    let shortest = Number.POSITIVE_INFINITY;
    for (let index = 0; index + lastOnes < sorted.length; index++) {
      if (this.#held.has(sorted[index]!)) continue;
      const gap = sorted[index + 1]!.time - (sorted[index - 1]?.time ?? 0);
      if (gap < shortest) [shortest, victim] = [gap, index];
    }
    this.#automatic = sorted;
    if (victim < 0) return;
    const [dropped] = sorted.splice(victim, 1);
    if (dropped!.isPause) this.dropped(dropped!);
    dropped!.checkpoint[Symbol.dispose]();
  }

  /** What lies behind an event may be wrong: it goes. */
  drop(from: number): void {
    const goes = ({ position }: Kept): boolean => position.event >= from;
    for (const kept of [...this.#automatic, ...this.#near]) if (goes(kept)) kept.checkpoint[Symbol.dispose]();
    this.#automatic = this.#automatic.filter((kept) => !goes(kept));
    this.#near = this.#near.filter((kept) => !goes(kept));
  }

  /** Keeps a checkpoint as long as it is in use. */
  hold(kept: Kept): Disposable {
    if (this.#held.has(kept)) return { [Symbol.dispose]: () => undefined };
    this.#held.add(kept);
    return { [Symbol.dispose]: () => this.#held.delete(kept) };
  }
}

/** Whether a run leads from a place to a position, as far as its text tells: places without a name are not met on the way. */
function leadsTo(at: Position, position: Position): boolean {
  if (at.event > position.event) return false;
  const way = legsBetween(at, position);
  return way !== undefined && !hasOpenLeg(way);
}

/** How far legs lead, roughly: to compare ways of one place to another. */
function stepsOf(legs: readonly Leg[] | undefined): number {
  return (legs ?? []).reduce((sum, leg) => sum + leg.count + (leg.kind === 'pass' ? 1000 : 0), 0);
}

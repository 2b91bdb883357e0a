/** A look over an interval of the recording: all that the debugger would have stopped at there, in its order. */
import type { Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Kept } from './kept-checkpoints.ts';
import { type Leg, type Position, samePosition } from './position.ts';
import { StoreRun } from './store-run.ts';
import type { Timeline } from './timeline.ts';
import { type Stops, watchesHere } from './wanted-stops.ts';

/** Of a watched value: by which instruction, 0 for the kernel, and what was there. */
export interface Change {
  readonly by: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** A halt; its place is found when somebody goes there. */
export type Halted = { readonly stop: Stop; readonly change?: Change; position?: Position } & (
  | { readonly kind: 'place'; readonly position: Position }
  /** Before the so-manieth change of a watched value behind an event, by the instruction there. */
  | { readonly kind: 'store'; readonly event: number; readonly index: number; readonly by: number }
  /** Before an event: what the kernel wrote, or the entry of a call. */
  | { readonly kind: 'beforeEvent'; readonly event: number }
);

/** So many of the last halts are kept. */
export const mostHalts = 1000;

/** There are more stops in an interval than it was to be looked at with. */
export interface TooMany {
  /** Behind which the look was given up. */
  readonly event: number;
  /** The instruction that most of the stops were at. */
  readonly address: number;
}

export interface Interval {
  readonly kept: Kept;
  readonly until: Position;
  /** What the event there tells counts, too. */
  readonly withTarget: boolean;
}

export class Look {
  readonly interval: Interval;
  /** What was wanted. */
  readonly wanted: string;
  #halts: Halted[] = [];
  #isCut = false;

  constructor(interval: Interval, wanted: string) {
    this.interval = interval;
    this.wanted = wanted;
  }

  /** In their order; the earliest may be missing. */
  get halts(): readonly Halted[] {
    return this.#halts;
  }

  add(halted: Halted): void {
    this.#halts.push(halted);
    if (this.#halts.length < 2 * mostHalts) return;
    this.#halts = this.#halts.slice(mostHalts);
    this.#isCut = true;
  }

  /** A halt where the interval begins. */
  addFirst(halted: Halted): void {
    if (!this.#isCut) this.#halts.unshift(halted);
  }

  /** What comes next is not all that there is from here on. */
  cut(): void {
    this.#halts = [];
    this.#isCut = true;
  }

  /** The number of the first halt at a place; undefined where it is none, or what comes before is not known. */
  indexOf(position: Position): number | undefined {
    const index = this.#halts.findIndex((each) => each.position !== undefined && samePosition(each.position, position));
    return index < 0 || (index === 0 && this.#isCut) ? undefined : index;
  }
}

/** The legs where a segment, or the part of it that is in an interval, begins. */
export function legsOfInterval({ kept }: Interval, event: number): readonly Leg[] {
  return event === kept.position.event ? kept.position.legs : [];
}

/**
 * Where the stores of a look stand: a second run counts the passes of their instructions, by event and number of the store
 * there.
 */
export function countStores(timeline: Timeline, wanted: Stops, look: Look): Map<string, number> {
  const stores = look.halts.flatMap((halted) => (halted.kind === 'store' ? [halted] : []));
  const last = stores.at(-1);
  const counts = new Map<string, number>();
  let watchHalts = 0;
  timeline.explore(look.interval.kept.position, ({ driver }) => {
    return new StoreRun({
      driver,
      by: stores.map(({ by }) => by),
      watchpoints: watchesHere(timeline, wanted.watched),
      record: (task, sites) => timeline.recordPasses(task, sites),
      changed: (_by, count) => {
        const { event } = driver.position;
        watchHalts++;
        counts.set(storeKey(event, watchHalts), count);
        if (event === last?.event && watchHalts === last.index) throw new Arrived();
      },
      passedEvent: (event) => {
        watchHalts = 0;
        if (last === undefined || event > last.event) throw new Arrived();
      },
    });
  });
  return counts;
}

export function storeKey(event: number, index: number): string {
  return `${event} ${index}`;
}

/** A look over an interval of the recording: all that the debugger would have stopped at there, in its order. */
import type { FrameView } from '../../generated/schema.ts';
import type { Task } from '../../replay/task.ts';
import type { Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Halt } from './driver.ts';
import { FollowGoal, type HotAddress } from './goals.ts';
import { stopOf } from './halt-stops.ts';
import type { Kept } from './kept-checkpoints.ts';
import { type Position, samePosition } from './position.ts';
import type { Timeline } from './timeline.ts';
import { eventStop, type Stops, watchesOf } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';

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
const mostHalts = 1000;
/** So many arrivals at breakpoints behind an event are stopped at; then they are counted. */
const fewArrivals = 64;

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

  /** The number of the first halt at a place; undefined where it is none, or what comes before is not known. */
  indexOf(position: Position): number | undefined {
    const index = this.#halts.findIndex((each) => each.position !== undefined && samePosition(each.position, position));
    return index < 0 || (index === 0 && this.#isCut) ? undefined : index;
  }
}

/** Runs over the interval, and notes each halt. */
export function lookOver(timeline: Timeline, wanted: Stops, interval: Interval): Look {
  const { kept, until, withTarget } = interval;
  const look = new Look(interval, wanted.text);
  const armed = wanted.addresses;
  let segment = -1;
  let passes = new Map<number, number>();
  let watchHalts = 0;
  const watchpoints: Watchpoint[] = [];
  const values = new Map<Watchpoint, Uint8Array>();
  const changeOf = ({ watch, by }: Extract<Halt, { kind: 'watchpoint' }>): Change => {
    const change = { by, before: values.get(watch) ?? watch.value, after: watch.value };
    values.set(watch, watch.value);
    return change;
  };
  let hotAddress: number | undefined;
  /** Arrivals by stops before the next count. */
  let patience = fewArrivals;
  const enterSegment = (event: number): void => {
    if (event === segment) return;
    segment = event;
    passes = new Map();
    watchHalts = 0;
    hotAddress = undefined;
    patience = fewArrivals;
  };
  const hot: HotAddress = {
    get address() {
      return timeline.run!.driver.position.event === segment ? hotAddress : undefined;
    },
    isCountable: (address) => !armed.has(address) || wanted.isUnconditional(address),
    pass: (task, address, most) => {
      enterSegment(timeline.run!.driver.position.event);
      hotAddress = undefined;
      const passed = timeline.countPasses(task, address, most) ?? 0;
      // Where something else stops it all the time a stop is as good.
      patience = passed < fewArrivals ? 4 * patience : fewArrivals;
      if (!armed.has(address)) return passed;
      const before = passes.get(address) ?? 0;
      const stop: Stop = { kind: 'breakpoint', tid: task.tid, address, hardware: false };
      for (let count = Math.max(1, passed - mostHalts + 1); count <= passed; count++) {
        const legs: Position['legs'] = [{ kind: 'pass', address, count: before + count }];
        look.add({ kind: 'place', position: { event: segment, legs }, stop });
      }
      passes.set(address, before + passed);
      return passed;
    },
  };
  const met = (halt: Halt, task: Task): void => {
    const { position, standsAtLeg } = timeline.run!.driver;
    const { event } = position;
    enterSegment(event);
    const stop = stopOf(halt, task);
    switch (halt.kind) {
      case 'watchpoint': {
        const { by } = halt;
        const change = changeOf(halt);
        if (by === 0) look.add({ kind: 'beforeEvent', event, stop, change });
        else look.add({ kind: 'store', event, index: ++watchHalts, by, stop, change });
        break;
      }
      case 'breakpoint': {
        const count = (passes.get(halt.address) ?? 0) + (halt.isStanding ? 0 : 1);
        passes.set(halt.address, count);
        if (--patience <= 0 && wanted.isUnconditional(halt.address)) hotAddress = halt.address;
        if (!wanted.holds(halt.address, task, (...where) => timeline.read(...where))) return;
        const legs: Position['legs'] = count === 0 ? [] : [{ kind: 'pass', address: halt.address, count }];
        if (!samePosition({ event, legs }, until)) look.add({ kind: 'place', position: { event, legs }, stop });
        break;
      }
      case 'syscall':
        // One that the runtime does not answer is the next event.
        if (halt.isEntry && !standsAtLeg) look.add({ kind: 'beforeEvent', event: event + 1, stop });
        else if (!samePosition(position, until)) look.add({ kind: 'place', position, stop });
        break;
      default:
    }
  };
  const metEvent = (frame: FrameView, task: Task): void => {
    const isTarget = until.legs.length === 0 && frame.eventNumber === until.event;
    if (task.threadGroup !== timeline.process || (isTarget && !withTarget)) return;
    const stop = eventStop(wanted, frame, task);
    if (stop !== undefined) look.add({ kind: 'place', position: { event: frame.eventNumber, legs: [] }, stop });
  };
  const goal = new FollowGoal({
    target: until,
    from: kept,
    arrived,
    armed,
    watchpoints,
    met,
    metEvent,
    caught: wanted,
    hot,
  });
  timeline.look(goal, () => {
    watchpoints.push(...watchesHere(timeline, wanted));
    for (const watch of watchpoints) values.set(watch, watch.value);
  });
  return look;
}

/**
 * Where the stores of a look stand: a second one counts the passes of their instructions, by event and number of the store
 * there.
 */
export function countStores(timeline: Timeline, wanted: Stops, look: Look): Map<string, number> {
  const { kept, until } = look.interval;
  const armed = new Set(look.halts.flatMap((halted) => (halted.kind === 'store' ? [halted.by] : [])));
  const counts = new Map<string, number>();
  const watchpoints: Watchpoint[] = [];
  let segment = -1;
  let watchHalts = 0;
  const met = (halt: Halt): void => {
    if (halt.kind !== 'watchpoint' || halt.by === 0) return;
    const { driver } = timeline.run!;
    const { event } = driver.position;
    watchHalts = event === segment ? watchHalts + 1 : 1;
    segment = event;
    const count = driver.passesOfEvent(halt.by);
    if (count !== undefined) counts.set(storeKey(event, watchHalts), count);
  };
  // Its checkpoint may be gone by now.
  const [from] = timeline.checkpoints.before(kept.position);
  timeline.look(new FollowGoal({ target: until, from: from!, arrived, armed, watchpoints, met }), () => {
    watchpoints.push(...watchesHere(timeline, wanted));
  });
  return counts;
}

export function storeKey(event: number, index: number): string {
  return `${event} ${index}`;
}

function watchesHere(timeline: Timeline, wanted: Stops): Watchpoint[] {
  const { replayer } = timeline.run!;
  const task = [...replayer.tasks.values()].find(({ threadGroup }) => threadGroup === timeline.process);
  return task === undefined ? [] : watchesOf(replayer, task, wanted.watched);
}

function arrived(): never {
  throw new Arrived();
}

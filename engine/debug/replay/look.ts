/** A look over an interval of the recording: all that the debugger would have stopped at there, in its order. */
import type { FrameView } from '../../generated/schema.ts';
import type { Task } from '../../replay/task.ts';
import type { Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Halt } from './driver.ts';
import type { CountedSite } from './fast-run.ts';
import { FollowGoal, type HotPasses } from './goals.ts';
import { stopOf } from './halt-stops.ts';
import type { Kept } from './kept-checkpoints.ts';
import { type Leg, type Position, samePosition, withPass } from './position.ts';
import { StoreRun } from './store-run.ts';
import type { Timeline } from './timeline.ts';
import { eventStop, type SiteFilter, type Stops, watchesOf } from './wanted-stops.ts';
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
/** So many arrivals on the way are worth a stub. */
const fewPasses = 24;
/** More arrivals than there are. */
const endless = 2 ** 40;
/** So many arrivals at breakpoints behind an event are stopped at; then they are counted. */
const fewArrivals = 64;

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

/** Runs over the interval, and notes each halt; or gives up where there are more stops than that. */
export function lookOver(
  timeline: Timeline,
  wanted: Stops,
  interval: Interval,
  mostStops = Number.POSITIVE_INFINITY,
): Look | TooMany {
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
  /** Arrivals by stops before the next count. */
  let patience = fewArrivals;
  const enterSegment = (event: number): void => {
    if (event === segment) return;
    segment = event;
    passes = new Map();
    watchHalts = 0;
    patience = fewArrivals;
  };
  const legsOf = (address: number, count: number): readonly Leg[] => {
    const base = legsOfInterval(interval, segment);
    return count === 0 ? base : withPass(base, address, count);
  };
  /** As far as is known. */
  let hasStubs = true;
  const stopsEachTime = (filter: SiteFilter | undefined): boolean =>
    filter === undefined || (!hasStubs && typeof filter === 'object' && filter.kind === 'condition');
  const stopsAt = new Map<number, number>();
  let stops = 0;
  let tooMany: TooMany | undefined;
  const countStop = (address: number): void => {
    stopsAt.set(address, (stopsAt.get(address) ?? 0) + 1);
    if (++stops <= mostStops) return;
    const [most] = [...stopsAt].sort(([, one], [, other]) => other - one);
    tooMany = { event: timeline.run!.driver.position.event, address: most![0] };
    throw new Arrived();
  };
  /** Matches of an address, the last ones of so many passes since. */
  const addMatches = (tid: number, address: number, counts: readonly number[]): void => {
    const stop: Stop = { kind: 'breakpoint', tid, address, hardware: false };
    for (const count of counts) {
      look.add({ kind: 'place', position: { event: segment, legs: legsOf(address, count) }, stop });
    }
  };
  const hot: HotPasses = {
    get isHot() {
      return patience <= 0 && timeline.run!.driver.position.event === segment;
    },
    pass: (task, leg) => {
      enterSegment(timeline.run!.driver.position.event);
      patience = fewArrivals;
      const sites = hotSites(wanted, task, leg);
      const run = sites.length === 0 ? undefined : timeline.recordPasses(task, sites);
      hasStubs = run !== undefined;
      if (run === undefined) return passOne(task, leg);
      const matched = [...run.sites.entries()].filter(([index, { lastMatch }]) => {
        return lastMatch > 0 && armed.has(sites[index]!.address);
      });
      const [last] = matched.sort(([, one], [, other]) => other.order - one.order);
      if (last !== undefined) {
        const [index, result] = last;
        const { address, filter, conditions } = sites[index]!;
        const before = passes.get(address) ?? 0;
        if (matched.length === 1 && filter === undefined && conditions === undefined)
          addRange(task.tid, address, before, result.passes);
        else {
          look.cut();
          addMatches(task.tid, address, [before + result.lastMatch]);
        }
      }
      let ofAll = 0;
      for (const [index, result] of run.sites.slice(0, sites.length).entries()) {
        const { address } = sites[index]!;
        ofAll += result.passes;
        if (!armed.has(address)) continue;
        passes.set(address, (passes.get(address) ?? 0) + result.passes);
        wanted.counted(address, result.passes);
      }
      const legSite = leg === undefined ? -1 : sites.findIndex(({ address }) => address === leg.address);
      return { ofLeg: run.sites[legSite]?.passes ?? 0, ofAll };
    },
  };
  const addRange = (tid: number, address: number, before: number, passed: number): void => {
    if (passed > mostHalts) look.cut();
    const first = Math.max(1, passed - mostHalts + 1);
    addMatches(
      tid,
      address,
      Array.from({ length: passed - first + 1 }, (_, index) => before + first + index),
    );
  };
  /** One address alone, where not all can have a stub. */
  const passOne: HotPasses['pass'] = (task, leg) => {
    const isCountable = (address: number): boolean => !armed.has(address) || wanted.filterOf(address, task) === 'all';
    const isLeg = leg !== undefined && leg.most >= fewPasses && isCountable(leg.address);
    const others = [...armed].filter((each) => each !== leg?.address && isCountable(each) && passes.has(each));
    const address = isLeg ? leg.address : others[0];
    if (address === undefined || watchpoints.length > 0) return { ofLeg: 0, ofAll: 0 };
    const passed = timeline.countPasses(task, address, isLeg ? leg.most : endless) ?? 0;
    if (armed.has(address)) {
      const before = passes.get(address) ?? 0;
      addRange(task.tid, address, before, passed);
      passes.set(address, before + passed);
      wanted.counted(address, passed);
    }
    return { ofLeg: isLeg ? passed : 0, ofAll: passed };
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
        if (stopsEachTime(wanted.filterOf(halt.address, task))) countStop(halt.address);
        else patience--;
        if (!wanted.holds(halt.address, task, (...where) => timeline.read(...where))) return;
        const legs = legsOf(halt.address, count);
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
    touched: countStop,
  });
  timeline.look(goal, () => {
    watchpoints.push(...watchesHere(timeline, wanted));
    for (const watch of watchpoints) values.set(watch, watch.value);
  });
  return tooMany ?? look;
}

/** The legs where a segment, or the part of it that is in an interval, begins. */
export function legsOfInterval({ kept }: Interval, event: number): readonly Leg[] {
  return event === kept.position.event ? kept.position.legs : [];
}

/** What is armed and can be counted, and a leg's address; what is not among them is stopped at. */
function hotSites(
  wanted: Stops,
  task: Task,
  leg: { readonly address: number; readonly most: number } | undefined,
): readonly CountedSite[] {
  const sites: CountedSite[] = [];
  for (const address of wanted.addresses) {
    const filter = wanted.filterOf(address, task);
    if (filter === undefined) continue;
    if (typeof filter === 'object' && filter.kind === 'condition') {
      const { conditions } = filter;
      if (address !== leg?.address) sites.push({ address, conditions, isNeeded: true });
      else if (leg.most >= fewPasses) sites.push({ address, conditions, limit: leg.most, isNeeded: true });
    } else if (address !== leg?.address) {
      const { kind, value } = filter === 'never' || filter === 'all' ? neverMatching : filter;
      sites.push({ address, isNeeded: true, ...(filter === 'all' ? {} : { filter: { kind, value } }) });
    } else if (filter === 'all' && leg.most >= fewPasses) {
      sites.push({ address, isNeeded: true, trapAt: leg.most });
    }
  }
  if (leg !== undefined && leg.most >= fewPasses && !wanted.addresses.has(leg.address)) {
    sites.push({ address: leg.address, trapAt: leg.most, isNeeded: true });
  }
  return sites;
}

const neverMatching = { kind: 'stackIs', value: 0 } as const;

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
      watchpoints: watchesHere(timeline, wanted),
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

function watchesHere(timeline: Timeline, wanted: Stops): Watchpoint[] {
  const { replayer } = timeline.run!;
  const task = [...replayer.tasks.values()].find(({ threadGroup }) => threadGroup === timeline.process);
  return task === undefined ? [] : watchesOf(replayer, task, wanted.watched);
}

function arrived(): never {
  throw new Arrived();
}

/** One run over an interval of the recording, which notes all that the debugger would have stopped at there. */
import type { FrameView } from '../../generated/schema.ts';
import type { Task } from '../../replay/task.ts';
import type { Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Halt } from './driver.ts';
import type { CountedSite, PassRun } from './fast-run.ts';
import { FollowGoal, type HotPasses } from './goals.ts';
import { stopOf } from './halt-stops.ts';
import { type Change, type Interval, Look, legsOfInterval, mostHalts, type TooMany } from './look.ts';
import { type Leg, samePosition, withPass } from './position.ts';
import type { Timeline } from './timeline.ts';
import { eventStop, type SiteFilter, type Stops, watchesHere } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';

/** So many arrivals on the way are worth a stub. */
const fewPasses = 24;
/** More arrivals than there are. */
const endless = 2 ** 40;
/** So many arrivals at breakpoints behind an event are stopped at; then they are counted. */
const fewArrivals = 64;

/** Runs over the interval, and notes each halt; or gives up where there are more stops than that. */
export function lookOver(
  timeline: Timeline,
  wanted: Stops,
  interval: Interval,
  mostStops = Number.POSITIVE_INFINITY,
): Look | TooMany {
  return new LookRun(timeline, wanted, interval, mostStops).run();
}

type WayOf = Parameters<HotPasses['pass']>[1];
type Passed = ReturnType<HotPasses['pass']>;

class LookRun implements HotPasses {
  readonly #timeline: Timeline;
  readonly #wanted: Stops;
  readonly #interval: Interval;
  readonly #mostStops: number;
  readonly #look: Look;
  /** The event behind which the replay is. */
  #segment = -1;
  /** Arrivals at addresses since then. */
  #passes = new Map<number, number>();
  #watchHalts = 0;
  /** Arrivals by stops before the next count. */
  #patience = fewArrivals;
  readonly #watchpoints: Watchpoint[] = [];
  readonly #values = new Map<Watchpoint, Uint8Array>();
  /** As far as is known. */
  #hasStubs = true;
  readonly #stopsAt = new Map<number, number>();
  #stops = 0;
  #tooMany: TooMany | undefined;

  constructor(timeline: Timeline, wanted: Stops, interval: Interval, mostStops: number) {
    this.#timeline = timeline;
    this.#wanted = wanted;
    this.#interval = interval;
    this.#mostStops = mostStops;
    this.#look = new Look(interval, wanted.text);
  }

  run(): Look | TooMany {
    const goal = new FollowGoal({
      target: this.#interval.until,
      from: this.#interval.kept,
      arrived: () => {
        throw new Arrived();
      },
      armed: this.#wanted.addresses,
      watchpoints: this.#watchpoints,
      met: (halt, task) => this.#met(halt, task),
      metEvent: (frame, task) => this.#metEvent(frame, task),
      caught: this.#wanted,
      hot: this,
      touched: (by) => this.#countStop(by),
    });
    this.#timeline.look(goal, (run) => {
      const { kept } = this.#interval;
      const task = run.replayer.tasks.get(kept.tid);
      // What is before such a place ends without it, whatever stops there now.
      if (kept.isPause && task !== undefined) run.driver.meetAgain(task);
      this.#watchpoints.push(...watchesHere(this.#timeline, this.#wanted.watched));
      for (const watch of this.#watchpoints) this.#values.set(watch, watch.value);
    });
    return this.#tooMany ?? this.#look;
  }

  get #event(): number {
    return this.#timeline.run!.driver.position.event;
  }

  #enterSegment(event: number): void {
    if (event === this.#segment) return;
    this.#segment = event;
    this.#passes = new Map();
    this.#watchHalts = 0;
    this.#patience = fewArrivals;
  }

  #legsOf(address: number, count: number): readonly Leg[] {
    const base = legsOfInterval(this.#interval, this.#segment);
    return count === 0 ? base : withPass(base, address, count);
  }

  #passesOf(address: number): number {
    return this.#passes.get(address) ?? 0;
  }

  /** @throws Arrived where there are too many */
  #countStop(address: number): void {
    this.#stopsAt.set(address, (this.#stopsAt.get(address) ?? 0) + 1);
    if (++this.#stops <= this.#mostStops) return;
    const [most] = [...this.#stopsAt].sort(([, one], [, other]) => other - one);
    this.#tooMany = { event: this.#event, address: most![0] };
    throw new Arrived();
  }

  // What the replay halts at.

  #met(halt: Halt, task: Task): void {
    const { position, standsAtLeg } = this.#timeline.run!.driver;
    const { event } = position;
    this.#enterSegment(event);
    const stop = stopOf(halt, task);
    switch (halt.kind) {
      case 'watchpoint': {
        const { by } = halt;
        const change = this.#changeOf(halt);
        if (by === 0) this.#look.add({ kind: 'beforeEvent', event, stop, change });
        else this.#look.add({ kind: 'store', event, index: ++this.#watchHalts, by, stop, change });
        const { arrival: address } = halt;
        if (address === undefined || !this.#wanted.addresses.has(address)) break;
        this.#metBreakpoint({ kind: 'breakpoint', address, isStanding: false }, task);
        break;
      }
      case 'breakpoint':
        this.#metBreakpoint(halt, task);
        break;
      case 'syscall':
        // One that the runtime does not answer is the next event.
        if (halt.isEntry && !standsAtLeg) this.#look.add({ kind: 'beforeEvent', event: event + 1, stop });
        else if (!samePosition(position, this.#interval.until)) this.#look.add({ kind: 'place', position, stop });
        break;
      default:
    }
  }

  #changeOf({ watch, by }: Extract<Halt, { kind: 'watchpoint' }>): Change {
    const change = { by, before: this.#values.get(watch) ?? watch.value, after: watch.value };
    this.#values.set(watch, watch.value);
    return change;
  }

  #metBreakpoint(halt: Extract<Halt, { kind: 'breakpoint' }>, task: Task): void {
    const { address, isStanding } = halt;
    const count = this.#passesOf(address) + (isStanding ? 0 : 1);
    this.#passes.set(address, count);
    if (this.#stopsEachTime(this.#wanted.filterOf(address, task))) this.#countStop(address);
    else this.#patience--;
    if (!this.#wanted.holds(address, task, (...where) => this.#timeline.read(...where))) return;
    const position = { event: this.#segment, legs: this.#legsOf(address, count) };
    if (!samePosition(position, this.#interval.until))
      this.#look.add({ kind: 'place', position, stop: stopOf(halt, task) });
  }

  #stopsEachTime(filter: SiteFilter | undefined): boolean {
    return filter === undefined || (!this.#hasStubs && typeof filter === 'object' && filter.kind === 'condition');
  }

  #metEvent(frame: FrameView, task: Task): void {
    const { until, withTarget } = this.#interval;
    const isTarget = until.legs.length === 0 && frame.eventNumber === until.event;
    if (task.threadGroup !== this.#timeline.process || (isTarget && !withTarget)) return;
    const stop = eventStop(this.#wanted, frame, task);
    if (stop !== undefined) this.#look.add({ kind: 'place', position: { event: frame.eventNumber, legs: [] }, stop });
  }

  // What is counted without a halt.

  get isHot(): boolean {
    return this.#patience <= 0 && this.#event === this.#segment;
  }

  pass(task: Task, way: WayOf): Passed {
    this.#enterSegment(this.#event);
    this.#patience = fewArrivals;
    const record = (those: readonly CountedSite[]): PassRun | undefined =>
      those.length === 0 ? undefined : this.#timeline.recordPasses(task, those);
    let sites = hotSites(this.#wanted, task, way, this.#passes);
    let run = record(sites);
    this.#hasStubs = run !== undefined;
    if (run === undefined && sites.length > 1) {
      // One without room for a stub may hardly ever be come to: it is stopped at.
      sites = sites.filter(({ address }) => address === way?.address);
      run = record(sites);
    }
    if (run === undefined) return this.#passOne(task, way);
    this.#addLastMatches(task, sites, run);
    let ofAll = 0;
    for (const [index, { address }] of sites.entries()) {
      const { passes } = run.sites[index]!;
      ofAll += passes;
      if (this.#wanted.addresses.has(address)) this.#count(address, passes);
    }
    const wayIndex = way === undefined ? -1 : sites.findIndex(({ address }) => address === way.address);
    return { ofLeg: run.sites[wayIndex]?.passes ?? 0, ofAll };
  }

  #count(address: number, passes: number): void {
    this.#passes.set(address, this.#passesOf(address) + passes);
    this.#wanted.counted(address, passes);
  }

  /** Of several addresses, or some of the arrivals, the last match alone is known. */
  #addLastMatches(task: Task, sites: readonly CountedSite[], run: PassRun): void {
    const matched = [...sites.entries()].filter(([index, { address }]) => {
      return run.sites[index]!.lastMatch > 0 && this.#wanted.addresses.has(address);
    });
    const [last] = matched.sort(([one], [other]) => run.sites[other]!.order - run.sites[one]!.order);
    if (last === undefined) return;
    const [index, { address, filter, conditions }] = last;
    const { passes, lastMatch } = run.sites[index]!;
    if (matched.length === 1 && filter === undefined && conditions === undefined) {
      this.#addRange(task.tid, address, passes);
    } else {
      this.#look.cut();
      this.#addMatches(task.tid, address, [this.#passesOf(address) + lastMatch]);
    }
  }

  /** The next so many arrivals at an address. */
  #addRange(tid: number, address: number, passed: number): void {
    if (passed > mostHalts) this.#look.cut();
    const first = this.#passesOf(address) + Math.max(1, passed - mostHalts + 1);
    this.#addMatches(
      tid,
      address,
      Array.from({ length: Math.min(passed, mostHalts) }, (_, index) => first + index),
    );
  }

  #addMatches(tid: number, address: number, counts: readonly number[]): void {
    const stop: Stop = { kind: 'breakpoint', tid, address, hardware: false };
    for (const count of counts) {
      const position = { event: this.#segment, legs: this.#legsOf(address, count) };
      this.#look.add({ kind: 'place', position, stop });
    }
  }

  /** One address alone, where not all can have a stub. */
  #passOne(task: Task, way: WayOf): Passed {
    const { addresses } = this.#wanted;
    const isCountable = (address: number): boolean =>
      !addresses.has(address) || this.#wanted.filterOf(address, task) === 'all';
    const isWay = way !== undefined && way.most >= fewPasses && isCountable(way.address);
    const others = [...addresses].filter((each) => {
      return each !== way?.address && isCountable(each) && this.#passes.has(each);
    });
    const address = isWay ? way.address : others[0];
    if (address === undefined || this.#watchpoints.length > 0) return { ofLeg: 0, ofAll: 0 };
    const passed = this.#timeline.countPasses(task, address, isWay ? way.most : endless) ?? 0;
    if (addresses.has(address)) {
      this.#addRange(task.tid, address, passed);
      this.#count(address, passed);
    }
    return { ofLeg: isWay ? passed : 0, ofAll: passed };
  }
}

/**
 * What has been come to behind the event and can be counted, and a leg's address. What is not among them is stopped at:
 * where one had no room for a stub the others could have none, and most are never come to.
 */
function hotSites(wanted: Stops, task: Task, leg: WayOf, passes: ReadonlyMap<number, number>): readonly CountedSite[] {
  const sites: CountedSite[] = [];
  for (const address of wanted.addresses) {
    if (!passes.has(address) && address !== leg?.address) continue;
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

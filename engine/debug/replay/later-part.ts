/**
 * The later part of an interval where too much stops a look: from a checkpoint that is made there. So the last halt of very
 * many is found by a look at some of them.
 */
import { Arrived } from './client.ts';
import { CountedRun } from './counted-run.ts';
import type { Kept } from './kept-checkpoints.ts';
import { type Halted, type Interval, legsOfInterval, type TooMany } from './look.ts';
import { type Leg, legsBetween, type Position, samePosition, withPass } from './position.ts';
import type { Timeline } from './timeline.ts';
import type { Stops } from './wanted-stops.ts';

export interface LaterPart {
  readonly kept: Kept;
  /** The interval's end, by a way from there. */
  readonly until: Position;
  /** A breakpoint's at the checkpoint's own place. */
  readonly halt: Halted | undefined;
}

/**
 * A checkpoint within an interval, at an event half way from where a look was given up to the end; or, where that was in
 * the interval's last segment, so many arrivals at the instruction of most stops before the end. Undefined where none can
 * be made.
 */
export function laterPart(
  timeline: Timeline,
  wanted: Stops,
  interval: Interval,
  { event, address }: TooMany,
  arrivals: number,
): LaterPart | undefined {
  const { until } = interval;
  const lastSegment = until.legs.length > 0 ? until.event : until.event - 1;
  if (event < lastSegment) {
    const position: Position = { event: Math.ceil((event + lastSegment) / 2), legs: [] };
    timeline.explore(position, arrived, true);
    return keptThere(timeline, position, until);
  }
  const base: Position = { event, legs: legsOfInterval(interval, event) };
  const way = until.event === event ? legsBetween(base, until) : [];
  const [leg] = way ?? [];
  if (way === undefined || (leg !== undefined && leg.kind !== 'pass')) return undefined;
  const all = leg?.address === address ? leg.count : countToEnd(timeline, base, address, leg);
  const count = all - Math.ceil(arrivals);
  if (count <= 0) return undefined;
  const position: Position = { event, legs: withPass(base.legs, address, count) };
  let halt: Halted | undefined;
  let passed = 0;
  timeline.explore(base, ({ driver }) => {
    const counted: CountedRun = new CountedRun({
      sites: [
        { address, trapAt: count, isNeeded: true },
        ...(leg === undefined || leg.address === address ? [] : [{ address: leg.address, isNeeded: true }]),
      ],
      record: (task, sites) => timeline.recordPasses(task, sites),
      trapped: () => {
        passed = leg === undefined ? 0 : counted.of(leg.address)!.passes;
        const task = driver.current!;
        const stops = wanted.addresses.has(address);
        if (stops && wanted.holds(address, task, (...where) => timeline.read(...where))) {
          halt = { kind: 'place', position, stop: { kind: 'breakpoint', tid: task.tid, address, hardware: false } };
        }
        driver.rename(position.legs);
        timeline.keepNear(task);
        throw new Arrived();
      },
      passedEvent: arrived,
    });
    return counted;
  });
  if (leg === undefined) return keptThere(timeline, position, until, halt);
  const legs = [...withPass(position.legs, leg.address, leg.count - passed), ...way.slice(1)];
  return keptThere(timeline, position, { event, legs }, halt);
}

function keptThere(timeline: Timeline, position: Position, until: Position, halt?: Halted): LaterPart | undefined {
  const kept = timeline.checkpoints.before(position).find((each) => samePosition(each.position, position));
  return kept === undefined ? undefined : { kept, until, halt };
}

/** How often a task comes to an address from a place in a segment to the end of it, or to arrivals at another address. */
function countToEnd(
  timeline: Timeline,
  base: Position,
  address: number,
  leg: Extract<Leg, { kind: 'pass' }> | undefined,
): number {
  let count = 0;
  timeline.explore(base, () => {
    const ended = (): never => {
      count = counted.of(address)!.passes;
      throw new Arrived();
    };
    const counted: CountedRun = new CountedRun({
      sites: [
        { address, isNeeded: true },
        ...(leg === undefined ? [] : [{ address: leg.address, trapAt: leg.count, isNeeded: true }]),
      ],
      record: (task, sites) => timeline.recordPasses(task, sites),
      trapped: ended,
      passedEvent: ended,
    });
    return counted;
  });
  return count;
}

function arrived(): never {
  throw new Arrived();
}

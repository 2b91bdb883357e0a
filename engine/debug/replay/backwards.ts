/** Going back: to the instruction before, and to what the debugger would have stopped at last. */
import { EngineError } from '../../errors.ts';
import type { FrameView } from '../../generated/schema.ts';
import type { Task } from '../../replay/task.ts';
import type { Resume, Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Halt } from './driver.ts';
import { FollowGoal } from './goals.ts';
import { stopOf } from './halt-stops.ts';
import type { Kept } from './kept-checkpoints.ts';
import { countToWatch } from './open-places.ts';
import { type Position, samePosition } from './position.ts';
import type { PredecessorSearch } from './predecessor-search.ts';
import type { Timeline } from './timeline.ts';
import { eventStop, type WantedStops, watchesOf } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';

/** A place to go to, and what the debugger is told of it. */
export interface Met {
  readonly position: Position;
  readonly stop: Stop;
  /** Of a watchpoint: by which instruction, 0 for the kernel, and what was there. */
  readonly change?: Change;
}

export interface Change {
  readonly by: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** A halt on the way, whose place is looked for when no other one comes behind it. */
type Halted =
  | { readonly kind: 'place'; readonly position: Position; readonly stop: Stop }
  /** Before the so-manieth change of a watched value behind an event, by the instruction there. */
  | { readonly kind: 'store'; readonly event: number; readonly index: number; readonly by: number; readonly stop: Stop }
  /** Before an event: what the kernel wrote, or the entry of a call. */
  | { readonly kind: 'beforeEvent'; readonly event: number; readonly stop: Stop };

export class Backwards {
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  readonly #predecessors: PredecessorSearch;

  constructor(timeline: Timeline, wanted: WantedStops, predecessors: PredecessorSearch) {
    this.#timeline = timeline;
    this.#wanted = wanted;
    this.#predecessors = predecessors;
  }

  /** Where a resume backwards from a position leads to. @throws EngineError NO_PREDECESSOR, INTERRUPTED */
  resume(resume: Resume, from: Position): Met {
    this.#timeline.endRun();
    return (resume.how === 'step' ? this.#step(resume.tid, from) : this.lastStop(from)) ?? this.#begin(resume.tid);
  }

  #begin(tid: number): Met {
    return { position: this.#timeline.beginning, stop: { kind: 'begin', tid } };
  }

  #step(tid: number, from: Position): Met | undefined {
    const { beginning } = this.#timeline;
    const before = this.#predecessors.before(from, tid);
    if (before === undefined || before.event < beginning.event) return undefined;
    // What other tasks have done since then.
    const hit = before.event + 1 < from.event && this.#wanted.addresses.size > 0 ? this.lastStop(from) : undefined;
    if (hit !== undefined && hit.position.event > before.event) return hit;
    return { position: before, stop: { kind: 'step', tid } };
  }

  /** What stopped last before a position; undefined: nothing since the beginning. */
  lastStop(from: Position): Met | undefined {
    const { beginning, checkpoints } = this.#timeline;
    let until = from;
    for (const kept of checkpoints.before({ event: from.event, legs: [] })) {
      const { event } = kept.position;
      if (kept.position.legs.length > 0 || event > until.event) continue;
      if (event === until.event && until.legs.length === 0) continue;
      const last = this.#lastHalt(kept, until, until !== from);
      if (last !== undefined && last.position.event >= beginning.event) return last;
      until = { event, legs: [] };
      if (event <= beginning.event) break;
    }
    return undefined;
  }

  /**
   * What the debugger would have stopped at last between a checkpoint and a position.
   * @param withTarget what the event there tells counts, too
   */
  #lastHalt(kept: Kept, until: Position, withTarget: boolean): Met | undefined {
    const timeline = this.#timeline;
    let last: Halted | undefined;
    let segment = -1;
    let passes = new Map<number, number>();
    let watchHalts = 0;
    const watchpoints: Watchpoint[] = [];
    const values = new Map<Watchpoint, Uint8Array>();
    let change: Change | undefined;
    const met = (halt: Halt, task: Task): void => {
      const { position, standsAtLeg } = timeline.run!.driver;
      const { event } = position;
      if (event !== segment) {
        segment = event;
        passes = new Map();
        watchHalts = 0;
      }
      const stop = stopOf(halt, task);
      switch (halt.kind) {
        case 'watchpoint':
          change = { by: halt.by, before: values.get(halt.watch) ?? halt.watch.value, after: halt.watch.value };
          values.set(halt.watch, halt.watch.value);
          if (halt.by === 0) last = { kind: 'beforeEvent', event, stop };
          else last = { kind: 'store', event, index: ++watchHalts, by: halt.by, stop };
          break;
        case 'breakpoint': {
          const count = (passes.get(halt.address) ?? 0) + (halt.isStanding ? 0 : 1);
          passes.set(halt.address, count);
          if (!this.#wanted.holds(halt.address, task, (...where) => timeline.read(...where))) return;
          const legs: Position['legs'] = count === 0 ? [] : [{ kind: 'pass', address: halt.address, count }];
          if (!samePosition({ event, legs }, until)) last = { kind: 'place', position: { event, legs }, stop };
          break;
        }
        case 'syscall':
          // One that the runtime does not answer is the next event.
          if (halt.isEntry && !standsAtLeg) last = { kind: 'beforeEvent', event: event + 1, stop };
          else if (!samePosition(position, until)) last = { kind: 'place', position, stop };
          break;
        default:
      }
    };
    const metEvent = (frame: FrameView, task: Task): void => {
      const isTarget = until.legs.length === 0 && frame.eventNumber === until.event;
      if (task.threadGroup !== timeline.process || (isTarget && !withTarget)) return;
      const stop = eventStop(this.#wanted, frame, task);
      if (stop !== undefined) last = { kind: 'place', position: { event: frame.eventNumber, legs: [] }, stop };
    };
    const arrived = (): void => {
      throw new Arrived();
    };
    const goal = new FollowGoal({
      target: until,
      from: kept,
      arrived,
      armed: this.#wanted.addresses,
      watchpoints,
      met,
      metEvent,
      caught: this.#wanted,
    });
    timeline.look(goal, ({ replayer }) => {
      const task = [...replayer.tasks.values()].find(({ threadGroup }) => threadGroup === timeline.process);
      if (task !== undefined) watchpoints.push(...watchesOf(replayer, task, this.#wanted.watched));
      for (const watch of watchpoints) values.set(watch, watch.value);
    });
    if (last === undefined) return undefined;
    const place: Met = { position: this.#placeOf(last), stop: last.stop };
    return last.stop.kind === 'watchpoint' && change !== undefined ? { ...place, change } : place;
  }

  /** @throws EngineError NO_PLACE */
  #placeOf(halted: Halted): Position {
    switch (halted.kind) {
      case 'place':
        return halted.position;
      case 'store':
        return this.#storePosition(halted.event, halted.index, halted.by);
      case 'beforeEvent':
        return this.#predecessors.beforeEvent(halted.event) ?? this.#timeline.beginning;
    }
  }

  /** Where the store stands that was the so-manieth change of a watched value behind an event. */
  #storePosition(event: number, index: number, by: number): Position {
    const base: Position = { event, legs: [] };
    const count = countToWatch(this.#timeline, { base, index, by, watched: this.#wanted.watched });
    if (count === undefined) {
      const what = `change ${index} of what is watched behind event ${event}, by 0x${by.toString(16)},`;
      throw new EngineError('NO_PLACE', `${what} is not found again`);
    }
    return count === 0 ? base : { event, legs: [{ kind: 'pass', address: by, count }] };
  }
}

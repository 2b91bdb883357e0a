/** Going back: to the instruction before, and to what the debugger would have stopped at last. */
import type { Task } from '../../replay/task.ts';
import type { Resume, Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Halt } from './driver.ts';
import { FollowGoal } from './goals.ts';
import { stopOf } from './halt-stops.ts';
import type { Kept } from './kept-checkpoints.ts';
import { countToWatch } from './open-places.ts';
import { type Position, samePosition } from './position.ts';
import { PredecessorSearch } from './predecessor-search.ts';
import type { Timeline } from './timeline.ts';
import { type WantedStops, watchesOf } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';

/** A place to go to, and what the debugger is told of it. */
export interface Met {
  readonly position: Position;
  readonly stop: Stop;
}

export class Backwards {
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  readonly #predecessors: PredecessorSearch;

  constructor(timeline: Timeline, wanted: WantedStops) {
    this.#timeline = timeline;
    this.#wanted = wanted;
    this.#predecessors = new PredecessorSearch(timeline);
  }

  /** Where a resume backwards from a position leads to. @throws EngineError NO_PREDECESSOR, INTERRUPTED */
  resume(resume: Resume, from: Position): Met {
    this.#timeline.endRun();
    return (resume.how === 'step' ? this.#step(resume.tid, from) : this.#continue(from)) ?? this.#begin(resume.tid);
  }

  #begin(tid: number): Met {
    return { position: this.#timeline.beginning, stop: { kind: 'begin', tid } };
  }

  #step(tid: number, from: Position): Met | undefined {
    const { beginning } = this.#timeline;
    const before = this.#predecessors.before(from, tid);
    if (before === undefined || before.event < beginning.event) return undefined;
    // What other tasks have done since then.
    const hit = before.event + 1 < from.event && this.#wanted.addresses.size > 0 ? this.#continue(from) : undefined;
    if (hit !== undefined && hit.position.event > before.event) return hit;
    return { position: before, stop: { kind: 'step', tid } };
  }

  #continue(from: Position): Met | undefined {
    const { beginning, checkpoints } = this.#timeline;
    let until = from;
    for (const kept of checkpoints.before({ event: from.event, legs: [] })) {
      const { event } = kept.position;
      if (kept.position.legs.length > 0 || event > until.event) continue;
      if (event === until.event && until.legs.length === 0) continue;
      const last = this.#lastHalt(kept, until);
      if (last !== undefined && last.position.event >= beginning.event) return last;
      until = { event, legs: [] };
      if (event <= beginning.event) break;
    }
    return undefined;
  }

  /** What the debugger would have stopped at last between a checkpoint and a position. */
  #lastHalt(kept: Kept, until: Position): Met | undefined {
    const timeline = this.#timeline;
    let last: Met | undefined;
    let lastWatch: { event: number; index: number; by: number; stop: Stop } | undefined;
    let segment = -1;
    let passes = new Map<number, number>();
    let watchHalts = 0;
    const watchpoints: Watchpoint[] = [];
    const met = (halt: Halt, task: Task): void => {
      const { event } = timeline.run!.driver.position;
      if (event !== segment) {
        segment = event;
        passes = new Map();
        watchHalts = 0;
      }
      if (halt.kind === 'watchpoint') {
        watchHalts++;
        lastWatch = { event, index: watchHalts, by: halt.by, stop: stopOf(halt, task) };
        last = undefined;
        return;
      }
      if (halt.kind !== 'breakpoint') return;
      const count = (passes.get(halt.address) ?? 0) + (halt.isStanding ? 0 : 1);
      passes.set(halt.address, count);
      if (!this.#wanted.holds(halt.address, task, (...where) => timeline.read(...where))) return;
      const legs: Position['legs'] = count === 0 ? [] : [{ kind: 'pass', address: halt.address, count }];
      if (samePosition({ event, legs }, until)) return;
      last = { position: { event, legs }, stop: stopOf(halt, task) };
      lastWatch = undefined;
    };
    const arrived = (): void => {
      throw new Arrived();
    };
    const armed = this.#wanted.addresses;
    timeline.look(new FollowGoal({ target: until, from: kept, arrived, armed, watchpoints, met }), ({ replayer }) => {
      const [task] = replayer.tasks.values();
      if (task !== undefined) watchpoints.push(...watchesOf(replayer, task, this.#wanted.watched));
    });
    if (lastWatch === undefined) return last;
    const { event, index, by, stop } = lastWatch;
    // What the kernel wrote: before that event.
    const place = by === 0 ? this.#predecessors.beforeEvent(event) : this.#storePosition(event, index, by);
    return place === undefined ? undefined : { position: place, stop };
  }

  /** Where the store stands that was the so-manieth change of a watched value behind an event. */
  #storePosition(event: number, index: number, by: number): Position | undefined {
    const base: Position = { event, legs: [] };
    const count = countToWatch(this.#timeline, { base, index, by, watched: this.#wanted.watched });
    if (count === undefined) return undefined;
    return count === 0 ? base : { event, legs: [{ kind: 'pass', address: by, count }] };
  }
}

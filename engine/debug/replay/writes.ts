/** Who set some memory: the stores that changed it, one after the other, back from a place or on from it. */
import { EngineError } from '../../errors.ts';
import type { Task } from '../../replay/task.ts';
import type { Breakpoint, MemoryWrite, WriteSearch } from '../target.ts';
import { Backwards } from './backwards.ts';
import { Arrived } from './client.ts';
import type { Goal, Halt } from './driver.ts';
import type { Change } from './look.ts';
import { countToWatch } from './open-places.ts';
import { type Position, positionText, samePosition, withPass } from './position.ts';
import type { PredecessorSearch } from './predecessor-search.ts';
import type { Run, Timeline } from './timeline.ts';
import { WantedStops, watchesOf } from './wanted-stops.ts';

const longest = 4096;
const most = 1000;

interface Found {
  readonly position: Position;
  readonly tid: number;
  readonly change: Change;
}

export class Writes {
  readonly #timeline: Timeline;
  readonly #predecessors: PredecessorSearch;

  constructor(timeline: Timeline, predecessors: PredecessorSearch) {
    this.#timeline = timeline;
    this.#predecessors = predecessors;
  }

  /** The nearest first; fewer where there are no more. @throws EngineError BAD_VALUE, INTERRUPTED */
  find({ address, length, count, direction }: WriteSearch, from: Position): readonly MemoryWrite[] {
    if (!(length >= 1 && length <= longest && count >= 1 && count <= most)) {
      throw new EngineError('BAD_VALUE', `${count} writes of ${length} bytes: 1 to ${most} of 1 to ${longest} bytes`);
    }
    const watched: Breakpoint = { kind: 'write', address, length, conditions: [] };
    const wanted = new WantedStops();
    wanted.setBreakpoints([watched]);
    const backwards = new Backwards(this.#timeline, wanted, this.#predecessors);
    const writes: MemoryWrite[] = [];
    for (let place = from; writes.length < count; ) {
      const found = direction === 'backward' ? last(backwards, place) : this.#next(watched, place);
      if (found === undefined) break;
      const { position, tid, change } = found;
      place = position;
      writes.push({ position: positionText(position), event: position.event, tid, ...change });
    }
    return writes;
  }

  /** The next store behind the one where `from` may stand. */
  #next(watched: Breakpoint, from: Position): Found | undefined {
    for (let index = 1; ; index++) {
      const met = this.#change(watched, from, index);
      if (met === undefined) return undefined;
      const position = this.#placeOf(watched, from, index, met);
      if (!samePosition(position, from)) return { position, tid: met.tid, change: met.change };
    }
  }

  #placeOf(watched: Breakpoint, from: Position, index: number, { event, inSegment, change }: Seen): Position {
    if (change.by === 0) return this.#predecessors.beforeEvent(event) ?? from;
    const base: Position = event === from.event ? from : { event, legs: [] };
    const count = countToWatch(this.#timeline, {
      base,
      index: event === from.event ? index : inSegment,
      by: change.by,
      watched: [watched],
    });
    if (count === undefined)
      throw new EngineError('NO_PLACE', `the store behind ${positionText(from)} is not found again`);
    return count === 0 ? base : { event, legs: withPass(base.legs, change.by, count) };
  }

  /** The so-manieth change behind a place. */
  #change(watched: Breakpoint, from: Position, index: number): Seen | undefined {
    const timeline = this.#timeline;
    let seen: Seen | undefined;
    timeline.explore(
      from,
      (run) =>
        new ChangeGoal(timeline, run, watched, index, (found) => {
          seen = found;
        }),
    );
    return seen;
  }
}

function last(backwards: Backwards, from: Position): Found | undefined {
  const met = backwards.lastStop(from);
  if (met?.change === undefined) return undefined;
  return { position: met.position, tid: met.stop.tid, change: met.change };
}

interface Seen {
  /** The event behind which the store is; of the kernel's: its event. */
  readonly event: number;
  /** Its number since that event. */
  readonly inSegment: number;
  readonly tid: number;
  readonly change: Change;
}

/** Runs to the so-manieth change of some memory, or to the end of the process. */
class ChangeGoal implements Goal {
  readonly breakpoints: ReadonlySet<number> = new Set();
  readonly watchpoints;
  readonly #timeline: Timeline;
  readonly #run: Run;
  readonly #found: (seen: Seen) => void;
  #left: number;
  #inSegment = 0;
  #value: Uint8Array;

  constructor(timeline: Timeline, run: Run, watched: Breakpoint, index: number, found: (seen: Seen) => void) {
    this.#timeline = timeline;
    this.#run = run;
    this.watchpoints = watchesOf(run.replayer, timeline.task(), [watched]);
    this.#value = this.watchpoints[0]!.value;
    this.#left = index;
    this.#found = found;
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    if (halt.kind !== 'watchpoint') return;
    this.#inSegment++;
    this.#changed(this.#run.driver.position.event, halt.by, task);
  }

  passedEvent(event: number): void {
    const { driver, reader, replayer } = this.#run;
    this.#inSegment = 0;
    const task = replayer.tasks.get(reader.frame.tid);
    if (driver.changedByEvent(reader.frame) !== undefined && task !== undefined) this.#changed(event, 0, task);
    const { recorded, process } = this.#timeline;
    if (event >= recorded.endOf(process).event) throw new Arrived();
  }

  #changed(event: number, by: number, { tid }: Task): void {
    const [watch] = this.watchpoints;
    const change: Change = { by, before: this.#value, after: watch!.value };
    this.#value = watch!.value;
    if (--this.#left > 0) return;
    this.#found({ event, inSegment: this.#inSegment, tid, change });
    throw new Arrived();
  }
}

/**
 * Places without a name: where a watchpoint or Ctrl-C has stopped the program. It is there by a checkpoint; its name is
 * found when one wants to come back.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import type { RegisterWords } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { Breakpoint } from '../target.ts';
import { Arrived } from './client.ts';
import { runToState } from './fast-run.ts';
import type { Kept } from './kept-checkpoints.ts';
import { checksumMemory, type RangeChecksum, sameMemory } from './memory-state.ts';
import { type Leg, type Position, positionText } from './position.ts';
import type { PredecessorSearch } from './predecessor-search.ts';
import type { Timeline } from './timeline.ts';
import { Count } from './walk.ts';
import { watchesOf } from './wanted-stops.ts';

/** What is known of a place without a name. */
export type OpenPlace =
  /** At the entry of the system call that an event is of. */
  | { readonly kind: 'call'; readonly event: number }
  /** Behind the so-manieth change of a watched value since the leg before, or the event, by the instruction there. */
  | {
      readonly kind: 'watch';
      readonly by: number;
      readonly index: number;
      readonly sinceEvent: boolean;
      readonly watched: readonly Breakpoint[];
    }
  | { readonly kind: 'state'; readonly registers: RegisterWords; readonly checksums: readonly RangeChecksum[] }
  /** A checkpoint was made of it on the way, where the way so far was that of `parent`. */
  | {
      readonly kind: 'pause';
      readonly parent: Position;
      readonly tid: number;
      readonly registers: RegisterWords;
      /** Undefined: as its checkpoint has it. */
      checksums: readonly RangeChecksum[] | undefined;
    }
  /** While another process runs: the one that is looked at stands where the last event has left it. */
  | { readonly kind: 'elsewhere' };

type Pause = Extract<OpenPlace, { kind: 'pause' }>;
type Watch = Extract<OpenPlace, { kind: 'watch' }>;
type State = Extract<OpenPlace, { kind: 'state' }>;

function notFound(base: Position, number: number): EngineError {
  return new EngineError('NO_PLACE', `the way to ${positionText(base)}+?${number} is not found again`);
}

export class OpenPlaces {
  readonly #timeline: Timeline;
  readonly #predecessors: PredecessorSearch;
  readonly #places: OpenPlace[] = [];
  readonly #names = new Map<string, readonly Leg[]>();

  constructor(timeline: Timeline, predecessors: PredecessorSearch) {
    this.#timeline = timeline;
    this.#predecessors = predecessors;
    timeline.onPause = (task) => this.#addPause(task);
    timeline.reachable = (position) => this.#resolve(position, true);
    timeline.checkpoints.dropped = (kept) => this.#sumUp(kept);
  }

  #addPause(task: Task): void {
    const { position } = this.#timeline.run!.driver;
    const registers = task.registers.slice();
    this.#rename({ kind: 'pause', parent: position, tid: task.tid, registers, checksums: undefined });
    const { driver } = this.#timeline.run!;
    // It says all: the way there is that of its parent.
    driver.rename(driver.position.legs.slice(-1));
    this.#timeline.keepOnTheWay(task);
  }

  /** The checkpoint of such a place goes. */
  #sumUp({ checkpoint, position }: Kept): void {
    const place = this.#placeOf(position.legs[0]!);
    const task = place?.kind === 'pause' ? checkpoint.taskOf(place.tid) : undefined;
    if (place?.kind === 'pause' && task !== undefined) {
      place.checksums ??= checksumMemory(this.#timeline.processes, task);
    }
  }

  #placeOf(leg: Leg): OpenPlace | undefined {
    return leg.kind === 'open' ? this.#places[leg.number - 1] : undefined;
  }

  /** The same place by a way that can be gone, whose last leg has a name. @throws EngineError NO_PLACE */
  reachable(position: Position): Position {
    const last = position.legs.at(-1);
    if (last?.kind !== 'open' && this.#timeline.checkpoints.reaches(position)) return this.#timeline.nearer(position);
    return this.#resolve(position, true);
  }

  /** The same place by a way that can be gone. @throws EngineError NO_PLACE */
  standable(position: Position): Position {
    return this.#timeline.checkpoints.reaches(position) ? this.#timeline.nearer(position) : this.named(position);
  }

  /** The replay stands behind the instruction of a system call, which is not made yet: no checkpoint can be made. */
  addCall(event: number): void {
    this.#rename({ kind: 'call', event });
  }

  /** The replay stands where no name leads to: a checkpoint keeps the place. */
  add(place: OpenPlace, task: Task): void {
    this.#rename(place);
    this.#timeline.keepNear(task);
  }

  #rename(place: OpenPlace): void {
    const { driver } = this.#timeline.run!;
    this.#places.push(place);
    driver.rename([...driver.position.legs, { kind: 'open', number: this.#places.length, count: 1 }]);
  }

  /** The same position with names for all of its legs. @throws EngineError NO_PLACE */
  named(position: Position): Position {
    return this.#timeline.aliases.get(positionText(position)) ?? this.#resolve(position, false);
  }

  /** @param keepsPauses a checkpoint that was made on the way, and is still there, is a name, unless it is the place itself */
  #resolve(position: Position, keepsPauses: boolean): Position {
    const { event } = position;
    let known: Position = { event, legs: [] };
    for (const [index, leg] of position.legs.entries()) {
      const place = this.#placeOf(leg);
      if (leg.kind !== 'open') known = { event: known.event, legs: [...known.legs, leg] };
      else if (place === undefined) throw notFound(known, leg.number);
      else if (place.kind === 'elsewhere') continue;
      else if (place.kind === 'call') known = this.#predecessors.beforeEvent(place.event) ?? known;
      else if (place.kind === 'pause') {
        const there: Position = { event, legs: [leg] };
        const isBase = keepsPauses && index < position.legs.length - 1;
        if (isBase && this.#timeline.checkpoints.at(there) !== undefined) known = there;
        else known = this.#nameOfPause(event, leg.number, place, keepsPauses);
      } else {
        const base = place.kind === 'watch' && place.sinceEvent ? { event: known.event, legs: [] } : known;
        known = { event: base.event, legs: [...base.legs, ...this.#nameOf(base, leg.number, place)] };
      }
    }
    return known;
  }

  /** By the way from the one before it, or from the event. */
  #nameOfPause(event: number, number: number, place: Pause, isRelative: boolean): Position {
    let base: Position = { event, legs: [] };
    if (isRelative) {
      base = place.parent;
      while (!this.#timeline.checkpoints.reaches(base)) base = this.#parentOf(base);
    }
    const { legs } = base;
    return { event, legs: [...legs, ...this.#nameOf(base, number, place)] };
  }

  /** What a way that cannot be gone began with. */
  #parentOf({ event, legs }: Position): Position {
    const place = legs.map((leg) => this.#placeOf(leg)).findLast((each) => each?.kind === 'pause');
    return place?.kind === 'pause' ? place.parent : { event, legs: [] };
  }

  /** Legs from a position to the place without a name that comes next. */
  #nameOf(base: Position, number: number, place: Pause | Watch | State): readonly Leg[] {
    // One that was made on the way is looked for from several places.
    const key = place.kind === 'pause' ? `${number} from ${positionText(base)}` : `${number}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const found = place.kind === 'watch' ? this.#nameOfWatch(base, place) : this.#nameOfState(base, number, place);
    if (found === undefined) throw notFound(base, number);
    this.#names.set(key, found);
    return found;
  }

  #nameOfWatch(base: Position, { by, index, watched }: Watch): readonly Leg[] | undefined {
    const count = countToWatch(this.#timeline, { base, index, by, watched });
    if (count === undefined) return undefined;
    const step: Leg = { kind: 'step', count: 1 };
    return count === 0 ? [step] : [{ kind: 'pass', address: by, count }, step];
  }

  /** The first arrival with that state, which is where it was, or as good as that: all that follows is the same. */
  #nameOfState(base: Position, number: number, place: State | Pause): readonly Leg[] | undefined {
    const { processes, client, checkpoints } = this.#timeline;
    const address = register(place.registers, registerIndex.rip);
    if (place.kind === 'pause' && place.checksums === undefined) {
      const kept = checkpoints.at({ event: base.event, legs: [{ kind: 'open', number, count: 1 }] });
      if (kept !== undefined) this.#sumUp(kept);
    }
    const { checksums } = place;
    if (checksums === undefined) return undefined;
    let found: readonly Leg[] | undefined;
    this.#timeline.explore(base, (run) => ({
      breakpoints: new Set(),
      watchpoints: [],
      halted: () => undefined,
      beforeRun: (task) => {
        run.driver.liftAll();
        const isIt = (): boolean => sameMemory(processes, task, checksums);
        const count = runToState(run.replayer, task, place.registers, isIt, () => client.isInterrupted());
        found = count === 0 ? [] : [{ kind: 'pass', address, count }];
        throw new Arrived();
      },
    }));
    return found;
  }
}

/**
 * Arrivals at the instruction `by`, counted from `base`, up to the so-manieth change of a watched value, which is its;
 * undefined when the segment ends before.
 */
export function countToWatch(
  timeline: Timeline,
  change: {
    readonly base: Position;
    readonly index: number;
    readonly by: number;
    readonly watched: readonly Breakpoint[];
  },
): number | undefined {
  const { base, index, by, watched } = change;
  let found: number | undefined;
  let halts = 0;
  timeline.explore(base, (run) => {
    const [task] = [...run.replayer.tasks.values()].filter(({ threadGroup }) => threadGroup === timeline.process);
    return new Count({
      addresses: [by],
      watchpoints: task === undefined ? [] : watchesOf(run.replayer, task, watched),
      halted: (halt, _task, counts) => {
        if (halt.kind !== 'watchpoint') return;
        halts++;
        if (halts < index) return;
        found = counts.of(by);
        throw new Arrived();
      },
      passedEvent: () => {
        throw new Arrived();
      },
    });
  });
  return found;
}

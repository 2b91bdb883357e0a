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
import { type Leg, type Position, positionText, withLegs } from './position.ts';
import type { PredecessorSearch } from './predecessor-search.ts';
import type { Timeline } from './timeline.ts';
import { Count } from './walk.ts';
import { watchesHere } from './wanted-stops.ts';

/** What is known of a place without a name. */
export type OpenPlace =
  /** At the entry of the system call that an event is of. */
  | { readonly kind: 'call'; readonly event: number }
  /** Behind the so-manieth change of a watched value since the leg before, or the event, by the instruction there. */
  | { readonly kind: 'watch'; readonly by: number; readonly index: number; readonly watched: readonly Breakpoint[] }
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
    timeline.quietBefore = (position, addresses) => this.#quietBefore(position, addresses);
    timeline.checkpoints.dropped = (kept) => this.#sumUp(kept);
  }

  #addPause(task: Task): void {
    const { position } = this.#timeline.run!.driver;
    const registers = task.registers.slice();
    this.#rename({ kind: 'pause', parent: position, tid: task.tid, registers, checksums: undefined });
    const { driver } = this.#timeline.run!;
    // It says all: the way there is that of its parent.
    driver.rename(driver.position.legs.slice(-1));
    driver.restartArrivals();
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

  /** The place that was kept last on the way to a position, or the event before it. */
  baseOf({ event, legs }: Position): Position {
    const isKept = legs[0] !== undefined && this.#placeOf(legs[0])?.kind === 'pause';
    return { event, legs: isKept ? legs.slice(0, 1) : [] };
  }

  /** The replay stands where no name leads to: a checkpoint keeps the place. `base`: what it is told from. */
  add(place: OpenPlace, task: Task, base?: Position): void {
    this.#rename(place, base);
    this.#timeline.keepNear(task);
  }

  #rename(place: OpenPlace, base?: Position): void {
    const { driver } = this.#timeline.run!;
    const { legs } = base ?? driver.position;
    this.#places.push(place);
    driver.rename([...legs, { kind: 'open', number: this.#places.length, count: 1 }]);
  }

  /** The same position with names for all of its legs. @throws EngineError NO_PLACE */
  named(position: Position): Position {
    return this.#timeline.aliases.get(positionText(position)) ?? this.#resolve(position, false);
  }

  /**
   * @param keepsPauses a checkpoint that was made on the way, and is still there, is a name, unless it is the place itself
   * @param keepsLast it is one even then
   */
  #resolve(position: Position, keepsPauses: boolean, keepsLast = false): Position {
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
        const isBase = keepsPauses && (keepsLast || index < position.legs.length - 1);
        if (isBase && this.#timeline.checkpoints.at(there) !== undefined) known = there;
        else known = this.#nameOfPause(event, leg.number, place, keepsPauses);
      } else {
        known = { event: known.event, legs: withLegs(known.legs, this.#nameOf(known, leg.number, place)) };
      }
    }
    // Where another one had been made before, nothing lies between the two.
    return keepsLast || known.legs.at(-1)?.kind !== 'open' ? known : this.#resolve(known, keepsPauses);
  }

  /** By the way from the one before it, or from the event. */
  #nameOfPause(event: number, number: number, place: Pause, isRelative: boolean): Position {
    const base = isRelative ? this.#parentOf(place) : { event, legs: [] };
    const { legs } = base;
    return { event, legs: withLegs(legs, this.#nameOf(base, number, place)) };
  }

  /** Where one was before it, by a way that can be gone. */
  #parentOf(place: Pause): Position {
    return this.#resolve(place.parent, true, true);
  }

  /** As Timeline.quietBefore: the run that finds the place's name tells. Undefined, too, where the name is known. */
  #quietBefore({ event, legs }: Position, addresses: ReadonlySet<number>): Position | undefined {
    const [leg] = legs;
    const place = leg === undefined || legs.length > 1 ? undefined : this.#placeOf(leg);
    if (leg?.kind !== 'open' || place?.kind !== 'pause') return undefined;
    const base = this.#parentOf(place);
    const key = nameKey(base, leg.number, place);
    const isPauseItself = base.event === event && base.legs.length === 1 && this.#placeOf(base.legs[0]!) !== undefined;
    if (isPauseItself && addresses.size === 0) return base;
    if (!isPauseItself || this.#names.has(key)) return undefined;
    const found = this.#nameOfState(base, leg.number, place, addresses);
    if (found === undefined) throw notFound(base, leg.number);
    this.#names.set(key, found.legs);
    return found.isQuiet ? base : undefined;
  }

  /** Legs from a position to the place without a name that comes next. */
  #nameOf(base: Position, number: number, place: Pause | Watch | State): readonly Leg[] {
    const key = nameKey(base, number, place);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const found =
      place.kind === 'watch' ? this.#nameOfWatch(base, place) : this.#nameOfState(base, number, place)?.legs;
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

  /**
   * The first arrival with that state, which is where it was, or as good as that: all that follows is the same.
   * `isQuiet`: the task has come to none of the addresses.
   */
  #nameOfState(
    base: Position,
    number: number,
    place: State | Pause,
    addresses: ReadonlySet<number> = new Set(),
  ): { readonly legs: readonly Leg[]; readonly isQuiet: boolean } | undefined {
    const { processes, client, checkpoints } = this.#timeline;
    const address = register(place.registers, registerIndex.rip);
    if (place.kind === 'pause' && place.checksums === undefined) {
      const kept = checkpoints.at({ event: base.event, legs: [{ kind: 'open', number, count: 1 }] });
      if (kept !== undefined) this.#sumUp(kept);
    }
    const { checksums } = place;
    if (checksums === undefined) return undefined;
    let found: { readonly legs: readonly Leg[]; readonly isQuiet: boolean } | undefined;
    let isQuiet = true;
    let count = 0;
    this.#timeline.explore(base, ({ driver, replayer }) => ({
      breakpoints: addresses,
      watchpoints: [],
      halted: () => {
        isQuiet = false;
      },
      beforeRun: (task) => {
        isQuiet &&= !replayer.keepsCode && driver.armAround(task, [address]);
        if (!isQuiet) driver.liftAll();
        const { passes, isThere } = runToState(replayer, task, place.registers, {
          isIt: () => sameMemory(processes, task, checksums),
          isInterrupted: () => client.isInterrupted(),
          stopped: () => {
            if (!isQuiet || !addresses.has(register(task.registers, registerIndex.rip))) return false;
            isQuiet = false;
            driver.liftAll();
            return true;
          },
        });
        count += passes;
        if (!isThere) {
          // What the replay waits for, as the last of the buffered calls: it is found behind that.
          driver.hasJumped(task);
          return;
        }
        found = { legs: count === 0 ? [] : [{ kind: 'pass', address, count }], isQuiet };
        throw new Arrived();
      },
      passedEvent: () => {
        throw new Arrived();
      },
    }));
    return found;
  }
}

/** One that was made on the way is looked for from several places. */
function nameKey(base: Position, number: number, place: Pause | Watch | State): string {
  return place.kind === 'pause' ? `${number} from ${positionText(base)}` : `${number}`;
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
  timeline.explore(base, () => {
    return new Count({
      addresses: [by],
      watchpoints: watchesHere(timeline, watched),
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

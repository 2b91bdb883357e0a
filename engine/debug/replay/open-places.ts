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
import { type RangeChecksum, sameMemory } from './memory-state.ts';
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
  /** While another process runs: the one that is looked at stands where the last event has left it. */
  | { readonly kind: 'elsewhere' };

export class OpenPlaces {
  readonly #timeline: Timeline;
  readonly #predecessors: PredecessorSearch;
  readonly #places: OpenPlace[] = [];
  readonly #names = new Map<number, readonly Leg[]>();

  constructor(timeline: Timeline, predecessors: PredecessorSearch) {
    this.#timeline = timeline;
    this.#predecessors = predecessors;
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
    let known: Position = { event: position.event, legs: [] };
    for (const leg of position.legs) {
      const place = leg.kind === 'open' ? this.#places[leg.number - 1] : undefined;
      if (leg.kind !== 'open') known = { event: known.event, legs: [...known.legs, leg] };
      else if (place?.kind === 'elsewhere') continue;
      else if (place?.kind === 'call') known = this.#predecessors.beforeEvent(place.event) ?? known;
      else {
        const base = place?.kind === 'watch' && place.sinceEvent ? { event: known.event, legs: [] } : known;
        known = { event: base.event, legs: [...base.legs, ...this.#nameOf(base, leg.number)] };
      }
    }
    return known;
  }

  /** Legs from a position to the place without a name that comes next. */
  #nameOf(base: Position, number: number): readonly Leg[] {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const place = this.#places[number - 1];
    const found =
      place?.kind === 'watch'
        ? this.#nameOfWatch(base, place)
        : place?.kind === 'state'
          ? this.#nameOfState(base, place)
          : undefined;
    if (found === undefined)
      throw new EngineError('NO_PLACE', `the way to ${positionText(base)}+?${number} is not found again`);
    this.#names.set(number, found);
    return found;
  }

  #nameOfWatch(
    base: Position,
    { by, index, watched }: Extract<OpenPlace, { kind: 'watch' }>,
  ): readonly Leg[] | undefined {
    const count = countToWatch(this.#timeline, { base, index, by, watched });
    if (count === undefined) return undefined;
    const step: Leg = { kind: 'step', count: 1 };
    return count === 0 ? [step] : [{ kind: 'pass', address: by, count }, step];
  }

  /** The first arrival with that state, which is where it was, or as good as that: all that follows is the same. */
  #nameOfState(base: Position, place: Extract<OpenPlace, { kind: 'state' }>): readonly Leg[] | undefined {
    const { processes, client } = this.#timeline;
    const address = register(place.registers, registerIndex.rip);
    let found: readonly Leg[] | undefined;
    this.#timeline.explore(base, (run) => ({
      breakpoints: new Set(),
      watchpoints: [],
      steps: () => false,
      halted: () => undefined,
      catches: () => false,
      beforeRun: (task) => {
        run.driver.liftAll();
        const isIt = (): boolean => sameMemory(processes, task, place.checksums);
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

/**
 * Breakpoints whose conditions do not hold, on the way forwards: after some stops stubs in the program's code compute the
 * conditions, in some nanoseconds where a stop takes 40 us (native/patch/condition-code.h).
 */
import type { Task } from '../../replay/task.ts';
import type { Timeline } from './timeline.ts';
import type { Stops } from './wanted-stops.ts';

/** Stops before stubs are worth their making. */
const fewStops = 24;
/** So many passes by stubs were worth it. */
const manyPasses = 100;

export class FalseHits {
  readonly #timeline: Timeline;
  readonly #wanted: Stops;
  /** Where there were some since the last stubs. */
  #addresses = new Set<number>();
  #patience = fewStops;
  #backOff = fewStops;

  constructor(timeline: Timeline, wanted: Stops) {
    this.#timeline = timeline;
    this.#wanted = wanted;
  }

  /** A breakpoint has been met, and its conditions do not hold. */
  note(address: number): void {
    this.#addresses.add(address);
    this.#patience--;
  }

  /**
   * Runs the task on by stubs, where that is worth it, to what stops it. The address where it has come to a pass that
   * counts, or whose condition cannot be computed; undefined: it is none.
   */
  pass(task: Task): number | undefined {
    if (this.#patience > 0 || !this.#timeline.run!.driver.isDone(task)) return undefined;
    const sites = [...this.#addresses].flatMap((address) => {
      const filter = this.#wanted.filterOf(address, task);
      if (typeof filter !== 'object' || filter.kind !== 'condition') return [];
      return [{ address, conditions: filter.conditions, trapAt: 1, isNeeded: true }];
    });
    this.#addresses.clear();
    const run = sites.length === 0 ? undefined : this.#timeline.recordPasses(task, sites, true);
    const passes = run?.sites.reduce((sum, each) => sum + each.passes, 0) ?? 0;
    this.#backOff = passes < manyPasses ? Math.min(4 * this.#backOff, 2 ** 30) : fewStops;
    this.#patience = this.#backOff;
    return run?.trappedAt === undefined ? undefined : sites[run.trappedAt]?.address;
  }
}

/**
 * Breakpoints that only count, and those whose conditions do not hold, on the way forwards: after some stops stubs in the program's code compute the
 * conditions, in some nanoseconds where a stop takes 40 us (native/patch/condition-code.h).
 */
import { registerIndex } from '../../generated/schema.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { CountedSite } from './fast-run.ts';
import { StubPatience } from './stub-patience.ts';
import type { Timeline } from './timeline.ts';
import type { WantedStops } from './wanted-stops.ts';

/** Addresses that are counted at once. */
const mostCounted = 32;

export class FalseHits {
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  /** Where there were some since the last stubs. */
  #addresses = new Set<number>();
  readonly #patience = new StubPatience();
  /** As many of those that count as have stubs at once, lately. */
  #countedAtOnce = mostCounted;

  constructor(timeline: Timeline, wanted: WantedStops) {
    this.#timeline = timeline;
    this.#wanted = wanted;
  }

  /** A breakpoint has been met, and its conditions do not hold. */
  note(address: number): void {
    this.#addresses.add(address);
    this.#patience.stopped();
  }

  /**
   * Runs the task on by stubs, where that is worth it, to what stops it. The address where it has come to a pass that
   * counts, or whose condition cannot be computed; undefined: it is none.
   */
  pass(task: Task): number | undefined {
    if (!this.#patience.isOver || !this.#timeline.run!.driver.isDone(task)) return undefined;
    const conditioned = [...this.#addresses].flatMap((address): CountedSite[] => {
      const filter = this.#wanted.filterOf(address, task);
      if (typeof filter !== 'object' || filter.kind !== 'condition') return [];
      return [{ address, conditions: filter.conditions, trapAt: 1, isNeeded: true }];
    });
    const counted = this.#mostPassed(task);
    const sites = [...conditioned, ...counted.map((address): CountedSite => ({ address, isNeeded: true }))];
    this.#addresses.clear();
    const run = sites.length === 0 ? undefined : this.#timeline.recordPasses(task, sites, true);
    for (const [index, address] of counted.entries()) {
      this.#wanted.counted(address, run?.sites[conditioned.length + index]?.passes ?? 0);
    }
    // One of them may have no room: fewer are tried then.
    this.#countedAtOnce =
      run === undefined ? Math.max(1, counted.length >> 1) : Math.min(mostCounted, 2 * counted.length);
    this.#patience.tried(run?.sites.reduce((sum, each) => sum + each.passes, 0) ?? 0);
    return run?.trappedAt === undefined ? undefined : sites[run.trappedAt]?.address;
  }

  /** Of the addresses that count those that are passed most, and where the task stands. */
  #mostPassed(task: Task): number[] {
    const here = register(task.registers, registerIndex.rip);
    const { passCounts } = this.#wanted;
    if (passCounts.size === 0) return [];
    const rank = (address: number): number => (address === here ? Number.POSITIVE_INFINITY : passCounts.get(address)!);
    return [...passCounts.keys()]
      .filter((address) => rank(address) > 0 && this.#wanted.filterOf(address, task) === 'never')
      .sort((one, other) => rank(other) - rank(one))
      .slice(0, this.#countedAtOnce);
  }
}

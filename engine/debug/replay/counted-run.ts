/**
 * A run of one task in which arrivals at addresses are counted: by stops as long as there are few of them, then by stubs in
 * the program's code, a thousand times faster.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { Goal, Halt } from './driver.ts';
import type { CountedSite, PassRun, StackFilter } from './fast-run.ts';
import { StubPatience } from './stub-patience.ts';

/** Matches that are near the last one. */
const mostRecent = 12;

export type RecordPasses = (task: Task, sites: readonly CountedSite[]) => PassRun | undefined;

/** What is known of an address. */
export interface CountedAddress {
  readonly address: number;
  readonly passes: number;
  /** The number of the last pass that matches; 0: none has. */
  readonly lastMatch: number;
  /** Of that one among the matches of all addresses. */
  readonly order: number;
}

interface Counted extends CountedAddress {
  readonly site: CountedSite;
  passes: number;
  lastMatch: number;
  order: number;
}

export class CountedRun implements Goal {
  readonly watchpoints = [];
  breakpoints: ReadonlySet<number>;
  #counted: Counted[];
  readonly #record: RecordPasses;
  readonly #trapped: (site: CountedAddress) => void;
  readonly #passedEvent: () => void;
  readonly #beforeRun: (() => void) | undefined;
  #order = 0;
  readonly #patience = new StubPatience();

  constructor(parts: {
    /** Those that are not needed may be given up. One with a filter is trapped at once, or never. */
    readonly sites: readonly CountedSite[];
    readonly record: RecordPasses;
    /** The task stands at the match that a site was to be trapped at. */
    readonly trapped: (site: CountedAddress) => void;
    readonly passedEvent: () => void;
    /** Before the task runs, or stubs are tried. */
    readonly beforeRun?: () => void;
  }) {
    this.#counted = parts.sites.map((site) => ({ site, address: site.address, passes: 0, lastMatch: 0, order: 0 }));
    this.breakpoints = new Set(this.#counted.map(({ address }) => address));
    this.#record = parts.record;
    this.#trapped = parts.trapped;
    this.#passedEvent = parts.passedEvent;
    this.#beforeRun = parts.beforeRun;
  }

  /**
   * Of those that are not needed one whose match was near the last of all: the earliest of these, so that what is before the
   * last is seen, too.
   */
  get nearLast(): CountedAddress | undefined {
    const matched = this.#counted.filter(({ site, order }) => !site.isNeeded && order > this.#order - mostRecent);
    return matched.filter(({ order }) => order > 0).sort((one, other) => one.order - other.order)[0];
  }

  of(address: number): CountedAddress | undefined {
    return this.#counted.find((each) => each.address === address);
  }

  beforeRun(task: Task): void {
    this.#beforeRun?.();
    if (!this.#patience.isOver) return;
    const counted = this.#counted.filter(({ address }) => this.breakpoints.has(address));
    const run = this.#record(
      task,
      counted.map(({ site, passes }) =>
        site.trapAt === undefined || site.filter !== undefined ? site : { ...site, trapAt: site.trapAt - passes },
      ),
    );
    let total = 0;
    let order = 0;
    for (const [index, each] of counted.entries()) {
      const result = run?.sites[index];
      if (result === undefined || !result.isCounted) continue;
      if (result.lastMatch > 0) {
        each.lastMatch = each.passes + result.lastMatch;
        each.order = this.#order + result.order;
        order = Math.max(order, result.order);
      }
      each.passes += result.passes;
      total += result.passes;
    }
    this.#order += order;
    this.#patience.tried(total);
    if (run === undefined) return;
    // What has no room for a stub would be stopped at each time.
    const left = counted.filter(({ site }, index) => site.isNeeded || run.sites[index]!.isCounted);
    if (left.length < counted.length) this.breakpoints = new Set(left.map(({ address }) => address));
    const trapped = run.trappedAt === undefined ? undefined : counted[run.trappedAt];
    if (trapped !== undefined) this.#trapped(trapped);
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    if (halt.kind !== 'breakpoint' || halt.isStanding) return;
    this.#patience.stopped();
    const counted = this.#counted.find(({ address }) => address === halt.address);
    if (counted === undefined) return;
    counted.passes++;
    const { filter, trapAt } = counted.site;
    if (!matches(filter, task)) return;
    counted.lastMatch = counted.passes;
    counted.order = ++this.#order;
    if (trapAt !== undefined && (filter !== undefined || counted.passes === trapAt)) this.#trapped(counted);
  }

  passedEvent(): void {
    this.#passedEvent();
  }
}

/** Whether a task's stack is as a filter wants it. */
export function matches(filter: StackFilter | undefined, task: Task): boolean {
  if (filter === undefined) return true;
  const rsp = register(task.registers, registerIndex.rsp);
  return filter.kind === 'stackIs' ? rsp === filter.value : rsp >= filter.value;
}

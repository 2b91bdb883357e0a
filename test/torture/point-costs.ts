/** What finding a forced stop costs, from the debug logs of a recording and of its replay. */

/** A search that took more breakpoint hits and traps of stubs than this chose badly what to look at. */
export const slowSearch = 20;

/** A slice in which the program got less than this was hardly one: its task waited for the processor. Microseconds. */
const leastSlice = 100;

/** Processor time between two forced stops of a task with no event between them, by the second one's event. */
export type Slices = ReadonlyMap<number, number>;

/** @param log of `--log record:debug` @returns microseconds */
export function recordedSlices(log: string): Slices {
  const slices = new Map<number, number>();
  let before = { event: -1, tid: -1, until: 0 };
  const line = /event (\d+) task (\d+): forced stop at .*, (\d+) to (\d+) us of processor time$/gm;
  for (const [, event, tid, from, until] of log.matchAll(line)) {
    const slice = Number(from) - before.until;
    if (before.event === Number(event) - 1 && before.tid === Number(tid) && slice >= leastSlice) {
      slices.set(Number(event), slice);
    }
    before = { event: Number(event), tid: Number(tid), until: Number(until) };
  }
  return slices;
}

interface Search {
  readonly event: number;
  /** Stops at the site. */
  readonly hits: number;
  /** Of the replayed process and of the tracer, since their start. Microseconds. */
  readonly theirTime: number;
  readonly ourTime: number;
}

/** @param log of `--log costs:debug` */
export function* searchesOf(log: string): Generator<Search> {
  const line = /event (\d+): found after (\d+) stops, at (\d+) and (\d+) us of processor time$/gm;
  for (const [, event, hits, theirs, ours] of log.matchAll(line)) {
    yield { event: Number(event), hits: Number(hits), theirTime: Number(theirs), ourTime: Number(ours) };
  }
}

/** A stop that was found, and its slice before. Microseconds. */
export interface StopCost {
  readonly event: number;
  readonly hits: number;
  readonly slice: number;
  /** Processor time beyond the slice: the process's, and the tracer's. */
  readonly theirs: number;
  readonly ours: number;
  /** Both, as a part of the slice. */
  readonly share: number;
}

/**
 * Of each slice: the processor time that its replay took beyond the slice itself, the tracer's and the process's. Time
 * on the wall would tell of the machine's other programs.
 */
export function pointCosts(slices: Slices, log: string): StopCost[] {
  const costs: StopCost[] = [];
  let before: Search | undefined;
  for (const search of searchesOf(log)) {
    const slice = slices.get(search.event);
    if (slice !== undefined && before?.event === search.event - 1) {
      const theirs = search.theirTime - before.theirTime - slice;
      const ours = search.ourTime - before.ourTime;
      costs.push({ event: search.event, hits: search.hits, slice, theirs, ours, share: (theirs + ours) / slice });
    }
    before = search;
  }
  return costs;
}

/** A line for each of the `count` stops that cost most. */
export function costliest(costs: readonly StopCost[], count: number): string[] {
  return [...costs]
    .sort((one, other) => other.share - one.share)
    .slice(0, count)
    .map(
      ({ event, hits, slice, theirs, ours, share }) =>
        `event ${event}: ${(100 * share).toFixed(0)}% of ${slice} us: ${theirs} the process's, ${ours} the tracer's, ${hits} stops`,
    );
}

/** What a log says to everybody. */
export function withoutDebug(log: string): string {
  return log.replace(/^rr: debug .*\n/gm, '');
}

/**
 * What finding each forced stop costs, `--log costs:debug`: kept until the replay ends, since a line of the log for each
 * would cost more than many a search.
 */
import { logger } from '../log.ts';
import type { ReplayProcesses } from './primitives.ts';

const log = logger('costs');
/** Event, stops at the site, and processor time since the start: of the replayed process and of ours, microseconds. */
const figures = 4;

export class PointCosts {
  readonly #processes: ReplayProcesses;
  #all = new Float64Array(1024 * figures);
  #used = 0;

  /** Undefined when nobody wants to know. */
  static ifWanted(processes: ReplayProcesses): PointCosts | undefined {
    return log.shows('debug') ? new PointCosts(processes) : undefined;
  }

  private constructor(processes: ReplayProcesses) {
    this.#processes = processes;
  }

  /** A stop was found. */
  note(event: number, pid: number, stops: number): void {
    if (this.#used === this.#all.length) {
      const larger = new Float64Array(2 * this.#all.length);
      larger.set(this.#all);
      this.#all = larger;
    }
    const at = this.#used;
    this.#all[at] = event;
    this.#all[at + 1] = stops;
    this.#processes.processorTimes(pid, this.#all, at + 2);
    this.#used += figures;
  }

  /** Writes a line for each. */
  tell(): void {
    for (let at = 0; at < this.#used; at += figures) {
      const event = this.#all[at]!;
      const stops = this.#all[at + 1]!;
      const times = `${this.#all[at + 2]!.toFixed(0)} and ${this.#all[at + 3]!.toFixed(0)}`;
      log.debug(`event ${event}: found after ${stops} stops, at ${times} us of processor time`);
    }
  }
}

/**
 * Forced stops whose memory the recorder could not hash (frame flag `weak`) may be found too early: at a point that looks
 * like the recorded one as far as anything was saved. That shows later, as a divergence. Then the replay begins again, and
 * passes over one match more of the last such stop before it (docs/execution-points.md).
 */
import { logger } from '../log.ts';

const log = logger('replay');

/** Matches passed over at most for one stop, and replays at most after the first. */
const mostSkips = 12;
const mostAttempts = 64;

export class WeakPoints {
  /** Matches to pass over, by event. */
  readonly #skips = new Map<number, number>();
  /** Events with no further match. */
  readonly #exhausted = new Set<number>();
  /** Weak stops that this replay has found, in their order. */
  #found: number[] = [];
  #attempts = 0;

  /** How many points that look like the recorded one are not it. */
  skips(event: number): number {
    return this.#skips.get(event) ?? 0;
  }

  /** A weak stop was found, or taken for found. */
  note(event: number): void {
    this.#found.push(event);
  }

  /**
   * After a divergence at an event: what to change, and whether it is worth another replay. False when no weak stop was
   * before it, when none of them has another match, or after too many attempts.
   */
  retry(diverged: number): boolean {
    if (this.skips(diverged) > 0) {
      // It was searched for behind its matches, and there was none.
      this.#skips.delete(diverged);
      this.#exhausted.add(diverged);
    }
    const suspect = this.#found.findLast((event) => event < diverged && !this.#exhausted.has(event));
    this.#found = [];
    if (suspect === undefined || this.#attempts === mostAttempts) return false;
    const skips = this.skips(suspect) + 1;
    if (skips > mostSkips) return false;
    this.#attempts++;
    this.#skips.set(suspect, skips);
    log.warn(
      `the replay diverged at event ${diverged}; the forced stop of event ${suspect} was found by what little was saved of it, perhaps too early: again, passing over ${skips} ${skips === 1 ? 'match' : 'matches'}`,
    );
    return true;
  }
}

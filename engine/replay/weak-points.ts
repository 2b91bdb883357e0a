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
  /** Weak stops that this replay has found. */
  #found = new Set<number>();
  #attempts = 0;

  /** How many points that look like the recorded one are not it. */
  skips(event: number): number {
    return this.#skips.get(event) ?? 0;
  }

  /** A weak stop was found, or taken for found. */
  note(event: number): void {
    this.#found.add(event);
  }

  /**
   * After a divergence at an event: another replay is worth it, and finds the weak stop of the event that is returned
   * elsewhere. Undefined when no weak stop was before it, when none of them has another match, or after too many attempts.
   */
  retry(diverged: number): number | undefined {
    if (this.skips(diverged) > 0) {
      // It was searched for behind its matches, and there was none.
      this.#skips.delete(diverged);
      this.#exhausted.add(diverged);
    }
    const suspects = [...this.#found].filter((event) => event < diverged && !this.#exhausted.has(event));
    this.#found.clear();
    if (suspects.length === 0 || this.#attempts === mostAttempts) return undefined;
    const suspect = Math.max(...suspects);
    const skips = this.skips(suspect) + 1;
    if (skips > mostSkips) return undefined;
    this.#attempts++;
    this.#skips.set(suspect, skips);
    log.warn(
      `the replay diverged at event ${diverged}; the forced stop of event ${suspect} was found by what little was saved of it, perhaps too early: again, passing over ${skips} ${skips === 1 ? 'match' : 'matches'}`,
    );
    return suspect;
  }
}

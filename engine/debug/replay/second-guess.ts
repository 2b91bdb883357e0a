/**
 * What may have led a debugger's replay away from the recording, and is done otherwise at the next attempt: passes that were
 * counted before, instructions of ours in code that the program reads, and forced stops of which too little was saved.
 */
import { logger } from '../../log.ts';
import { WeakPoints } from '../../replay/weak-points.ts';
import type { Ordinals } from '../../trace/ordinals.ts';

const log = logger('debug');

export class SecondGuess {
  /** For tests (RR_ONE_GUESS=1): what leaves the recording is a fault of ours. */
  readonly #isStrict = process.env.RR_ONE_GUESS === '1';
  readonly weakPoints = new WeakPoints();
  /** Nothing of ours is to stand in the program's code. */
  keepsCode = process.env.RR_KEEP_CODE === '1';
  /** Something has stood there. */
  hasChangedCode = false;
  readonly #ordinals: Ordinals;
  /** Where the replay has left the recording while something of ours could be in the code. */
  #divergedAt: number | undefined;

  constructor(ordinals: Ordinals) {
    this.#ordinals = ordinals;
  }

  /** The event from which on all is to be replayed anew; undefined: nothing is left to try. */
  after(diverged: number): number | undefined {
    if (this.#isStrict) return undefined;
    if (this.#ordinals.retry()) return 0;
    if (this.keepsCode && diverged <= this.#divergedAt!) this.keepsCode = false;
    else if (this.hasChangedCode && this.#divergedAt === undefined) {
      this.#divergedAt = diverged;
      this.keepsCode = true;
      this.#ordinals.forget(0);
      log.warn(
        `the replay diverged at event ${diverged}: does the program read its own code, where breakpoints stand? ` +
          'Again, with nothing of ours in it; breakpoints beyond the third make the code around them slow',
      );
      return 0;
    }
    const suspect = this.weakPoints.retry(diverged);
    if (suspect !== undefined) this.#ordinals.forget(suspect);
    return suspect;
  }
}

/** The records of one lane that belong to the current event: as many as its frame says, and no other. */
import type { RecordView } from '../generated/schema.ts';
import type { LaneCursor } from './lane-cursor.ts';

export class RecordRun<View extends RecordView> {
  readonly #cursor: LaneCursor;
  readonly #view: View;
  #event = 0;
  #expected = 0;
  #left = 0;
  /** True when the cursor stands behind all records of earlier events; else it must be sought first. */
  #inPlace = true;

  constructor(cursor: LaneCursor, view: View) {
    this.#cursor = cursor;
    this.#view = view;
  }

  /** The frame of `event` says that there are `count` records. Those of the event before that nobody read are skipped. */
  begin(event: number, count: number): void {
    if (this.#left > 0) this.#inPlace = false;
    this.#event = event;
    this.#expected = count;
    this.#left = count;
  }

  /** The cursor has to be sought before it is read again. */
  skip(): void {
    this.#inPlace = false;
    this.#left = 0;
  }

  /** The next record of the event; undefined behind the last. @throws TraceError when the frame's count is not true */
  next(): View | undefined {
    if (this.#left === 0) return undefined;
    if (!this.#inPlace) {
      this.#cursor.seek(this.#event);
      this.#inPlace = true;
    }
    const found = this.#cursor.event();
    if (found !== this.#event) {
      const what = found === 0 ? 'the end of the lane' : `a record of event ${found}`;
      const place = `where record ${this.#expected - this.#left + 1} of ${this.#expected} of event ${this.#event} must be`;
      throw this.#cursor.damage(`${what} ${place}`);
    }
    this.#left -= 1;
    return this.#cursor.take(this.#view);
  }

  /** Behind the last frame: no record of an event up to it may be left. @throws TraceError */
  checkEnd(): void {
    if (!this.#inPlace || this.#left > 0) return;
    const found = this.#cursor.event();
    if (found !== 0 && found <= this.#event) {
      throw this.#cursor.damage(`event ${found} has more records than its frame counts`);
    }
  }
}

import { isatty } from 'node:tty';
import { writeAll } from '../write-all.ts';

const barWidth = 30;
/** Milliseconds between two drawings; a replay that is over sooner shows nothing. */
const interval = 150;

/** A bar on standard error, when that is a terminal. */
export class Progress {
  private readonly total: number;
  private readonly shown: boolean;
  private drawnAt = performance.now();
  private visible = false;

  /**
   * @param total number of the trace's last event
   * @param interactive false: never shown
   */
  constructor(total: number, interactive = true) {
    this.total = total;
    this.shown = interactive && total > 0 && isatty(2);
  }

  /** Draws when it is time to. */
  update(event: number): void {
    if (!this.shown) return;
    const now = performance.now();
    if (now - this.drawnAt < interval) return;
    this.drawnAt = now;
    const part = Math.min(1, event / this.total);
    const bar = '#'.repeat(Math.round(part * barWidth)).padEnd(barWidth, '.');
    writeAll(2, `\r[${bar}] ${Math.floor(part * 100)} % event ${event} of ${this.total}\x1b[K`);
    this.visible = true;
  }

  /** Makes the line free for others. */
  clear(): void {
    if (!this.visible) return;
    this.visible = false;
    writeAll(2, '\r\x1b[K');
  }
}

import { printMessage } from '../log.ts';

/** `--stats N`: a line on standard error each N events. */
export class Statistics {
  private readonly interval: number | undefined;
  private readonly startedAt = performance.now();

  constructor(interval: number | undefined) {
    this.interval = interval;
  }

  /** An event was replayed. @param written bytes that the program wrote to standard output and error so far */
  count(event: number, tasks: number, written: number): void {
    if (this.interval === undefined || event % this.interval !== 0) return;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const rate = Math.round(event / seconds);
    printMessage(`event ${event}: ${seconds.toFixed(3)} s, ${rate} events/s, ${tasks} tasks, ${written} bytes written`);
  }
}

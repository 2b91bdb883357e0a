/** When stubs are worth their making: after some stops, and sooner again where they were worth it the last time. */

/** Stops before stubs are worth their making. */
const fewStops = 24;
/** So many passes by stubs were worth it. */
const manyPasses = 100;
/** Stops, more than any run has. */
const endless = 2 ** 30;

export class StubPatience {
  #stopsLeft = fewStops;
  #backOff = fewStops;

  /** Stubs are to be tried. */
  get isOver(): boolean {
    return this.#stopsLeft <= 0;
  }

  /** The task was stopped where a stub would have counted it. */
  stopped(): void {
    this.#stopsLeft--;
  }

  /** Stubs were tried, and counted so many passes; 0: none could be made. */
  tried(passes: number): void {
    this.#backOff = passes < manyPasses ? Math.min(4 * this.#backOff, endless) : fewStops;
    this.#stopsLeft = this.#backOff;
  }
}

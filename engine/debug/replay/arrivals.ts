/**
 * How often a task has come to armed addresses: since the last event, and since the place where each was armed. So what is
 * met for the thousandth time has a name of one leg, however often the task was stopped meanwhile.
 */
import { type Leg, withPass } from './position.ts';

export class Arrivals {
  readonly #ofEvent = new Map<number, number>();
  /** Undefined: nothing has run since the event. */
  #armedSinceEvent: ReadonlySet<number> | undefined;
  readonly #since = new Map<number, { readonly legs: readonly Leg[]; count: number }>();
  /** Of all of these it is known. */
  #known: ReadonlySet<number> | undefined;

  /** An event is done. */
  passedEvent(): void {
    this.#ofEvent.clear();
    this.#armedSinceEvent = undefined;
    this.restart();
  }

  /** What has been passed was not counted. */
  lose(): void {
    this.#armedSinceEvent = new Set();
    this.restart();
  }

  /** Another place is counted from: the way there is shorter. */
  restart(): void {
    this.#since.clear();
    this.#known = undefined;
  }

  /**
   * Addresses are armed from now on.
   * @param legs of the place; undefined: it has no name
   * @param isOneInstruction what leads where that leads is seen, whatever is armed meanwhile
   */
  arm(wanted: ReadonlySet<number>, legs: readonly Leg[] | undefined, isOneInstruction: boolean): void {
    if (!isOneInstruction || this.#armedSinceEvent === undefined) {
      const before = this.#armedSinceEvent ?? wanted;
      if (before === wanted) this.#armedSinceEvent = wanted;
      else this.#armedSinceEvent = new Set([...before].filter((address) => wanted.has(address)));
    }
    if (wanted === this.#known) return;
    if (!isOneInstruction)
      for (const address of this.#since.keys()) if (!wanted.has(address)) this.#since.delete(address);
    if (legs === undefined) return;
    for (const address of wanted) if (!this.#since.has(address)) this.#since.set(address, { legs, count: 0 });
    this.#known = isOneInstruction ? undefined : wanted;
  }

  /** Whether an arrival there counts, though nothing is armed there at the moment. */
  counts(address: number): boolean {
    return this.#since.has(address) || this.#armedSinceEvent?.has(address) === true;
  }

  add(address: number, count = 1): void {
    this.#ofEvent.set(address, (this.#ofEvent.get(address) ?? 0) + count);
    const since = this.#since.get(address);
    if (since !== undefined) since.count += count;
  }

  /** Since the last event; undefined where some may not have been counted. */
  ofEvent(address: number): number | undefined {
    return this.#armedSinceEvent?.has(address) ? (this.#ofEvent.get(address) ?? 0) : undefined;
  }

  /** Legs to the arrival there that was the last one; undefined where it is not known where it was armed. */
  legsTo(address: number): readonly Leg[] | undefined {
    const since = this.#since.get(address);
    return since === undefined || since.count === 0 ? undefined : withPass(since.legs, address, since.count);
  }
}

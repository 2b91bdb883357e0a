/**
 * The breakpoints that the client wants. A debugger takes all of them out and puts them in again at every stop: Z and z
 * edit a set, which the target gets when it is about to run.
 */
import type { Breakpoint, RemoteTarget } from '../target.ts';

function keyOf({ kind, address, length }: Breakpoint): string {
  const isWatchpoint = kind !== 'software' && kind !== 'hardware';
  return `${kind} ${address} ${isWatchpoint ? length : 0}`;
}

export class BreakpointSet {
  readonly #wanted = new Map<string, Breakpoint>();
  #changed = false;

  /** Another one of the same kind and place is replaced: its conditions may be others. */
  insert(breakpoint: Breakpoint): void {
    this.#wanted.set(keyOf(breakpoint), breakpoint);
    this.#changed = true;
  }

  has(breakpoint: Breakpoint): boolean {
    return this.#wanted.has(keyOf(breakpoint));
  }

  remove(breakpoint: Breakpoint): void {
    if (this.#wanted.delete(keyOf(breakpoint))) this.#changed = true;
  }

  addresses(): number[] {
    return [...this.#wanted.values()].map(({ address }) => address);
  }

  clear(): void {
    if (this.#wanted.size > 0) this.#changed = true;
    this.#wanted.clear();
  }

  /** Hands them to the target if they have changed. @throws EngineError BREAKPOINT_REFUSED */
  async apply(target: RemoteTarget): Promise<void> {
    if (!this.#changed) return;
    await target.setBreakpoints([...this.#wanted.values()]);
    this.#changed = false;
  }
}

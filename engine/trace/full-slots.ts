/** What the ring's control block tells of slots that are full: a look at shared memory, without taking any. */
import { ringControlOffsets, slotHeaderOffsets, slotHeaderSize, slotStates } from '../generated/schema.ts';
import type { RingLayout } from './ring-layout.ts';

/** Where this share of the ring waits to be encoded, encoders are behind. */
const behindShare = 1 / 2;

export class FullSlots {
  readonly #words: Uint32Array;
  readonly #counters: BigUint64Array;
  readonly #layout: RingLayout;
  #sealed = 0;

  constructor(memory: Uint8Array, layout: RingLayout) {
    this.#words = new Uint32Array(memory.buffer);
    this.#counters = new BigUint64Array(memory.buffer);
    this.#layout = layout;
  }

  /** Slots that are full and that nobody has taken. */
  waiting(): number {
    return this.#control('sealed') - this.#control('taken');
  }

  /** Whether so many wait that encoders are to hurry. */
  isBehind(): boolean {
    return this.waiting() >= this.#layout.slotCount * behindShare;
  }

  /** Slots that were taken so far, by whomever. */
  taken(): number {
    return this.#control('taken');
  }

  /** Whether any slot has become full since this was asked last. */
  haveFilled(): boolean {
    const before = this.#sealed;
    this.#sealed = this.#control('sealed');
    return this.#sealed !== before;
  }

  /** Whether somebody encodes a slot at this moment, or has died of it. */
  isAnyTaken(): boolean {
    const { headers, slotCount } = this.#layout;
    for (let slot = 0; slot < slotCount; slot++) {
      const state = (headers + slot * slotHeaderSize + slotHeaderOffsets.state) / 4;
      if (Atomics.load(this.#words, state) === slotStates.taken) return true;
    }
    return false;
  }

  #control(field: 'sealed' | 'taken'): number {
    return Number(Atomics.load(this.#counters, (this.#layout.ring + ringControlOffsets[field]) / 8));
  }
}

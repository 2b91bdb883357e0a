/** The ring's native functions (native/ring/ring-napi.cc), typed. */
import { loadAddon } from '../addon.ts';

/** `memory`: a Uint8Array over the shared memory; `offset`: of the ring in it. Bad arguments throw. */
export interface RingFunctions {
  ringInitialise(memory: Uint8Array, offset: number, slotCount: number, slotSize: number): void;
  /** The index of a full slot, or one of takeResults. It blocks the thread for at most 50 ms. */
  ringTake(memory: Uint8Array, offset: number, timeoutMs: number): number;
  ringRelease(memory: Uint8Array, offset: number, slot: number): void;
  /** Consumers get takeResults.ended from now on, the producer drops what it writes. */
  ringStop(memory: Uint8Array, offset: number): void;
  /** A consumer cannot go on: the producer drops what it writes from now on, and knows it. */
  ringFail(memory: Uint8Array, offset: number): void;
  /** The producer for JavaScript: tests, and tools that make traces. write() may block while all slots are full. */
  readonly RingProducer: new (
    memory: Uint8Array,
    offset: number,
  ) => RingProducer;
}

export interface RingProducer {
  /** One whole record. False when it was dropped. */
  write(record: Uint8Array): boolean;
  seal(): void;
  close(): void;
}

export const takeResults = { timedOut: -1, ended: -2 } as const;

/** @throws EngineError ADDON_MISSING when the native addon is not built or cannot be loaded. */
export function ringFunctions(): RingFunctions {
  return loadAddon<RingFunctions>();
}

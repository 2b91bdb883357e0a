/** The other end of a target over a replay: who asks, and what is thrown to leave the replay under way. */
import type { Target } from '../target.ts';

/** What comes from the debugger's side. */
export interface Request {
  readonly id: number;
  readonly method: keyof Target;
  readonly args: readonly unknown[];
}

export interface Client {
  /** The next request; waits for it. */
  next(): Request;
  reply(id: number, result: unknown): void;
  refuse(id: number, error: unknown): void;
  /** interrupt() was called for the request that next() gave last, and not acknowledged. */
  isInterrupted(): boolean;
  acknowledge(): void;
}

/** Leaves the replay under way. */
export class Leave extends Error {
  readonly go: () => void;

  constructor(go: () => void) {
    super('the replay goes on elsewhere');
    this.go = go;
  }
}

/** A journey that only looks has come to its end. */
export class Arrived extends Error {}

/** The debugger is done. */
export class Closed extends Error {}

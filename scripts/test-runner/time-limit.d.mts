export interface TimeLimits {
  readonly processorSeconds: number;
  /** Without progress of the processor time; 90 when left out. */
  readonly stallSeconds?: number;
  /** By the clock; twenty times `processorSeconds` when left out. */
  readonly clockSeconds?: number;
}

/** Processor time of a process and its descendants, in hundredths of a second. */
export function treeTicks(pid: number): number;

/** Calls `onLimit` once, with what was reached, unless it is stopped before. */
export function limitTime(pid: number, limits: TimeLimits, onLimit: (reached: string) => void): { stop(): void };

import type { ReplayProcesses } from './primitives.ts';

/** Seconds of processor time that any event may take. */
const floor = 30;
/** And for each second that it took in the recording. */
const factor = 10;

/**
 * Tells whether a process computes without end. It costs nothing until a wait is broken by the timer, which is why it
 * counts from the first break.
 */
export class Watchdog {
  private readonly processes: ReplayProcesses;
  private startedAt = -1;

  constructor(processes: ReplayProcesses) {
    this.processes = processes;
  }

  /** The process was resumed for a new event. */
  begin(): void {
    this.startedAt = -1;
  }

  /**
   * A wait was broken. Returns the seconds used when they are too many, else undefined.
   * @param recorded seconds from the task's event before to this one in the recording
   */
  overrun(pid: number, recorded: number): number | undefined {
    const now = this.processes.processorTime(pid);
    if (this.startedAt < 0) this.startedAt = now;
    const used = now - this.startedAt;
    return used > floor + factor * recorded ? used : undefined;
  }
}

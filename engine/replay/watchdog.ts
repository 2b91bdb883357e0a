import type { ReplayProcesses } from './primitives.ts';

/** Seconds of processor time that any event may take. */
const floor = 30;
/** The same where a stop is searched by breakpoints alone: each pass of its address costs some 15 us. */
const oracleFloor = 600;
/** And for each second that it took in the recording. */
const factor = 10;

/**
 * Tells whether a process computes without end. It costs nothing until a wait is broken by the timer, which is why it
 * counts from the first break.
 */
export class Watchdog {
  private readonly processes: ReplayProcesses;
  private readonly floor: number;
  private startedAt = -1;

  constructor(processes: ReplayProcesses, oracleOnly: boolean) {
    this.processes = processes;
    this.floor = oracleOnly ? oracleFloor : floor;
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
    return used > this.floor + factor * recorded ? used : undefined;
  }
}

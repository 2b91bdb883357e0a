/**
 * Ticks in replay: where the trace has them and this machine counts the same, each process has a counter. A forced stop
 * is then found by its count, and at every event the count since the task's last one is compared.
 */
import { eventKinds, type FrameView } from '../generated/schema.ts';
import { logger } from '../log.ts';
import type { CounterSpec } from '../machine/native-probes.ts';
import type { ReplayProcesses } from './primitives.ts';
import { codesOfHardware } from './signal-code.ts';
import type { Task } from './task.ts';

const log = logger('replay');

/** Where a task stood at its last event. */
export interface TickAnchor {
  /** Process whose counter it is. */
  readonly pid: number;
  /** Recorded ticks of the task; NaN: the recording lost its counter. */
  readonly recorded: number;
  /** What our counter said. */
  readonly counted: number;
}

export interface TickDifference {
  readonly recorded: number;
  readonly counted: number;
}

export class Ticks {
  readonly spec: CounterSpec;
  private readonly processes: ReplayProcesses;
  private readonly anchors = new WeakMap<Task, TickAnchor>();
  /** Tasks that have run code of ours since their last event, which the counter has counted. */
  private readonly polluted = new WeakSet<Task>();
  private failed = false;

  constructor(processes: ReplayProcesses, spec: CounterSpec) {
    this.processes = processes;
    this.spec = spec;
  }

  /** A processor's counter counts our code in the process as well; a breakpoint's passes are the program's. */
  get countsOurCode(): boolean {
    return this.spec.address === 0;
  }

  /** Whether a trap with that si_code is the breakpoint event's own: some virtual machines hand it on now and then. */
  isStray(rip: number, code: number): boolean {
    return codesOfHardware.has(code) && this.spec.address !== 0 && rip === this.spec.address;
  }

  /** The task runs, or has run, code of ours that is not as the recorder's was: the runtime's hook, a search's stub. */
  ranOurCode(task: Task): void {
    if (this.countsOurCode) this.polluted.add(task);
  }

  /** What our counter will say at the frame's point; undefined: it is to be found by its state. */
  target(frame: FrameView, task: Task): number | undefined {
    const anchor = this.anchors.get(task);
    if (anchor === undefined || anchor.pid !== task.pid || this.polluted.has(task)) return undefined;
    const ticks = recordedTicks(frame) - anchor.recorded;
    return ticks >= 0 ? anchor.counted + ticks : undefined;
  }

  /**
   * After an event: what it counted since the task's last one must be what the recording did. Gives the difference, or
   * undefined where there is none, or none can be told.
   */
  settle(frame: FrameView, task: Task): TickDifference | undefined {
    if (this.failed || frame.eventKind === eventKinds.exit) return undefined;
    const former = this.anchors.get(task);
    const recorded = recordedTicks(frame);
    const counted = this.count(task);
    if (counted === undefined) return undefined;
    this.anchors.set(task, { pid: task.pid, recorded, counted });
    const told = !this.polluted.delete(task) && former?.pid === task.pid;
    if (!told || Number.isNaN(recorded - former.recorded)) return undefined;
    const difference = { recorded: recorded - former.recorded, counted: counted - former.counted };
    return difference.recorded === difference.counted ? undefined : difference;
  }

  private count(task: Task): number | undefined {
    let counted = this.processes.ticks(task.pid);
    if (counted === -1) {
      const error = this.processes.openCounter(task.pid, this.spec);
      if (error !== '') return this.give(`${error}: forced stops are found by their state`);
      counted = 0;
    }
    return counted >= 0 ? counted : this.give('a counter was taken away: forced stops are found by their state');
  }

  private give(reason: string): undefined {
    this.failed = true;
    log.warnEnvironment(reason);
    return undefined;
  }
}

function recordedTicks(frame: FrameView): number {
  const ticks = frame.ticksNumber;
  return ticks <= Number.MAX_SAFE_INTEGER ? ticks : Number.NaN;
}

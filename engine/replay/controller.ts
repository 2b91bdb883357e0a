import type { FrameView } from '../generated/schema.ts';
import type { AddressSpace } from './address-space.ts';
import type { Task } from './task.ts';

/**
 * Who drives a replay from inside its events: a debugger, or a search of its own. The replayer asks it before each run of
 * program code and tells it of each stop. Any of the methods may block, and may leave the replay for good by throwing:
 * the replayer is then disposed of, and never used again.
 */
export interface Controller {
  /**
   * The same before it, where the task may be taken further on its way without a stop, and passesLeft be unknown by that.
   * beforeRun does it, too.
   */
  jump(task: Task): void;
  /** The task is about to execute instructions on its way to the event; 'step': one only. `task.registers` may be set. */
  beforeRun(task: Task, frame: FrameView): 'run' | 'step';
  /**
   * The task has stopped, with the registers in `found`. True: the stop was none of the recording's, and the task goes on
   * with `task.registers`. Else the event takes it, and the program's memory is as it would be without a controller.
   */
  takesStop(task: Task, frame: FrameView, status: number): boolean;
  /** An event is about to do its work without a run of its task, or has finished its run. */
  beforeEffects(frame: FrameView): void;
  /** The kernel's data were written into a task's memory. */
  wroteMemory(task: Task, address: number, length: number): void;
  /** The task's address space is about to be copied, compared or thrown away: nothing of ours may be in it. */
  lift(space: AddressSpace): void;
  /** From here on the task's process is a copy of it that finds a forced stop, and that nobody sees; or is so no more. */
  sentAhead(isAway: boolean): void;
  /** The copy has been stopped from outside. True: the search is to end, since jump() is waited for. */
  callsBack(): boolean;
  /**
   * For a forced stop: passes of its address are taken from passesLeft wherever a stop shows one. From the next run on each
   * is shown by a stop if `always`, or where a stub at the address would meet what the controller has in the code.
   */
  watchSite(address: number | undefined, always: boolean): void;
  /** The task stands there, and that pass is taken from passesLeft. */
  metSite(task: Task): void;
  /** Since the last beforeRun: whether each pass of that address is shown by a stop. No stub may be there then. */
  readonly stopsAtSite: boolean;
}

/** A forced stop with ticks: run to a few of them before it, from where the breakpoint search goes on (sched.ts). */
import { type FrameView, registerIndex } from '../../generated/schema.ts';
import { tickResults, waitBroken } from '../primitives.ts';
import { register, registerText } from '../registers.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { isStopped, syscallStop } from '../wait-status.ts';

/**
 * @param value what the task's counter will say at the point
 * @param isLeft asked wherever something from outside has stopped the task
 * @returns false where it was left on the way
 * @throws Divergence
 */
export function runNear(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  value: number,
  { isLeft }: { readonly isLeft: () => boolean },
): boolean {
  const { processes, found, ticks } = replayer;
  for (let running = false; ; ) {
    const result = processes.runNearTicks(task.pid, running, task.registers, value, ticks!.spec.skid, found);
    running = result === waitBroken;
    if (running) {
      replayer.tick(frame, task);
      continue;
    }
    if (result === tickResults.passed) throw ticksPassed(replayer, frame, task, '');
    if (result !== tickResults.near && !isDropped(replayer, task, result)) {
      const place = registerText(replayer.expected, registerIndex.rip);
      const text = `a forced stop at ${place}, ${value - processes.ticks(task.pid)} ticks on`;
      throw replayer.stopDivergence(frame, task, text, result);
    }
    task.registers.set(found);
    if (result === tickResults.near) return true;
    if (isLeft()) return false;
  }
}

/** The count of the point is behind the task. @param tried what was found at its address; may be empty */
export function ticksPassed(replayer: Replayer, frame: FrameView, task: Task, tried: string): Error {
  const place = registerText(replayer.expected, registerIndex.rip);
  const more = replayer.processes.ticks(task.pid) - replayer.ticks!.target(frame, task)!;
  return replayer.divergence(frame, task, {
    expected: `a forced stop at ${place}, at ${frame.ticksNumber} ticks of the task`,
    found: `${more} ticks more, and no such state before${tried === '' ? '' : ` (${tried})`}`,
    address: register(replayer.found, registerIndex.rip),
  });
}

/** A stop that came from outside: nothing of the program's. */
export function isDropped(replayer: Replayer, task: Task, status: number): boolean {
  return status >= 0 && status !== syscallStop && isStopped(status) && !replayer.isOwnSignal(task, status);
}

/** What the debugger is told of a halt. */
import type { Replayer } from '../../replay/replayer.ts';
import type { Task } from '../../replay/task.ts';
import type { Stop } from '../target.ts';
import type { Halt } from './driver.ts';
import { changedWatches, type Watchpoint } from './watched-memory.ts';

export function stopOf(halt: Halt, { tid }: Task): Stop {
  switch (halt.kind) {
    case 'breakpoint':
      return { kind: 'breakpoint', tid, address: halt.address, hardware: false };
    case 'step':
      return { kind: 'step', tid };
    case 'watchpoint':
      return { kind: 'watchpoint', tid, access: halt.watch.access, address: halt.watch.address };
    case 'syscall':
      return { kind: 'syscall', tid, number: halt.number, isEntry: halt.isEntry };
    case 'interrupted':
      return { kind: 'interrupted', tid };
  }
}

/** What a debugger is told of a step back: when something watched has changed by that, it is about this. */
export function stopOverChanges(
  stop: Stop,
  replayer: Replayer,
  task: Task | undefined,
  watched: readonly Watchpoint[],
): Stop {
  if (stop.kind !== 'step' || task === undefined) return stop;
  const written = watched.filter(({ access }) => access !== 'read');
  const [watch] = changedWatches(replayer, task, written);
  return watch === undefined ? stop : stopOf({ kind: 'watchpoint', watch, by: 0 }, task);
}

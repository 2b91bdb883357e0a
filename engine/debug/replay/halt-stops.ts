/** What the debugger is told of a halt. */
import type { Task } from '../../replay/task.ts';
import type { Stop } from '../target.ts';
import type { Halt } from './driver.ts';

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

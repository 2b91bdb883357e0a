/** Stop replies (gdb's manual, "Stop Reply Packets"). */
import type { Stop } from '../target.ts';
import { toHex } from './bytes.ts';
import { toGdbSignal } from './signals.ts';
import type { Snapshot } from './snapshot.ts';
import { formatThreadId } from './thread-id.ts';
import { readRegister } from './x86-64/register-values.ts';
import { registerNumbers } from './x86-64/registers.ts';

const trap = 5;
const watchNames = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

/** What a reply says beside the thread and its registers. */
export interface StopReason {
  /** As Linux numbers it. */
  readonly signal: number;
  /** `NAME:VALUE;`, or nothing. */
  readonly detail: string;
}

export function stopReason(stop: Stop): StopReason {
  switch (stop.kind) {
    case 'step':
      return { signal: trap, detail: '' };
    case 'breakpoint':
      return { signal: trap, detail: stop.hardware ? 'hwbreak:;' : 'swbreak:;' };
    case 'watchpoint':
      return { signal: trap, detail: `${watchNames[stop.access]}:${stop.address.toString(16)};` };
    case 'signal':
      return { signal: stop.signal, detail: '' };
    case 'syscall':
      return { signal: trap, detail: `syscall_${stop.isEntry ? 'entry' : 'return'}:${stop.number.toString(16)};` };
    case 'interrupted':
      return interruptedReason;
    case 'diversionEnd':
      return arrivedReason;
    case 'exec':
      return execReason(stop.program);
    // A process that is gone could not be gone back into: its end is the end of what can be looked at.
    case 'exit':
    case 'end':
      return { signal: trap, detail: 'replaylog:end;' };
    case 'begin':
      return { signal: trap, detail: 'replaylog:begin;' };
  }
}

/** The debugger loads the symbols of another program, forgets all breakpoints in the old one, and goes on by itself. */
export function execReason(program: string): StopReason {
  return { signal: trap, detail: `exec:${toHex(program)};` };
}

/** The debugger reads the list of libraries again, and goes on by itself. */
export const libraryReason: StopReason = { signal: trap, detail: 'library:;' };
/** SIGINT, which gdb and lldb number alike. */
export const interruptedReason: StopReason = { signal: 2, detail: '' };
/** A stop that is nobody's step: gdb stops and shows where it is. */
export const arrivedReason: StopReason = { signal: 0, detail: '' };

/** With the registers that a debugger wants at once. */
export async function stopReply({ signal, detail }: StopReason, tid: number, snapshot: Snapshot): Promise<string> {
  const [{ process }, list, registers] = await Promise.all([
    snapshot.state(),
    snapshot.registerList(),
    snapshot.registers(tid),
  ]);
  const expedited = Object.values(registerNumbers).map((number) => {
    const value = toHex(readRegister(list[number]!, registers));
    return `${number.toString(16).padStart(2, '0')}:${value};`;
  });
  const code = toGdbSignal(signal).toString(16).padStart(2, '0');
  return `T${code}${detail}thread:${formatThreadId(process, tid)};${expedited.join('')}`;
}

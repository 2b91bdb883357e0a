/**
 * What `monitor` understands: the commands of ours, for any debugger that speaks the protocol, and for those that we define
 * in gdb (gdb-script/), which send these and show what comes back.
 */
import { UsageError } from '../../errors.ts';
import type { DebugSession } from '../gdb/session.ts';
import { checkpointCommands } from './checkpoint-commands.ts';
import { longCommands } from './long-command.ts';
import { seekCommands } from './seek-commands.ts';
import { whenCommands } from './when-commands.ts';
import { writeCommands } from './write-commands.ts';

export interface MonitorCommand {
  /** Behind the name, for the help. */
  readonly operands: string;
  readonly summary: string;
  /** The answer, with its newline. @throws EngineError */
  run(session: DebugSession, operand: string): string | Promise<string>;
}

const help: MonitorCommand = {
  operands: '',
  summary: 'this list',
  run: () =>
    Object.entries(monitorCommands)
      .map(([name, { operands, summary }]) => `${`${name} ${operands}`.trimEnd().padEnd(24)} ${summary}\n`)
      .join(''),
};

export const monitorCommands: Readonly<Record<string, MonitorCommand>> = {
  ...whenCommands,
  ...seekCommands,
  ...checkpointCommands,
  ...writeCommands,
  ...longCommands,
  help,
};

/** @throws UsageError UNKNOWN_COMMAND, EngineError of the command */
export async function runMonitorCommand(session: DebugSession, line: string): Promise<string> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = Object.hasOwn(monitorCommands, name) ? monitorCommands[name] : undefined;
  if (command === undefined) throw new UsageError('UNKNOWN_COMMAND', `no command "${name}"; monitor help lists them`);
  return command.run(session, words.join(' '));
}

import { UsageError } from '../../errors.ts';
import { commands, findCommand } from '../command-table.ts';
import type { RunCommand } from '../grammar.ts';
import { commandHelp, generalHelp } from '../help.ts';
import { nearest } from '../nearest.ts';
import { print } from '../print.ts';

/** `rr help`, `rr help COMMAND`. @throws UsageError UNKNOWN_COMMAND */
export const run: RunCommand = async ({ operands }) => {
  const [name] = operands;
  if (name === undefined) return print(generalHelp());
  const command = findCommand(name);
  if (command !== undefined) return print(commandHelp(command));
  const meant = nearest(
    name,
    commands.map((each) => each.name),
  );
  throw new UsageError('UNKNOWN_COMMAND', `help: unknown command "${name}"; did you mean ${meant}?`);
};

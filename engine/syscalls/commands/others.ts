import { silent } from '../arguments.ts';
import type { FlagTable } from '../flags/index.ts';
import type { Command } from '../model.ts';

/** The commands given, and with no effect on memory all others that the table of their names has. */
export function withOthers(commands: readonly Command[], names: FlagTable): Command[] {
  const known = new Set(commands.map((each) => each.value));
  return [...commands, ...silent(names.values).filter((each) => !known.has(each.value))];
}

/** What docs/events.md says of the calls that a replay's processes may make. */
import { type SyscallName, syscallNumbers } from '../../engine/syscalls/numbers.ts';

const heading = "### What a replay's processes may ask of the kernel";

/** Numbers of the calls in the table's first column, ascending. @throws Error for a table that is not there */
export function documentedCalls(events: string): readonly number[] {
  const start = events.indexOf(heading);
  if (start < 0) throw new Error(`docs/events.md has no section "${heading}"`);
  const numbers: number[] = [];
  for (const line of events.slice(start).split('\n## ')[0]!.split('\n')) {
    const name = /^\| `(\w+)` \|/.exec(line)?.[1];
    if (name === undefined) continue;
    if (!(name in syscallNumbers)) throw new Error(`docs/events.md lists ${name}, which is no system call`);
    numbers.push(syscallNumbers[name as SyscallName]);
  }
  return numbers.sort((one, other) => one - other);
}

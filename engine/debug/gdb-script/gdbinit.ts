/** The commands that gdb reads before it attaches to a replay: `rr gdbinit` prints them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';

function part(name: string): string {
  return readFileSync(join(packageRoot, 'engine/debug/gdb-script', name), 'utf8');
}

export function gdbinit(): string {
  return `${part('settings.gdb')}python\n${part('interrupts.py')}${part('conditions.py')}${part('writes.py')}${part('commands.py')}end\n`;
}

/** Commands for lldb, which has none of its own for recordings, and no reverse execution. */
export function lldbinit(): string {
  return part('commands.lldb');
}

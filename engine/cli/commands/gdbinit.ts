import { gdbinit } from '../../debug/gdb-script/gdbinit.ts';
import type { RunCommand } from '../grammar.ts';
import { print } from '../print.ts';

/** `rr gdbinit` */
export const run: RunCommand = async () => print(gdbinit());

import { lldbinit } from '../../debug/gdb-script/gdbinit.ts';
import type { RunCommand } from '../grammar.ts';
import { print } from '../print.ts';

/** `rr lldbinit` */
export const run: RunCommand = async () => print(lldbinit());

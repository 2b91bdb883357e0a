// prctl, by option (prctl(2), kernel/sys.c).
import { command, int, out, resultBytes, size, string, writing, written } from '../arguments.ts';
import { flagTables } from '../flags/index.ts';
import type { Command, Commands } from '../model.ts';
import { structs } from '../structs.ts';
import { withOthers } from './others.ts';

const intAt1 = { 1: out('value', 'int') };

/** PR_SCHED_CORE_GET stores the cookie. */
const coreCookie = out('cookie', 'u64', { condition: { argument: 1, mask: 0xffffffff, equals: 0 } });

/** PR_SET_MM_MAP_SIZE (15) stores the size of the structure. */
const mapSize = writing(
  out('addr', 'u32'),
  written({ from: 'fixed' }, { base: structs.u32.bytes, condition: { argument: 1, mask: 0xffffffff, equals: 15 } }),
);

const pointing: readonly Command[] = [
  command('PR_GET_PDEATHSIG', 2, intAt1),
  command('PR_GET_UNALIGN', 5, intAt1),
  command('PR_GET_FPEMU', 9, intAt1),
  command('PR_GET_FPEXC', 11, intAt1),
  command('PR_SET_NAME', 15, { 1: string('name') }),
  // TASK_COMM_LEN bytes, filled whole.
  command('PR_GET_NAME', 16, {
    1: writing(string('name'), written({ from: 'fixed' }, { base: 16 })),
  }),
  command('PR_GET_ENDIAN', 19, intAt1),
  command('PR_GET_TSC', 25, intAt1),
  command('PR_SET_MM', 35, { 1: int('field'), 2: mapSize }),
  command('PR_GET_CHILD_SUBREAPER', 37, intAt1),
  command('PR_GET_TID_ADDRESS', 40, { 1: out('address', 'pointer') }),
  command('PR_SCHED_CORE', 62, { 1: int('cmd'), 2: int('pid'), 3: int('type'), 4: coreCookie }),
  command('PR_GET_SHADOW_STACK_STATUS', 74, { 1: out('status', 'u64') }),
  // The result is the size of the whole vector.
  command('PR_GET_AUXV', 0x41555856, { 1: resultBytes('auxv', 2), 2: size('size') }),
];

export const prctlCommands: Commands = {
  argument: 0,
  mask: 0xffffffff,
  list: withOthers(pointing, flagTables.prctl),
  otherwise: 'compare',
};

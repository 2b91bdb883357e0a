/** bpf(2), by command: union bpf_attr (linux/bpf.h). The kernel writes fields of it, and through pointers in it. */
import { command, outBytes, writing, written } from '../arguments.ts';
import { type FlagTable, flagTables } from '../flags/index.ts';
import type { Argument, Command, Commands, OutParameter } from '../model.ts';

/** What it is for any command. */
export const bpfAttributes = outBytes('attr', 2, { written: 'always', inOut: true, most: 4096 });

/** As many elements as the u32 at `count` says, where the pointer at `pointer` leads. */
const through = (pointer: number, count: number, element = 1): OutParameter =>
  written(
    { from: 'memory', argument: 1, offset: count, width: 4, updated: false },
    { pointerAt: pointer, element, inOut: true, written: 'always' },
  );

const attributesWith = (...pointed: OutParameter[]): Argument =>
  writing(bpfAttributes, ...bpfAttributes.out, ...pointed);

const pointing: readonly Command[] = [
  // log_buf
  command('BPF_PROG_LOAD', 5, { 1: attributesWith(through(32, 28)) }),
  // prog_ids, prog_attach_flags, link_ids, link_attach_flags
  command('BPF_PROG_QUERY', 16, {
    1: attributesWith(through(16, 24, 4), through(32, 24, 4), through(40, 24, 4), through(48, 24, 4)),
  }),
  // btf_log_buf
  command('BPF_BTF_LOAD', 18, { 1: attributesWith(through(8, 20)) }),
  // buf
  command('BPF_TASK_FD_QUERY', 20, { 1: attributesWith(through(16, 12)) }),
];

/** Keys, values and descriptions, whose sizes are those of what the descriptor stands for. */
const compared: readonly Command[] = Object.entries({
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_GET_NEXT_KEY: 4,
  BPF_PROG_TEST_RUN: 10,
  BPF_OBJ_GET_INFO_BY_FD: 15,
  BPF_MAP_LOOKUP_AND_DELETE_ELEM: 21,
  BPF_MAP_LOOKUP_BATCH: 24,
  BPF_MAP_LOOKUP_AND_DELETE_BATCH: 25,
  BPF_PROG_STREAM_READ_BY_FD: 37,
}).map(([name, value]) => ({ ...command(name, value), modelled: false as const }));

const described = new Set([...pointing, ...compared].map(({ value }) => value));

/** Those that write fields of the attributes alone. */
function others(table: FlagTable): readonly Command[] {
  return Object.entries(table.values)
    .filter(([, value]) => !described.has(value))
    .map(([name, value]) => command(name, value));
}

export const bpfCommands: Commands = {
  argument: 0,
  mask: 0xffffffff,
  list: [...pointing, ...compared, ...others(flagTables.bpf)],
  otherwise: 'compare',
};

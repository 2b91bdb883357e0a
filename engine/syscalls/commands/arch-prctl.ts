// arch_prctl, by code (arch/x86/kernel/process_64.c).
import { command, out } from '../arguments.ts';
import { flagTables } from '../flags/index.ts';
import type { Command, Commands } from '../model.ts';
import { withOthers } from './others.ts';

const word = { 1: out('addr', 'u64') };

const pointing: readonly Command[] = [
  command('ARCH_GET_FS', 0x1003, word),
  command('ARCH_GET_GS', 0x1004, word),
  command('ARCH_GET_XCOMP_SUPP', 0x1021, word),
  command('ARCH_GET_XCOMP_PERM', 0x1022, word),
  command('ARCH_GET_XCOMP_GUEST_PERM', 0x1024, word),
  command('ARCH_GET_UNTAG_MASK', 0x4001, word),
  command('ARCH_GET_MAX_TAG_BITS', 0x4003, word),
  command('ARCH_SHSTK_STATUS', 0x5005, word),
];

export const archPrctlCommands: Commands = {
  argument: 0,
  mask: 0xffffffff,
  list: withOthers(pointing, flagTables.archPrctl),
  otherwise: 'none',
};

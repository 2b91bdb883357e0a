// fcntl, by command.
import { command, inOut, out, struct } from '../arguments.ts';
import { flagTables } from '../flags/index.ts';
import type { Command, Commands } from '../model.ts';
import { withOthers } from './others.ts';

/** The commands whose argument is a pointer. */
const pointing: readonly Command[] = [
  command('F_GETLK', 5, { 2: inOut('lock', 'flock') }),
  command('F_SETLK', 6, { 2: struct('lock', 'flock') }),
  command('F_SETLKW', 7, { 2: struct('lock', 'flock') }),
  command('F_SETOWN_EX', 15, { 2: struct('owner', 'f_owner_ex') }),
  command('F_GETOWN_EX', 16, { 2: out('owner', 'f_owner_ex') }),
  command('F_GETOWNER_UIDS', 17, { 2: out('uids', 'int2') }),
  command('F_OFD_GETLK', 36, { 2: inOut('lock', 'flock') }),
  command('F_OFD_SETLK', 37, { 2: struct('lock', 'flock') }),
  command('F_OFD_SETLKW', 38, { 2: struct('lock', 'flock') }),
  command('F_CANCELLK', 1029, { 2: struct('lock', 'flock') }),
  command('F_GET_RW_HINT', 1035, { 2: out('hint', 'u64') }),
  command('F_SET_RW_HINT', 1036, { 2: struct('hint', 'u64') }),
  command('F_GET_FILE_RW_HINT', 1037, { 2: out('hint', 'u64') }),
  command('F_SET_FILE_RW_HINT', 1038, { 2: struct('hint', 'u64') }),
  command('F_GETDELEG', 1039, { 2: inOut('delegation', 'delegation') }),
  command('F_SETDELEG', 1040, { 2: struct('delegation', 'delegation') }),
];

export const fcntlCommands: Commands = {
  argument: 1,
  mask: 0xffffffff,
  list: withOthers(pointing, flagTables.fcntl),
  otherwise: 'none',
};

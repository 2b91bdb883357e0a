// syslog, by type: three of them read the kernel's log.
import { command, int, resultBytes, silent } from '../arguments.ts';
import { flagTables } from '../flags/index.ts';
import type { Commands } from '../model.ts';

const values = flagTables.syslog.values as Readonly<Record<string, number>>;
const reading = { 1: resultBytes('bufp', 2), 2: int('len') };
const readers = ['SYSLOG_ACTION_READ', 'SYSLOG_ACTION_READ_ALL', 'SYSLOG_ACTION_READ_CLEAR'];

export const syslogCommands: Commands = {
  argument: 0,
  mask: 0xffffffff,
  list: [
    ...readers.map((name) => command(name, values[name]!, reading)),
    ...silent(values).filter(({ name }) => !readers.includes(name)),
  ],
  otherwise: 'none',
};

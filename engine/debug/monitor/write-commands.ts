/** Who set some memory. */
import { UsageError } from '../../errors.ts';
import type { MemoryWrite, WriteSearch } from '../target.ts';
import type { MonitorCommand } from './monitor-commands.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** One line for a program to read. */
function line({ position, event, tid, by, before, after }: MemoryWrite): string {
  return `${[position, event, tid, `0x${by.toString(16)}`, hex(before), hex(after)].join('\t')}\n`;
}

/** @throws UsageError BAD_VALUE */
function parse(operand: string, direction: WriteSearch['direction']): WriteSearch {
  const match = /^0x([0-9a-f]{1,12}) (\d{1,15})(?: (\d{1,15}))?$/.exec(operand);
  if (match === null) {
    throw new UsageError('BAD_VALUE', `"${operand}": expected an address, a number of bytes, and how many writes`);
  }
  const [, address, length, count] = match;
  return { address: Number.parseInt(address!, 16), length: Number(length), count: Number(count ?? 1), direction };
}

function command(what: string, direction: WriteSearch['direction']): MonitorCommand {
  return {
    operands: '0xADDRESS BYTES [N]',
    summary: `${what} changed it: position, event, task, instruction, bytes before and after`,
    run: async ({ target }, operand) => (await target.writes(parse(operand, direction))).map(line).join(''),
  };
}

export const writeCommands: Readonly<Record<string, MonitorCommand>> = {
  'last-write': command('the last N stores that', 'backward'),
  'next-write': command('the next N stores that', 'forward'),
};

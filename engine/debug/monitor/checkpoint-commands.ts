import { EngineError, UsageError } from '../../errors.ts';
import type { CheckpointDescription } from '../target.ts';
import type { MonitorCommand } from './monitor-commands.ts';

/** One line for a program to read: number, event, process, position, address. */
function line({ number, event, process, position, address }: CheckpointDescription): string {
  return `${[number, event, process, position, `0x${address.toString(16)}`].join('\t')}\n`;
}

export const checkpointCommands: Readonly<Record<string, MonitorCommand>> = {
  checkpoint: {
    operands: '',
    summary: 'remember this place; prints number, event, process, position, address',
    run: async ({ target }) => line(await target.checkpoint()),
  },
  checkpoints: {
    operands: '',
    summary: 'the places that are remembered',
    run: async ({ target }) => (await target.checkpoints()).map(line).join(''),
  },
  'delete-checkpoint': {
    operands: 'N',
    summary: 'forget one',
    run: async ({ target }, operand) => {
      const number = /^[0-9]{1,9}$/.test(operand) ? Number(operand) : undefined;
      if (number === undefined) throw new UsageError('BAD_VALUE', `checkpoint "${operand}": expected its number`);
      const known = await target.checkpoints();
      if (!known.some((each) => each.number === number)) {
        throw new EngineError('NO_CHECKPOINT', `no checkpoint ${number}; info checkpoints lists them`);
      }
      await target.deleteCheckpoint(number);
      return '';
    },
  },
};

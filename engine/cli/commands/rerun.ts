import { UsageError } from '../../errors.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import { refuseRecordedReplay } from '../nested.ts';
import type { RerunOptions } from '../options.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** @throws UsageError BAD_VALUE, MISSING_OPTION */
export function rerunOptions({ global, values, operands }: Invocation): RerunOptions {
  const start = values.integer('trace-start', 1) ?? 1;
  const end = values.integer('trace-end', start + 1) ?? Number.POSITIVE_INFINITY;
  const [trace] = operands;
  const singlestep = values.text('singlestep');
  const eventRegisters = values.text('event-regs');
  if (singlestep === undefined && eventRegisters === undefined) {
    throw new UsageError(
      'MISSING_OPTION',
      'rerun: what to print? --singlestep=REGS at each instruction, --event-regs=REGS at each event',
    );
  }
  const address = parseAddress(values.text('function'));
  if (address !== undefined && singlestep === undefined) {
    throw new UsageError('MISSING_OPTION', 'rerun --function: what to print of it? --singlestep=REGS tells');
  }
  return {
    ...global,
    ...withoutUndefined({ trace, singlestep, eventRegisters, function: address }),
    start,
    end,
    isRaw: values.has('raw'),
    cpuUnbound: values.has('cpu-unbound'),
  };
}

export const run: RunCommand = async (invocation) => {
  refuseRecordedReplay();
  const options = rerunOptions(invocation);
  const { rerun } = await import('../../debug/rerun/rerun.ts');
  return rerun(options);
};

/** @throws UsageError BAD_VALUE */
function parseAddress(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits] = /^0x([0-9a-f]{1,12})$/i.exec(text) ?? [];
  if (digits !== undefined) return Number.parseInt(digits, 16);
  throw new UsageError('BAD_VALUE', `--function ${text}: expected an address, 0x and hexadecimal digits`);
}

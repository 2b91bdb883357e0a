import { removeTrace } from '../../dump/remove-trace.ts';
import { UsageError } from '../../errors.ts';
import { reportError } from '../error-report.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr rm [-f] TRACE...`. One that cannot be removed does not keep the others. @throws UsageError MISSING_TRACE */
export const run: RunCommand = async ({ values, operands }) => {
  if (operands.length === 0) throw new UsageError('MISSING_TRACE', 'rm: which recordings? rr rm [-f] TRACE...');
  let status = 0;
  for (const operand of operands) {
    try {
      const directory = removeTrace(operand, values.has('force'));
      if (values.has('json')) print(jsonText({ removed: directory }));
    } catch (error) {
      status = reportError(error);
    }
  }
  return status;
};

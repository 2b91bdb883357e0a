import { moveTrace } from '../../dump/move-trace.ts';
import { UsageError } from '../../errors.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr mv [-f] TRACE NEW`. @throws UsageError MISSING_TRACE, BAD_NAME; EngineError */
export const run: RunCommand = async ({ values, operands }) => {
  const [trace, name] = operands;
  if (trace === undefined || name === undefined) {
    throw new UsageError('MISSING_TRACE', 'mv: which recording, and its new name? rr mv TRACE NEW');
  }
  const directory = moveTrace(trace, name, values.has('force'));
  return values.has('json') ? print(jsonText({ directory })) : 0;
};

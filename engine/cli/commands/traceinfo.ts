import { traceInformation } from '../../dump/trace-information.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr traceinfo [TRACE]`. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(resolveTrace(operands[0]));
  try {
    const information = traceInformation(reader);
    return print(jsonText(information, values.has('json') ? 0 : 2));
  } finally {
    reader.close();
  }
};

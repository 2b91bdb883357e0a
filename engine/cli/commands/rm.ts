import { tracesWith } from '../../dump/old-traces.ts';
import { removeTrace } from '../../dump/remove-trace.ts';
import { UsageError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { resolveTrace, traceRoot } from '../../trace/locations.ts';
import { reportError } from '../error-report.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';
import { parseSize, parseTime } from '../quantities.ts';

/**
 * `rr rm [-f] TRACE...`, or by `--older-than` and `--larger-than`. One that cannot be removed does not keep the others.
 * @throws UsageError MISSING_TRACE, BAD_VALUE
 */
export const run: RunCommand = async ({ values, operands }) => {
  const traces = chosen({ values, operands });
  let status = 0;
  for (const trace of traces) {
    try {
      if (values.has('dry-run')) {
        const directory = resolveTrace(trace);
        print(values.has('json') ? jsonText({ wouldRemove: directory }) : `${printable(directory)}\n`);
        continue;
      }
      const directory = removeTrace(trace, values.has('force'));
      if (values.has('json')) print(jsonText({ removed: directory }));
    } catch (error) {
      status = reportError(error);
    }
  }
  return status;
};

/** @throws UsageError MISSING_TRACE, BAD_VALUE */
function chosen({ values, operands }: Pick<Invocation, 'values' | 'operands'>): readonly string[] {
  const [age, size] = [values.text('older-than'), values.text('larger-than')];
  if (age === undefined && size === undefined) {
    if (operands.length > 0) return operands;
    throw new UsageError('MISSING_TRACE', 'rm: which recordings? rr rm [-f] TRACE...');
  }
  if (operands.length > 0) {
    throw new UsageError(
      'BAD_VALUE',
      'rm: either name the recordings, or choose them by --older-than and --larger-than',
    );
  }
  const criteria = {
    olderThan: age === undefined ? undefined : parseTime(age, '--older-than'),
    largerThan: size === undefined ? undefined : parseSize(size, '--larger-than'),
  };
  return tracesWith(traceRoot(), criteria, values.has('force')).map(({ directory }) => directory);
}

import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { pullTrace } from '../../remote/pull-trace.ts';
import { storeDirectory, traceRoot } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';
import { openRemote } from '../remote-options.ts';

/** `rr pull [URL] NAME...`: prints the directory of each. @throws UsageError; RemoteError; TraceError; EngineError */
export const run: RunCommand = async ({ values, operands }) => {
  const output = values.text('output');
  const store = values.text('store');
  if (output === '' || store === '') throw new UsageError('BAD_VALUE', 'pull: expected the name of a directory');
  const { remote, rest } = openRemote(values, operands);
  try {
    if (rest.length === 0) throw new UsageError('MISSING_TRACE', 'pull: which recordings? rr pull [URL] NAME...');
    if (rest.length > 1 && output !== undefined) throw new UsageError('BAD_VALUE', 'pull: -o takes one recording');
    const root = traceRoot();
    for (const trace of rest) {
      const plan = { trace, root, store: storeDirectory(root, store), output: output && resolve(output) };
      const pulled = await pullTrace(remote, plan);
      print(values.has('json') ? jsonText({ name: trace, ...pulled }) : `${printable(pulled.directory)}\n`);
    }
    return 0;
  } finally {
    remote[Symbol.dispose]();
  }
};

import { join, resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { makeFolders } from '../../make-folders.ts';
import { dropAbandoned } from '../../outputs.ts';
import { unpackTo } from '../../pack/unpack-trace.ts';
import { privateFolderMode } from '../../trace/folder.ts';
import { traceRoot } from '../../trace/locations.ts';
import { systemReason, TraceError } from '../../trace/trace-error.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr unpack FILE [-o DIRECTORY]`: among the other recordings under its name, or as named. @throws UsageError; PackError */
export const run: RunCommand = async ({ values, operands }) => {
  const [file] = operands;
  if (file === undefined)
    throw new UsageError('MISSING_TRACE', 'unpack: which pack? rr unpack FILE.rrz [-o DIRECTORY]');
  const output = values.text('output');
  if (output === '') throw new UsageError('BAD_VALUE', 'unpack: -o: expected the name of a directory');
  const directory = await unpackTo(resolve(file), (name) =>
    output === undefined ? join(madeRoot(), name) : resolve(output),
  );
  return values.has('json') ? print(jsonText({ directory })) : 0;
};

/** @throws TraceError TRACE_UNWRITABLE */
function madeRoot(): string {
  const root = traceRoot();
  try {
    makeFolders(root, privateFolderMode);
    dropAbandoned(root);
  } catch (cause) {
    throw new TraceError('TRACE_UNWRITABLE', root, `cannot make it: ${systemReason(cause)}`, { cause });
  }
  return root;
}

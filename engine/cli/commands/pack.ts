import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { logger } from '../../log.ts';
import { packInPlace, packToDirectory, packToFile } from '../../pack/pack-trace.ts';
import { resolveTrace } from '../../trace/locations.ts';
import type { Invocation, RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';
import { parseRedaction } from '../redaction.ts';

const log = logger('pack');
const packSuffix = '.rrz';

/**
 * `rr pack [TRACE]...`: gives each its stored files. `-o`: a pack of one, which is left as it is.
 * @throws UsageError BAD_VALUE; TraceError; PackError
 */
export const run: RunCommand = async ({ values, operands }) => {
  const output = outputOf({ values, operands });
  const traces = operands.length === 0 ? [undefined] : operands;
  if (output === undefined && (values.has('strip-env') || values.has('redact'))) {
    throw new UsageError('BAD_VALUE', 'pack: --strip-env and --redact need -o: a recording itself is not changed');
  }
  const redaction = parseRedaction(values, log);
  for (const trace of traces) {
    const directory = resolveTrace(trace);
    const made = output === undefined ? directory : resolve(output);
    if (output === undefined) await packInPlace(directory);
    else if (isFileName(output)) await packToFile(directory, made, redaction);
    else await packToDirectory(directory, made, redaction);
    if (values.has('json')) print(jsonText({ trace: directory, pack: made }));
  }
  return 0;
};

/** What `-o` names; with several recordings there is none. @throws UsageError BAD_VALUE */
function outputOf({ values, operands }: Pick<Invocation, 'values' | 'operands'>): string | undefined {
  const output = values.text('output');
  if (output === undefined) return undefined;
  if (output === '') throw new UsageError('BAD_VALUE', 'pack: -o: expected the name of a file or directory');
  if (operands.length > 1)
    throw new UsageError('BAD_VALUE', 'pack: -o takes one recording; without it several are packed in place');
  return output;
}

function isFileName(output: string): boolean {
  return output.endsWith(packSuffix) && statSync(output, { throwIfNoEntry: false })?.isDirectory() !== true;
}

import { availableParallelism } from 'node:os';
import { printable } from '../../printable.ts';
import { Progress } from '../../replay/progress.ts';
import { compressTrace } from '../../trace/compress-trace.ts';
import { resolveTrace } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr compress TRACE [--compress=LEVEL]`. @throws UsageError BAD_VALUE; TraceError; EngineError TRACE_IN_USE */
export const run: RunCommand = async ({ values, operands, global }) => {
  const compression = values.word('compress', ['none', 'fast', 'best']) ?? 'best';
  const directory = resolveTrace(operands[0]);
  let progress: Progress | undefined;
  const result = await compressTrace(directory, {
    compression,
    workers: availableParallelism(),
    onProgress: (event, events) => {
      progress ??= new Progress(events, !global.nonInteractive);
      progress.update(event);
    },
  }).finally(() => progress?.clear());
  if (values.has('json')) return print(jsonText(result));
  const { before, after } = result;
  const percent = before === 0 ? 100 : Math.round((after / before) * 100);
  return print(`${printable(directory)}: ${before} bytes before, ${after} now (${percent} %)\n`);
};

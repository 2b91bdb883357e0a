import { mappedFileNames } from '../../dump/mapped-file-names.ts';
import { printable } from '../../printable.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import { BufferedOutput } from '../buffered-output.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, readerGoneStatus } from '../print.ts';

/** `rr filename [TRACE]`: a line for each file that was mapped. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(resolveTrace(operands[0]));
  const output = new BufferedOutput();
  const names = new Set<string>();
  try {
    for (const file of mappedFileNames(reader)) {
      if (!values.has('json') && names.has(file.path)) continue;
      names.add(file.path);
      if (!output.write(values.has('json') ? jsonText(file) : `${printable(file.path)}\n`)) break;
    }
    return output.flush() ? 0 : readerGoneStatus;
  } finally {
    output.flush();
    reader.close();
  }
};

import { printable } from '../../printable.ts';
import { binariesWithSources } from '../../sources/trace-sources.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import { BufferedOutput } from '../buffered-output.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, readerGoneStatus } from '../print.ts';

/** `rr explicit-sources [TRACE]`: a line for each name. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(resolveTrace(operands[0]));
  const output = new BufferedOutput();
  const asJson = values.has('json');
  const seen = new Set<string>();
  try {
    for (const { path, sources } of binariesWithSources(reader)) {
      for (const { name, directory } of sources) {
        const line = asJson ? jsonText({ name, directory, binary: path }) : `${printable(name)}\n`;
        if (seen.has(line)) continue;
        seen.add(line);
        if (!output.write(line)) return readerGoneStatus;
      }
    }
    return output.flush() ? 0 : readerGoneStatus;
  } finally {
    output.flush();
    reader.close();
  }
};

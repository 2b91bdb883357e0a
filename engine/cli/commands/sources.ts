import { binariesWithSources, filesOf } from '../../sources/trace-sources.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/** `rr sources [TRACE]`. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(resolveTrace(operands[0]));
  try {
    const binaries = [...binariesWithSources(reader)];
    const { symlinks, files } = filesOf(binaries.flatMap(({ sources }) => sources));
    const found = {
      relevant_binaries: binaries.map(({ path }) => path),
      external_debug_info: binaries.flatMap(({ debugFile, buildId }) =>
        debugFile === undefined ? [] : [{ path: debugFile, 'build-id': buildId }],
      ),
      symlinks,
      files,
    };
    return print(jsonText(found, values.has('json') ? 0 : 2));
  } finally {
    reader.close();
  }
};

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { buildIdentifier } from '../../dump/build-identifier.ts';
import { reportError } from '../error-report.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

/**
 * `rr buildid [FILE]...`: a line for each file, empty where it has no identifier. Without operands the names are lines of
 * standard input, each answered at once: debuggers keep it running. A file that cannot be read ends that, as rr does.
 */
export const run: RunCommand = async ({ values, operands }) => {
  const answer = (file: string): number => {
    const identifier = buildIdentifier(file);
    return print(values.has('json') ? jsonText({ file, buildId: identifier ?? null }) : `${identifier ?? ''}\n`);
  };
  if (operands.length === 0) return answerLines(answer);
  let status = 0;
  for (const file of operands) {
    try {
      status = answer(file) || status;
    } catch (error) {
      status = reportError(error);
    }
  }
  return status;
};

/** @throws EngineError FILE_UNREADABLE */
async function answerLines(answer: (file: string) => number): Promise<number> {
  // Not process.stdin, which would make the description non-blocking for others.
  const lines = createInterface({ input: createReadStream('', { fd: 0, autoClose: false }) });
  for await (const line of lines) {
    if (line === '') break;
    const status = answer(line);
    if (status !== 0) return status;
  }
  return 0;
}

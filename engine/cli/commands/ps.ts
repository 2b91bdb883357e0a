import type { ProcessEntry } from '../../dump/process-table.ts';
import { readProcesses } from '../../dump/read-processes.ts';
import { shellWords } from '../../dump/text.ts';
import { findTrace } from '../../trace/location.ts';
import { TraceReader } from '../../trace/reader.ts';
import type { RunCommand } from '../grammar.ts';
import { print } from '../print.ts';

function line({ pid, parentPid, exit, command }: ProcessEntry): string {
  const words = command === undefined ? '(forked without exec)' : shellWords(command);
  return `${[pid, parentPid ?? '--', exit ?? '--', words].join('\t')}\n`;
}

function jsonLine({ pid, parentPid, exit, command }: ProcessEntry): string {
  return `${JSON.stringify({ pid, parentPid: parentPid ?? null, exit: exit ?? null, command: command ?? null })}\n`;
}

/** `rr ps [TRACE]`. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(findTrace(operands[0]));
  try {
    const { processes } = readProcesses(reader);
    if (values.has('json')) return print(processes.map(jsonLine).join(''));
    return print(`PID\tPPID\tEXIT\tCMD\n${processes.map(line).join('')}`);
  } finally {
    reader.close();
  }
};

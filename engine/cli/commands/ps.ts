import { type ProcessEntry, ProcessTable } from '../../dump/process-table.ts';
import { readProcesses } from '../../dump/read-processes.ts';
import { shellWords } from '../../dump/text.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { TraceReader } from '../../trace/reader.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';

function line({ pid, namespacePid, parentPid, exit, command }: ProcessEntry): string {
  const words = command === undefined ? '(forked without exec)' : shellWords(command);
  const number = namespacePid === undefined ? pid : `${pid} (${namespacePid})`;
  return `${[number, parentPid ?? '--', exit ?? '--', words].join('\t')}\n`;
}

function jsonLine({ pid, namespacePid, parentPid, exit, command }: ProcessEntry): string {
  return jsonText({
    pid,
    namespacePid: namespacePid ?? null,
    parentPid: parentPid ?? null,
    exit: exit ?? null,
    command: command ?? null,
  });
}

/** `rr ps [TRACE]`. Of a trace that is damaged, what comes before. @throws TraceError */
export const run: RunCommand = async ({ values, operands }) => {
  const reader = TraceReader.open(resolveTrace(operands[0]));
  const table = new ProcessTable();
  let status = 0;
  try {
    readProcesses(reader, table);
  } finally {
    reader.close();
    const { processes } = table;
    status = print(
      values.has('json') ? processes.map(jsonLine).join('') : `PID\tPPID\tEXIT\tCMD\n${processes.map(line).join('')}`,
    );
  }
  return status;
};

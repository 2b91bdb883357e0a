import { exitOf } from '../../dump/process-table.ts';
import { byteCount, shellWords } from '../../dump/text.ts';
import { listTraces, type TraceEntry } from '../../dump/trace-list.ts';
import { printable } from '../../printable.ts';
import { traceRoot } from '../../trace/locations.ts';
import type { RunCommand } from '../grammar.ts';
import { jsonText, print } from '../print.ts';
import { columns } from '../text-table.ts';

/** Exit status, or the negative number of the signal; `--` when the recording does not tell. */
function exitText({ version }: TraceEntry): string {
  const status = version?.end?.status;
  return status === undefined ? '--' : String(exitOf(status));
}

function commandText({ version, problem }: TraceEntry): string {
  if (version === undefined) return `(${problem})`;
  const words = shellWords(version.header.arguments);
  return version.end?.complete === true ? words : `${words} (incomplete)`;
}

/** Local time to the second, as people sort it. */
function timeText(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function longLines(entries: readonly TraceEntry[]): string {
  const rows = entries.map((entry) => [
    printable(entry.name),
    timeText(entry.created),
    byteCount(entry.size),
    exitText(entry),
    commandText(entry),
  ]);
  return columns([['NAME', 'WHEN', 'SIZE', 'EXIT', 'CMD'], ...rows], [2, 3]);
}

function jsonLine({ name, directory, size, created, version, problem }: TraceEntry): string {
  const { header, end } = version ?? {};
  const shown = {
    name,
    directory,
    size,
    created: created.toISOString(),
    arguments: header?.arguments ?? null,
    workingDirectory: header?.workingDirectory ?? null,
    end: end ?? null,
    problem: problem ?? null,
  };
  return jsonText(shown);
}

/**
 * `rr ls [-ltr] [PREFIX]...`: recordings in the trace root, or with `--remote` in a store elsewhere.
 * @throws EngineError TRACE_ROOT_UNREADABLE; RemoteError
 */
export const run: RunCommand = async ({ values, operands }) => {
  if (values.has('remote')) {
    const { listRemote } = await import('../remote-list.ts');
    return listRemote(values, operands);
  }
  const entries = listTraces(traceRoot()).filter(
    ({ name }) => operands.length === 0 || operands.some((prefix) => name.startsWith(prefix)),
  );
  if (values.has('time')) entries.sort((one, other) => other.created.getTime() - one.created.getTime());
  if (values.has('reverse')) entries.reverse();
  if (values.has('json')) return print(entries.map(jsonLine).join(''));
  if (values.has('long')) return print(longLines(entries));
  return print(entries.map(({ name }) => `${printable(name)}\n`).join(''));
};

/**
 * npm run acceptance [-- --only NAME... --times N --elsewhere]
 *
 * Records and replays every program of programs.ts, with compression and with memory checksums at every 50th event;
 * compares standard output, standard error and end of the native run, the recording and the replay; prints a table.
 * Ends with status 1 when any program failed. With --elsewhere each trace is replayed where nothing of the recording's
 * world is left, too (elsewhere.ts).
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile } from '../harness/compile.ts';
import type { RecordingMode } from '../harness/modes.ts';
import { withRecording } from '../harness/recording.ts';
import { formatBytes, formatSeconds, formatTable } from '../harness/table.ts';
import { readTraceFigures } from '../harness/trace-figures.ts';
import { replayElsewhere } from './elsewhere.ts';
import type { AcceptanceProgram } from './program.ts';
import { acceptancePrograms } from './programs.ts';

const mode: RecordingMode = {
  name: '--compress -C every:50',
  globalOptions: ['-C', 'every:50'],
  recordOptions: ['--compress'],
};
const defaultLimitSeconds = 300;
const terminal = (): string => compile(join(dirname(fileURLToPath(import.meta.url)), '..', 'harness', 'terminal.c'));

interface Row {
  readonly cells: readonly string[];
  readonly failure?: string;
}

async function runProgram(program: AcceptanceProgram, elsewhere: boolean): Promise<Row> {
  const limitSeconds = program.limitSeconds ?? defaultLimitSeconds;
  let cells: readonly string[] = [program.name, '', '', '', '', '', 'FAILED'];
  try {
    await withRecording(
      program.name,
      {
        command: program.command,
        mode,
        deterministic: program.varies === undefined,
        limitSeconds,
        ...(program.input === undefined ? {} : { input: program.input }),
        ...(program.env === undefined ? {} : { env: program.env }),
        ...(program.prepare === undefined ? {} : { prepare: program.prepare }),
        ...(program.terminal === true ? { wrapper: [terminal()] } : {}),
      },
      async (recording) => {
        const { native, record, replay, traceDirectory } = recording;
        const { events, traceBytes } = readTraceFigures(traceDirectory);
        const seconds = [native, record, replay].map((run) => formatSeconds(run.seconds));
        cells = [program.name, ...seconds, String(events), formatBytes(traceBytes), 'ok'];
        if (!elsewhere) return;
        try {
          await replayElsewhere(recording, limitSeconds);
        } catch (error) {
          cells = [...cells.slice(0, -1), 'FAILED'];
          throw new Error(`${program.name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      },
    );
    return { cells };
  } catch (error) {
    return { cells, failure: error instanceof Error ? error.message : String(error) };
  }
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    times: { type: 'string', default: '1' },
    elsewhere: { type: 'boolean', default: false },
  },
});
const times = Number(values.times);
if (values.elsewhere && process.getuid?.() !== 0) {
  console.error('--elsewhere: only root can become another user, mount and watch');
  process.exit(2);
}
const all = acceptancePrograms();
const unknown = (values.only ?? []).filter((name) => !all.some((program) => program.name === name));
if (!Number.isInteger(times) || times < 1) {
  console.error(`--times ${values.times}: expected a whole number of at least 1`);
  process.exit(2);
}
if (unknown.length > 0) {
  console.error(`--only ${unknown.join(', ')}: no such program; there are ${all.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = values.only === undefined ? all : all.filter(({ name }) => values.only?.includes(name));

const failures: string[] = [];
for (let round = 1; round <= times; round++) {
  const rows: Row[] = [];
  for (const program of chosen) {
    const row = await runProgram(program, values.elsewhere);
    rows.push(row);
    if (row.failure === undefined) continue;
    failures.push(row.failure);
    console.log(`${row.failure}\n`);
  }
  const header = ['program', 'native s', 'record s', 'replay s', 'events', 'bytes', 'result'];
  const which = times > 1 ? `round ${round} of ${times}\n` : '';
  console.log(
    `${which}${formatTable(
      header,
      rows.map(({ cells }) => cells),
    )}\n`,
  );
}
console.log(failures.length === 0 ? 'all passed' : `${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

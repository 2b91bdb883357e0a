/**
 * npm run acceptance [-- --group NAME --only NAME... --times N --busy N --checksum MODE --unbuffered --elsewhere
 *   --debugged --container]
 *
 * Records and replays every program of a group; compares standard output, standard error and end of the native run, the
 * recording and the replay; prints a table. Ends with status 1 when any program failed.
 *
 * Group `programs` (programs.ts, the default): with memory checksums at every 50th event. With --elsewhere each trace is
 * replayed where nothing of the recording's world is left, too (elsewhere.ts), with --debugged under a debugger that goes
 * to and fro (debugged.ts). Group `threads` (threaded-programs.ts):
 * means over all rounds, and forced stops in total and per second of native run time. --busy: so many busy loops beside.
 * --unbuffered: every system call stops the program (record -n). --container: all runs are under what a container's
 * default profile refuses.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BusyLoops } from '../harness/busy-loops.ts';
import { missingCommands, whyNotRun } from '../harness/missing-commands.ts';
import type { RecordingMode } from '../harness/modes.ts';
import type { Recording } from '../harness/recording.ts';
import { formatBytes, formatSeconds, formatTable } from '../harness/table.ts';
import { readTraceFigures } from '../harness/trace-figures.ts';
import { wholeNumber } from '../harness/whole-number.ts';
import { replayDebugged } from './debugged.ts';
import { replayElsewhere } from './elsewhere.ts';
import type { AcceptanceProgram } from './program.ts';
import { acceptancePrograms } from './programs.ts';
import { runRepeated } from './repeated.ts';
import { acceptanceMode, limitOf, runProgram } from './run-program.ts';
import { threadedPrograms } from './threaded-programs.ts';

interface Row {
  readonly cells: readonly string[];
  readonly failure?: string;
}

/** What else is done with each recording. */
type Further = (recording: Recording, limitSeconds: number) => Promise<void>;

async function runOnce(program: AcceptanceProgram, mode: RecordingMode, further: readonly Further[]): Promise<Row> {
  const reason = whyNotRun(program);
  if (reason !== undefined) {
    console.log(`${reason}\n`);
    return { cells: [program.name, '', '', '', '', '', 'skipped'] };
  }
  let cells: readonly string[] = [program.name, '', '', '', '', '', 'FAILED'];
  try {
    await runProgram(program, mode, async (recording) => {
      const { native, record, replay, traceDirectory } = recording;
      const { events, traceBytes } = readTraceFigures(traceDirectory);
      const seconds = [native, record, replay].map((run) => formatSeconds(run.seconds));
      cells = [program.name, ...seconds, String(events), formatBytes(traceBytes), 'ok'];
      try {
        for (const each of further) await each(recording, limitOf(program));
      } catch (error) {
        cells = [...cells.slice(0, -1), 'FAILED'];
        throw new Error(`${program.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    return { cells };
  } catch (error) {
    return { cells, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A table for each round. */
async function runRounds(
  programs: readonly AcceptanceProgram[],
  mode: RecordingMode,
  times: number,
  further: readonly Further[],
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let round = 1; round <= times; round++) {
    const rows: Row[] = [];
    for (const program of programs) {
      const row = await runOnce(program, mode, further);
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
  return failures;
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** Installs what the programs need, or says what to install. */
function installMissing(programs: readonly AcceptanceProgram[]): void {
  if (programs.every((program) => missingCommands(program).length === 0)) return;
  const script = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'scripts', 'install-packages.sh');
  // A row whose program it could not install is skipped.
  spawnSync('sh', [script, '--acceptance'], { stdio: ['ignore', 'inherit', 'inherit'] });
}

const groups = { programs: acceptancePrograms, threads: threadedPrograms } as const;

const { values } = parseArgs({
  options: {
    group: { type: 'string', default: 'programs' },
    only: { type: 'string', multiple: true },
    times: { type: 'string', default: '1' },
    busy: { type: 'string', default: '0' },
    checksum: { type: 'string' },
    unbuffered: { type: 'boolean', default: false },
    elsewhere: { type: 'boolean', default: false },
    debugged: { type: 'boolean', default: false },
    container: { type: 'boolean', default: false },
  },
});
const times = wholeNumber(values.times, '--times', 1);
const busy = wholeNumber(values.busy, '--busy', 0);
if (values.elsewhere && process.getuid?.() !== 0) {
  refuse('--elsewhere: only root can become another user, mount and watch');
}
const group = values.group;
if (group !== 'programs' && group !== 'threads') {
  refuse(`--group ${group}: no such group; there are ${Object.keys(groups).join(', ')}`);
}
const all = groups[group]();
const unknown = (values.only ?? []).filter((name) => !all.some((program) => program.name === name));
if (unknown.length > 0) {
  refuse(`--only ${unknown.join(', ')}: no such program; there are ${all.map(({ name }) => name).join(', ')}`);
}
const chosen = values.only === undefined ? all : all.filter(({ name }) => values.only?.includes(name));
const confinement = values.container ? { refused: 'container' } : {};
installMissing(chosen);

using _busy = new BusyLoops(busy);
const failures =
  group === 'threads'
    ? await runRepeated(chosen, { ...acceptanceMode(values.checksum, values.unbuffered), ...confinement }, times)
    : await runRounds(
        chosen,
        { ...acceptanceMode(values.checksum ?? 'every:50', values.unbuffered), ...confinement },
        times,
        [...(values.elsewhere ? [replayElsewhere] : []), ...(values.debugged ? [replayDebugged] : [])],
      );
console.log(failures.length === 0 ? 'all passed' : `${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

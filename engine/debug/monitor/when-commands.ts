/** Where and when the replay stands. The sentences are read by scripts. */
import { EngineError } from '../../errors.ts';
import type { DebugSession } from '../gdb/session.ts';
import type { MonitorCommand } from './monitor-commands.ts';

const noTicks = 'the trace has no ticks: it was recorded without a counter. `when` and `seek` name places of any trace';

function command(summary: string, run: (session: DebugSession) => Promise<string>): MonitorCommand {
  return { operands: '', summary, run };
}

/** The trace says nothing of a time. */
function withoutTime(): EngineError {
  return new EngineError('NO_TIME', 'the trace does not tell when it was recorded');
}

export const whenCommands: Readonly<Record<string, MonitorCommand>> = {
  when: command('the last event that is over', async ({ snapshot }) => {
    const { event } = await snapshot.state();
    return `Completed event: ${event}\n`;
  }),
  'when-position': command('the position, for seek and for bug reports', async ({ snapshot, target }) => {
    const { position } = await snapshot.state();
    return `${position.includes('?') ? await target.namePosition() : position}\n`;
  }),
  'when-place': command('the same, for seek in this session', async ({ snapshot }) => {
    const { position } = await snapshot.state();
    return `${position}\n`;
  }),
  'when-ticks': command('the ticks of the task', async ({ snapshot }) => {
    const { ticks } = await snapshot.state();
    if (ticks === undefined) throw new EngineError('NO_TICKS', noTicks);
    return `Current tick: ${ticks}\n`;
  }),
  'when-tid': command('the task', async ({ snapshot }) => {
    const { tid } = await snapshot.state();
    return `Current tid: ${tid}\n`;
  }),
  'when-end': command(
    'the last event of the recording',
    async ({ recording }) => `Last event: ${recording.lastEvent}\n`,
  ),
  'elapsed-time': command('seconds since the recording began', async ({ snapshot }) => {
    const { elapsedSeconds } = await snapshot.state();
    return `Elapsed Time (s): ${elapsedSeconds.toFixed(6)}\n`;
  }),
  'absolute-time': command('what the clock said', async ({ snapshot }) => {
    const { absoluteSeconds } = await snapshot.state();
    if (absoluteSeconds === undefined) throw withoutTime();
    return `Absolute Time: ${absoluteSeconds.toFixed(6)} (${new Date(absoluteSeconds * 1000).toISOString()})\n`;
  }),
  processes: command(
    'the processes of the recording: pid, parent, first and last event, program',
    async ({ recording }) =>
      recording.processes
        .map(({ pid, parent, firstEvent, lastEvent, program }) =>
          [pid, parent ?? '--', firstEvent, lastEvent, program === '' ? '(forked)' : program].join('\t'),
        )
        .map((line) => `${line}\n`)
        .join(''),
  ),
  recording: command('what is known of the recording', async ({ recording, snapshot }) => {
    const { process, program } = await snapshot.state();
    const lines = [
      `Recording: ${recording.directory}`,
      `Events: ${recording.lastEvent}${recording.isComplete ? '' : ' (it breaks off there)'}`,
      `Processes: ${recording.processes.length}, this is ${process}: ${program}`,
    ];
    return `${lines.join('\n')}\n`;
  }),
};

export { noTicks };

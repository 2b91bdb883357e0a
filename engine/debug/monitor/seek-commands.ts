/** Going elsewhere: it happens at the client's next resume, whatever that is, so that the client notices. */
import { EngineError, UsageError } from '../../errors.ts';
import { findProcess } from '../find-process.ts';
import type { DebugSession } from '../gdb/session.ts';
import type { Place } from '../target.ts';
import type { MonitorCommand } from './monitor-commands.ts';
import { noTicks } from './when-commands.ts';

function parseNumber(text: string, what: string): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new UsageError('BAD_VALUE', `${what} "${text}": expected a number`);
  return number;
}

/** @throws UsageError BAD_VALUE, EngineError NO_EVENT */
function eventPlace({ recording }: DebugSession, text: string): Place {
  const event = parseNumber(text, 'event');
  if (event > recording.lastEvent) {
    throw new EngineError('NO_EVENT', `no event ${event}: the recording has events 1 to ${recording.lastEvent}`);
  }
  return event === 0 ? { kind: 'begin' } : { kind: 'event', event };
}

function positionPlace(session: DebugSession, text: string): Place {
  if (text === 'begin' || text === 'end') return { kind: text };
  if (text === 'start') return session.start;
  if (/^[0-9]+$/.test(text)) return eventPlace(session, text);
  if (/^[0-9][0-9a-zA-Z.+#@:=?-]*$/.test(text)) return { kind: 'position', text };
  throw new UsageError('BAD_VALUE', `position "${text}": expected what when-position says, an event, begin or end`);
}

function seek(
  operands: string,
  summary: string,
  place: (session: DebugSession, operand: string) => Place | Promise<Place>,
): MonitorCommand {
  return {
    operands,
    summary,
    run: async (session, operand) => {
      session.goOnNextResume(await place(session, operand));
      return '';
    },
  };
}

export const seekCommands: Readonly<Record<string, MonitorCommand>> = {
  seek: seek('POSITION', 'go there: an event, a position, begin, end, or start, where run goes', positionPlace),
  arriving: {
    operands: '',
    summary: 'yes while the next resume runs nothing, since all of a seek is not told yet',
    run: (session) => (session.isArriving ? 'yes\n' : 'no\n'),
  },
  'seek-ticks': seek('N', 'go where the task has that many ticks', ({ recording }, operand) => {
    if (!recording.hasTicks) throw new EngineError('NO_TICKS', noTicks);
    return { kind: 'ticks', ticks: parseNumber(operand, 'ticks') };
  }),
  'seek-checkpoint': seek('N', 'go to a checkpoint', async ({ target }, operand) => {
    const number = parseNumber(operand, 'checkpoint');
    const known = await target.checkpoints();
    if (!known.some((each) => each.number === number)) {
      throw new EngineError('NO_CHECKPOINT', `no checkpoint ${number}; info checkpoints lists them`);
    }
    return { kind: 'checkpoint', number };
  }),
  process: seek('PID|NAME', 'look at another process, where it executed its program', (session, operand) => {
    session.start = { kind: 'process', pid: findProcess(session.recording, operand).pid };
    return session.start;
  }),
};

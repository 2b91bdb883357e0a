import type { Resume } from '../../target.ts';
import { parseHexNumber } from '../bytes.ts';
import { PacketError, type Reply } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import { fromGdbSignal } from '../signals.ts';
import { parseThreadId } from '../thread-id.ts';
import type { PacketHandler } from './command.ts';

export const resumeActions: PacketHandler = () => 'vCont;c;C;s;S;r';

/**
 * `vCont;ACTION[:THREAD];...`. One task runs user code at a time and the recording says which: the first action that
 * steps names the task to step, and if none does, all go on. Signals to deliver are those of the recording; a program that
 * the client has changed may end by one.
 */
export const resumeWithActions: PacketHandler = async (session, text) => {
  const actions = text.split(';').filter((each) => each !== '');
  if (actions.length === 0) throw new PacketError('EINVAL', 'vCont without an action');
  const parsed = actions.map(parseAction);
  const stepping = parsed.find(({ letter }) => letter === 's' || letter === 'r');
  const signal = parsed.find((action) => action.signal !== undefined)?.signal;
  if (stepping === undefined) return resumeSelected(session, 'forward', 'continue', signal);
  const tid = await taskToStep(session, stepping.thread);
  const { range } = stepping;
  return session.resume({
    direction: 'forward',
    how: 'step',
    tid,
    ...(range === undefined ? {} : { range }),
    ...(signal === undefined ? {} : { signal }),
  });
};

interface Action {
  readonly letter: 'c' | 's' | 'r';
  readonly range?: { readonly start: number; readonly end: number };
  /** Linux's number. */
  readonly signal?: number | undefined;
  readonly thread: string | undefined;
}

function parseAction(text: string): Action {
  const [action = '', thread] = text.split(':', 2);
  const match = /^(?:([cs])|([CS])([0-9a-fA-F]{2})|r([0-9a-fA-F]+),([0-9a-fA-F]+))$/.exec(action);
  if (match === null) throw new PacketError('EINVAL', `vCont: no action ${text}`);
  const [, plain, withSignal, signal, start, end] = match;
  const letter = plain ?? withSignal?.toLowerCase();
  if (letter === 'c' || letter === 's') return { letter, thread, signal: linuxSignal(signal) };
  const range = { start: parseHexNumber(start), end: parseHexNumber(end) };
  if (range.start === undefined || range.end === undefined) throw new PacketError('EINVAL', `vCont: no range ${text}`);
  return { letter: 'r', range: { start: range.start, end: range.end }, thread };
}

/** Of gdb's number in hexadecimal digits. */
function linuxSignal(digits: string | undefined): number | undefined {
  const number = parseHexNumber(digits);
  return number === undefined ? undefined : fromGdbSignal(number);
}

async function taskToStep(session: DebugSession, thread: string | undefined): Promise<number> {
  if (thread === undefined) return session.selectedTask('resumed');
  const id = parseThreadId(thread);
  if (id === undefined) throw new PacketError('EINVAL', `vCont: no thread ${thread}`);
  return session.taskOf(id);
}

/** Resumes the task that `Hc` has selected. */
async function resumeSelected(
  session: DebugSession,
  direction: Resume['direction'],
  how: 'continue' | 'step',
  signal?: number | undefined,
): Promise<Reply> {
  const tid = await session.selectedTask('resumed');
  return session.resume({ direction, how, tid, ...(signal === undefined ? {} : { signal }) });
}

/** `c` and `C`: the address to go on from, which gdb never gives, is refused. */
export const continueForward: PacketHandler = async (session, text): Promise<Reply> => {
  if (text !== '') throw new PacketError('EINVAL', 'going on from another address is not possible');
  return resumeSelected(session, 'forward', 'continue');
};

export const continueWithSignal: PacketHandler = async (session, text) =>
  resumeSelected(session, 'forward', 'continue', linuxSignal(text));

export const stepForward: PacketHandler = async (session, text): Promise<Reply> => {
  if (text !== '') throw new PacketError('EINVAL', 'going on from another address is not possible');
  return resumeSelected(session, 'forward', 'step');
};

export const stepWithSignal: PacketHandler = async (session, text) =>
  resumeSelected(session, 'forward', 'step', linuxSignal(text));

/** `bc` */
export const continueBackward: PacketHandler = (session) => resumeSelected(session, 'backward', 'continue');

/** `bs` */
export const stepBackward: PacketHandler = (session) => resumeSelected(session, 'backward', 'step');

import { toHex } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import { allThreads, anyThread, parseThreadId } from '../thread-id.ts';
import type { PacketHandler } from './command.ts';

async function taskOf(session: DebugSession, text: string): Promise<number> {
  const id = parseThreadId(text);
  if (id === undefined) throw new PacketError('EINVAL', `${text}: no thread id`);
  return session.taskOf(id);
}

/** `Hg` and `Hc`: the task that the next packets are about. */
export const selectThread: PacketHandler = async (session, text) => {
  const which = text[0] === 'g' ? 'general' : text[0] === 'c' ? 'resumed' : undefined;
  const id = parseThreadId(text.slice(1));
  if (which === undefined || id === undefined) throw new PacketError('EINVAL', `H${text}: no thread id`);
  session.selectsFormer = await session.isFormer(id);
  if (session.selectsFormer) return ok;
  const isParticular = id.tid !== allThreads && id.tid !== anyThread;
  const tid = await session.taskOf(id);
  session.select(which, isParticular ? tid : undefined);
  return ok;
};

/** `T`: whether a thread is there. */
export const isAlive: PacketHandler = async (session, text) => {
  await taskOf(session, text);
  return ok;
};

/** `qC` */
export const currentThread: PacketHandler = async (session) =>
  `QC${await session.threadIdText(await session.selectedTask())}`;

/** `qfThreadInfo`: all of them at once; `qsThreadInfo` has nothing more. */
export const firstThreads: PacketHandler = async (session) => {
  session.showsStop();
  const { tasks } = await session.snapshot.state();
  const ids = await Promise.all(tasks.map(({ tid }) => session.threadIdText(tid)));
  return `m${ids.join(',')}`;
};

export const furtherThreads: PacketHandler = () => 'l';

/** `qThreadExtraInfo,ID`: the task's name. */
export const threadName: PacketHandler = async (session, text) => {
  const tid = await taskOf(session, text.replace(/^,/, ''));
  const { tasks } = await session.snapshot.state();
  return toHex(tasks.find((task) => task.tid === tid)?.name ?? '');
};

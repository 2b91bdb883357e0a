import { parseHexNumber } from '../bytes.ts';
import { ok } from '../reply.ts';
import type { PacketHandler } from './command.ts';

/** Ends the session, unless a process is named that is not looked at any more: the client gives up what it was before. */
const end: PacketHandler = async (session, text) => {
  const pid = parseHexNumber(text.replace(/^;/, ''));
  const { process } = await session.snapshot.state();
  if (pid === undefined || pid === process) session.ended = true;
  return ok;
};

/** `D`, `D;PID` */
export const detach: PacketHandler = end;

/** `vKill;PID` */
export const killProcess: PacketHandler = end;

/** `k`: gdb waits for no answer to it; lldb does, for how the process has ended: here as if by SIGKILL. */
export const kill: PacketHandler = async (...packet) => {
  await end(...packet);
  return 'X09';
};

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

/** `k`: wants no answer; one more does no harm to a client that has gone. */
export const kill: PacketHandler = end;

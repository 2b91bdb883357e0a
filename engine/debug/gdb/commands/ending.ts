import { ok, type Reply } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import type { PacketHandler } from './command.ts';

function end(session: DebugSession): Reply {
  session.ended = true;
  return ok;
}

/** `D`, `D;PID` */
export const detach: PacketHandler = end;

/** `vKill;PID` */
export const killProcess: PacketHandler = end;

/** `k`: wants no answer; one more does no harm to a client that has gone. */
export const kill: PacketHandler = end;

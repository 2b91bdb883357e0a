import { toHex } from '../bytes.ts';
import { ok } from '../reply.ts';
import type { PacketHandler } from './command.ts';

/** `?` */
export const lastStop: PacketHandler = (session) => session.lastStop();

/** `!`: a client that wants to start the program again may. */
export const extendedMode: PacketHandler = () => ok;

/** `qAttached`: the program was there before the client, which detaches when it goes. */
export const isAttached: PacketHandler = () => '1';

/** `qSymbol::` and what follows. */
export const symbolLookup: PacketHandler = (session, text) => session.symbols.receive(text);

/** `vRun;PROGRAM;ARGUMENTS`: the recorded program from its beginning, whatever is named. */
export const runProgram: PacketHandler = (session) => session.goNow(session.start);

/** `R`: the same, for clients that know no vRun. It has no answer: the client asks `?` next. */
export const restart: PacketHandler = (session) => session.goNow(session.start);

/** `qRR.Place`, ours: what `monitor when-place` says, for whoever cannot send a command where the place is wanted. */
export const place: PacketHandler = async (session) => {
  const { position } = await session.snapshot.state();
  return toHex(position);
};

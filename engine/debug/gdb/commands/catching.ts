import { parseHexNumber } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import { fromGdbSignal } from '../signals.ts';
import type { PacketHandler } from './command.ts';

function parseNumbers(text: string): number[] {
  return text.split(';').flatMap((each) => {
    if (each === '') return [];
    const number = parseHexNumber(each);
    if (number === undefined) throw new PacketError('EINVAL', `${each}: no number`);
    return [number];
  });
}

/** `QCatchSyscalls:0`, `:1`, `:1;NUMBER;...` */
export const catchSyscalls: PacketHandler = async (session, text) => {
  if (!/^[01](;|$)/.test(text)) throw new PacketError('EINVAL', `QCatchSyscalls:${text}`);
  await session.target.catchSyscalls(text[0] === '1' ? parseNumbers(text.slice(1)) : undefined);
  return ok;
};

/** `QPassSignals:SIGNAL;...`: those that the client would only pass on. */
export const passSignals: PacketHandler = async (session, text) => {
  const signals = parseNumbers(text).flatMap((number) => fromGdbSignal(number) ?? []);
  await session.target.passSignals(signals);
  return ok;
};

/** `QProgramSignals`: which signals may be handed to the program; here the recording decides. */
export const programSignals: PacketHandler = () => ok;

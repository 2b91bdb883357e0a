import { EngineError } from '../../../errors.ts';
import { runMonitorCommand } from '../../monitor/monitor-commands.ts';
import { fromHex, toHex } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import type { PacketHandler } from './command.ts';

/** `qRcmd,HEX`: what `monitor` in gdb sends. The answer is text for the user; an error is one, too. */
export const monitorCommand: PacketHandler = async (session, text) => {
  const line = fromHex(text)?.toString();
  if (line === undefined) throw new PacketError('EINVAL', 'qRcmd: no command');
  try {
    const answer = await runMonitorCommand(session, line);
    return answer === '' ? ok : toHex(answer);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return toHex(`rr: ${error.message}\n`);
  }
};

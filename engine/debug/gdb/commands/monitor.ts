import { EngineError } from '../../../errors.ts';
import { runMonitorCommand } from '../../monitor/monitor-commands.ts';
import { fromHex } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import type { PacketHandler } from './command.ts';

/** `qRcmd,HEX`: what `monitor` in gdb sends. Its text is console output, also that of an error: lldb shows nothing else. */
export const monitorCommand: PacketHandler = async (session, text) => {
  const line = fromHex(text)?.toString();
  if (line === undefined) throw new PacketError('EINVAL', 'qRcmd: no command');
  try {
    const answer = await runMonitorCommand(session, line);
    if (answer !== '') session.print(answer);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    session.print(`rr: ${error.message}\n`);
  }
  return ok;
};

import { registerIndex } from '../../../generated/schema.ts';
import { register } from '../../../replay/registers.ts';
import type { TaskRegisters } from '../../target.ts';
import { fromHex, parseHexNumber } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import type { DebugSession } from '../session.ts';
import { writeRegister } from '../x86-64/register-values.ts';
import type { PacketHandler } from './command.ts';

/** The selected task's registers, changed by a function and handed to the target. */
async function changeRegisters(session: DebugSession, change: (registers: TaskRegisters) => void): Promise<void> {
  const tid = await session.selectedTask();
  const { general, xsave } = await session.snapshot.registers(tid);
  const changed = { general: general.slice(), xsave: xsave.slice() };
  change(changed);
  const at = (words: TaskRegisters): number => register(words.general, registerIndex.rip);
  session.written.noteRegisters(at(changed) !== at({ general, xsave }));
  await session.snapshot.setRegisters(tid, changed);
}

/** `G`: all registers, by their numbers. */
export const writeRegisters: PacketHandler = async (session, text) => {
  const bytes = fromHex(text);
  const list = await session.snapshot.registerList();
  const length = list.reduce((sum, { size }) => sum + size, 0);
  if (bytes?.length !== length) throw new PacketError('EINVAL', `G: ${length} bytes are wanted`);
  await changeRegisters(session, (registers) => {
    let offset = 0;
    for (const each of list) {
      writeRegister(each, bytes.subarray(offset, offset + each.size), registers);
      offset += each.size;
    }
  });
  return ok;
};

/** `PN=VALUE`: one register. */
export const writeOneRegister: PacketHandler = async (session, text) => {
  const [number, value = ''] = text.split('=');
  const written = (await session.snapshot.registerList())[parseHexNumber(number) ?? -1];
  const bytes = fromHex(value);
  if (written === undefined || bytes?.length !== written.size) {
    throw new PacketError('EINVAL', `P${text}: no such register, or not its size`);
  }
  await changeRegisters(session, (registers) => writeRegister(written, bytes, registers));
  return ok;
};

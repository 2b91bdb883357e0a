import { parseHexNumber, toHex } from '../bytes.ts';
import { PacketError } from '../reply.ts';
import { readRegister } from '../x86-64/register-values.ts';
import type { PacketHandler } from './command.ts';

/** `g`: all registers of the selected task, by their numbers. */
export const readRegisters: PacketHandler = async (session) => {
  const registers = await session.snapshot.registers(await session.selectedTask());
  const list = await session.snapshot.registerList();
  return list.map((register) => toHex(readRegister(register, registers))).join('');
};

/** `pN`: one register. */
export const readOneRegister: PacketHandler = async (session, text) => {
  const register = (await session.snapshot.registerList())[parseHexNumber(text) ?? -1];
  if (register === undefined) throw new PacketError('EINVAL', `p${text}: no such register`);
  return toHex(readRegister(register, await session.snapshot.registers(await session.selectedTask())));
};

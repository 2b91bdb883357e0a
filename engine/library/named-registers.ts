import { readRegister } from '../debug/gdb/x86-64/register-values.ts';
import { registerList } from '../debug/gdb/x86-64/registers.ts';
import { xsaveLayout } from '../debug/gdb/x86-64/xsave-layout.ts';
import type { TaskRegisters } from '../debug/target.ts';
import { EngineError } from '../errors.ts';
import type { GeneralRegister, Registers } from './rr-engine.d.ts';

/** A task's registers by name. */
export function namedRegisters(values: TaskRegisters): Registers {
  const list = registerList(xsaveLayout(values.xsave));
  const read = (each: (typeof list)[number]): bigint => {
    const digits = Buffer.from(readRegister(each, values)).reverse().toString('hex');
    return BigInt(`0x${digits}`);
  };
  const general = list
    .filter(({ place }) => place.kind === 'general')
    .map((each) => [each.name as GeneralRegister, read(each)] as const);
  const value = (name: string): bigint => {
    const found = list.find((each) => each.name === name);
    if (found !== undefined) return read(found);
    throw new EngineError(
      'NO_REGISTER',
      `there is no register ${name} here: names are those of gdb, rax and xmm0 are two`,
    );
  };
  return { ...(Object.fromEntries(general) as Record<GeneralRegister, bigint>), value };
}

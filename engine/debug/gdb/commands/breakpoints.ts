import type { Breakpoint } from '../../target.ts';
import { fromHex, parseHexNumber } from '../bytes.ts';
import { ok, PacketError } from '../reply.ts';
import type { PacketHandler } from './command.ts';

/** By the number behind Z or z. */
const kinds: readonly Breakpoint['kind'][] = ['software', 'hardware', 'write', 'read', 'access'];

/** Conditions: `;X` LENGTH `,` HEX, any number of them. Commands (`;cmds:`), which nobody was offered, are left aside. */
function parseConditions(text: string): Uint8Array[] {
  const conditions: Uint8Array[] = [];
  let rest = text;
  while (rest.startsWith('X')) {
    const comma = rest.indexOf(',');
    const length = parseHexNumber(rest.slice(1, comma));
    if (comma < 0 || length === undefined) throw new PacketError('EINVAL', `${text}: no condition`);
    const end = comma + 1 + 2 * length;
    const bytecode = fromHex(rest.slice(comma + 1, end));
    if (bytecode?.length !== length) throw new PacketError('EINVAL', `${text}: the condition breaks off`);
    conditions.push(bytecode);
    rest = rest.slice(end).replace(/^;/, '');
  }
  return conditions;
}

/** `KIND,ADDRESS,LENGTH[;CONDITIONS]` @throws PacketError EINVAL */
function parseBreakpoint(text: string): Breakpoint {
  const match = /^([0-4]),([0-9a-fA-F]+),([0-9a-fA-F]+)(?:;(.*))?$/s.exec(text);
  const address = parseHexNumber(match?.[2]);
  const length = parseHexNumber(match?.[3]);
  const kind = kinds[Number(match?.[1])];
  if (kind === undefined || address === undefined || length === undefined) {
    throw new PacketError('EINVAL', `${text}: no breakpoint`);
  }
  return { kind, address, length, conditions: parseConditions(match?.[4] ?? '') };
}

/**
 * `Z`: also where there is no memory now. The recording may map some there, at another place of it; and gdb would keep a
 * breakpoint of its own that was refused, such as that of `next` at longjmp, and abort every command from then on.
 */
export const insertBreakpoint: PacketHandler = (session, text) => {
  const breakpoint = parseBreakpoint(text);
  if (session.selectsFormer) return ok;
  // One that the user has there is to be met in every frame.
  if (session.breakpoints.has(breakpoint)) session.afterStepBack.forget();
  else session.afterStepBack.inserted(breakpoint);
  session.breakpoints.insert(breakpoint);
  return ok;
};

/** `z` */
export const removeBreakpoint: PacketHandler = (session, text) => {
  const breakpoint = parseBreakpoint(text);
  if (!session.selectsFormer) session.breakpoints.remove(breakpoint);
  return ok;
};

/** Pieces of gdb's agent expressions, for conditions. */
import { opcodes } from '../../engine/debug/breakpoints/agent-expression.ts';

export type Code = readonly number[];

export const constant = (value: number): Code => [
  opcodes.const32,
  ...[24, 16, 8, 0].map((by) => (value >>> by) & 0xff),
];

/** @param number gdb's */
export const registerValue = (number: number): Code => [opcodes.reg, 0, number];

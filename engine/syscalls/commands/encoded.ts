import { command, hex, inOut, out, writing, written } from '../arguments.ts';
import type { Command } from '../model.ts';
import type { StructName } from '../structs.ts';

/** _IOC_READ: the kernel writes, the program reads. */
const reads = 0x80000000;

/** Requests whose number tells how much they write; often they write on failure too. */
export function encoded(requests: Readonly<Record<string, number>>): Command[] {
  return Object.entries(requests).map(([name, value]) => {
    if ((value & reads) === 0) return command(name, value);
    const base = (value >>> 16) & 0x3fff;
    return command(name, value, {
      2: writing(hex('argp'), written({ from: 'fixed' }, { base, written: 'always', inOut: true })),
    });
  });
}

/** Requests that fill one kind of structure. */
export const filling = (struct: StructName, requests: Readonly<Record<string, number>>): Command[] =>
  Object.entries(requests).map(([name, value]) => command(name, value, { 2: out('argp', struct) }));

/** Requests that read and write one kind of structure. */
export const changing = (struct: StructName, requests: Readonly<Record<string, number>>): Command[] =>
  Object.entries(requests).map(([name, value]) => command(name, value, { 2: inOut('argp', struct) }));

/** Requests that are known, and what they write is not. */
export const compared = (requests: Readonly<Record<string, number>>): Command[] =>
  Object.entries(requests).map(([name, value]) => ({ ...command(name, value), modelled: false as const }));

/** The words in which the table is written: one function for each kind of argument and of out-parameter. */
import type { FlagTableName } from './flags/index.ts';
import type { Argument, ArgumentKind, Command, LengthRule, OutParameter, SentRule, Syscall } from './model.ts';
import type { SyscallName } from './numbers.ts';
import { type StructName, structs } from './structs.ts';

const plain =
  (type: Exclude<ArgumentKind['type'], 'flags' | 'struct' | 'bytes'>) =>
  (name: string): Argument => ({ name, kind: { type }, out: [] });

export const int = plain('int');
export const unsigned = plain('unsigned');
export const long = plain('long');
export const size = plain('size');
export const hex = plain('hex');
export const descriptor = plain('descriptor');
export const directory = plain('directory');
export const mode = plain('mode');
export const signal = plain('signal');
export const device = plain('device');
/** A pointer that the kernel reads, or does not follow. */
export const pointer = plain('pointer');
/** A NUL-terminated string that the kernel reads. */
export const string = plain('string');
/** The same, the name of a file. */
export const path = plain('path');

export const flags = (name: string, table: FlagTableName): Argument => ({
  name,
  kind: { type: 'flags', table, wide: false },
  out: [],
});
export const wideFlags = (name: string, table: FlagTableName): Argument => ({
  name,
  kind: { type: 'flags', table, wide: true },
  out: [],
});

/** Bytes that the kernel reads, counted by argument number `length`. */
export const bytes = (name: string, length: number): Argument => ({ name, kind: { type: 'bytes', length }, out: [] });

/** A structure, or an array of them, that the kernel reads. */
export const struct = (name: string, of: StructName): Argument => ({
  name,
  kind: { type: 'struct', struct: of },
  out: [],
});

/** The same argument, by which bytes leave the program. */
export const sending = (argument: Argument, sent: SentRule): Argument => ({ ...argument, sent });

/** Bytes that leave the program, counted by argument number `length`. */
export const sentBytes = (name: string, length: number): Argument =>
  sending(bytes(name, length), { from: 'argument', argument: length, base: 0 });

/** Buffers that leave the program, as many as argument number `count` says. */
export const sentIovec = (name: string, count: number): Argument =>
  sending(struct(name, 'iovec'), { from: 'iovec', count });

export type OutOptions = Partial<Omit<OutParameter, 'length'>>;

/** What the kernel writes; the defaults are those of bytes that are written whole, and on success only. */
export function written(length: LengthRule, options: OutOptions = {}): OutParameter {
  return { length, element: 1, divisor: 1, base: 0, written: 'success', inOut: false, ...options };
}

/** The same argument, with other or further memory written through it. */
export const writing = (argument: Argument, ...out: OutParameter[]): Argument => ({ ...argument, out });

/** A structure that the kernel fills. */
export const out = (name: string, of: StructName, options: OutOptions = {}): Argument =>
  writing(struct(name, of), written({ from: 'fixed' }, { base: structs[of].bytes, ...options }));

/** A structure that the kernel reads and writes, or writes in part, whatever the result. */
export const inOut = (name: string, of: StructName, options: OutOptions = {}): Argument =>
  out(name, of, { inOut: true, written: 'always', ...options });

/** An array filled whole: as many elements as argument number `count` says. */
export const outArray = (name: string, of: StructName, count: number, options: OutOptions = {}): Argument =>
  writing(struct(name, of), written({ from: 'argument', argument: count }, { element: structs[of].bytes, ...options }));

/** Bytes filled whole, or in part with `inOut`: as many as argument number `length` says. */
export const outBytes = (name: string, length: number, options: OutOptions = {}): Argument =>
  writing(bytes(name, length), written({ from: 'argument', argument: length }, options));

/** As many bytes as the result, and no more than argument number `limit` says. */
export const resultBytes = (name: string, limit: number, options: OutOptions = {}): Argument =>
  writing({ name, kind: { type: 'bytes', length: limit }, out: [] }, written({ from: 'result', limit }, options));

/** As many elements as the result, and no more than argument number `limit` says. */
export const resultArray = (name: string, of: StructName, limit: number, options: OutOptions = {}): Argument =>
  writing(struct(name, of), written({ from: 'result', limit }, { element: structs[of].bytes, ...options }));

/** Bytes whose capacity is an int or u32 at argument number `length`, where the kernel stores the length that it had. */
export const updatedBytes = (name: string, length: number, options: OutOptions = {}): Argument =>
  writing(
    pointer(name),
    written({ from: 'memory', argument: length, offset: 0, width: 4, updated: true }, { inOut: true, ...options }),
  );

/** Buffers that the kernel fills, as many as argument number `count` says. */
export const outIovec = (name: string, count: number): Argument =>
  writing(struct(name, 'iovec'), written({ from: 'iovec', count }));

/** A command of ioctl, fcntl, ...; `differing` are the arguments that differ from those of the call, by index. */
export const command = (name: string, value: number, differing: Readonly<Record<number, Argument>> = {}): Command => ({
  name,
  value,
  arguments: differing,
});

/** Commands that write nothing. */
export const silent = (values: Readonly<Record<string, number>>): Command[] =>
  Object.entries(values).map(([name, value]) => command(name, value));

export type SyscallOptions = Partial<Omit<Syscall, 'name' | 'arguments'>>;

/** A system call; by default it does not block, and writes what its arguments say. */
export function syscall(name: SyscallName, list: readonly Argument[], options: SyscallOptions = {}): Syscall {
  return {
    name,
    arguments: list,
    mayBlock: false,
    restart: options.mayBlock ? 'system' : 'none',
    modelled: true,
    ...options,
  };
}

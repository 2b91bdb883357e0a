// How one argument of a system call is printed.
import { formatStruct } from './decode-struct.ts';
import { type FlagTable, flagTables } from './flags/index.ts';
import type { Argument } from './model.ts';
import { signalName } from './signal-names.ts';
import { structs } from './structs.ts';

/** The bytes at an address, exactly as many as asked for, or undefined. */
export type ReadMemory = (address: bigint, length: number) => Uint8Array | undefined;

export interface CallContext {
  readonly args: readonly bigint[];
  /** Signed; undefined when the call has not returned. */
  readonly result: bigint | undefined;
  readonly readMemory: ReadMemory | undefined;
}

/** How much of a string or buffer is printed, in bytes, as strace does. */
const shownBytes = 32;
/** How many elements of an array are printed. */
const shownElements = 8;
/** PATH_MAX: no string that the kernel takes is longer. */
const longestString = 4096;

const atCurrentDirectory = -100;

export function formatArgument(list: readonly Argument[], index: number, context: CallContext): string {
  const argument = list[index]!;
  const value = context.args[index] ?? 0n;
  const { kind } = argument;
  switch (kind.type) {
    case 'int':
    case 'descriptor':
      return BigInt.asIntN(32, value).toString();
    case 'directory':
      return BigInt.asIntN(32, value) === BigInt(atCurrentDirectory) ? 'AT_FDCWD' : BigInt.asIntN(32, value).toString();
    case 'unsigned':
      return BigInt.asUintN(32, value).toString();
    case 'long':
      return BigInt.asIntN(64, value).toString();
    case 'size':
      return BigInt.asUintN(64, value).toString();
    case 'hex':
      return value < 10n ? value.toString() : hexadecimal(value);
    case 'mode':
      return octal(BigInt.asUintN(32, value));
    case 'device':
      return hexadecimal(BigInt.asUintN(32, value));
    case 'signal':
      return signalName(Number(BigInt.asIntN(32, value)));
    case 'flags':
      return formatFlags(flagTables[kind.table], kind.wide ? value : BigInt.asUintN(32, value));
    case 'string':
    case 'path':
      return value === 0n
        ? 'NULL'
        : (readString(value, context, kind.type === 'path' ? longestString : shownBytes) ?? hexadecimal(value));
    case 'bytes':
      return value === 0n ? 'NULL' : (readBytes(list, index, value, context) ?? hexadecimal(value));
    case 'struct':
      return value === 0n ? 'NULL' : (readStructs(list, index, value, context) ?? hexadecimal(value));
    case 'pointer':
      return value === 0n ? 'NULL' : hexadecimal(value);
  }
}

const hexadecimal = (value: bigint): string => `0x${value.toString(16)}`;
const octal = (value: bigint): string => (value === 0n ? '0' : `0${value.toString(8)}`);

export function formatFlags(table: FlagTable, value: bigint): string {
  if (table.kind === 'oneOf') {
    const found = Object.entries(table.values).find(([, each]) => each >>> 0 === Number(value & 0xffffffffn));
    return found ? found[0] : hexadecimal(value);
  }
  const names: string[] = [];
  let rest = value;
  for (const field of table.fields) {
    const part = Number(rest & BigInt(field.mask));
    const found = Object.entries(field.values).find(([, each]) => each === part);
    if (!found) continue;
    rest &= ~BigInt(field.mask);
    // PROT_NONE, F_OK: named only when nothing else is set.
    if (part !== 0 || value === 0n || field.mask === 3) names.push(found[0]);
  }
  for (const [name, each] of Object.entries(table.values)) {
    const bits = BigInt(each >>> 0);
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0n || names.length === 0) names.push(rest === 0n ? '0' : hexadecimal(rest));
  return names.join('|');
}

/** Quoted, with C's escapes, cut behind `limit` bytes. `more`: there is more than the bytes given. */
export function quote(bytes: Uint8Array, more: boolean, limit = shownBytes): string {
  const shown = bytes.subarray(0, limit);
  let text = '';
  shown.forEach((byte, index) => {
    text += escapeByte(byte, shown[index + 1]);
  });
  return `"${text}"${more || bytes.length > shown.length ? '...' : ''}`;
}

const escapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

function escapeByte(byte: number, next: number | undefined): string {
  const known = escapes[byte];
  if (known) return known;
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  // A digit behind a short octal escape would belong to it.
  const digitFollows = next !== undefined && next >= 48 && next <= 57;
  return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
}

/** The string at an address, quoted, or undefined when not even its first byte is known. */
function readString(address: bigint, { readMemory }: CallContext, limit: number): string | undefined {
  if (!readMemory) return undefined;
  const bytes: number[] = [];
  let step = 64;
  while (bytes.length < longestString) {
    const part = readMemory(address + BigInt(bytes.length), step);
    if (!part) {
      // Less may be known than was asked for.
      if (step === 1) break;
      step = Math.ceil(step / 2);
      continue;
    }
    const end = part.indexOf(0);
    bytes.push(...(end < 0 ? part : part.subarray(0, end)));
    if (end >= 0) return quote(Uint8Array.from(bytes), false, limit);
  }
  return bytes.length === 0 ? undefined : quote(Uint8Array.from(bytes), true, limit);
}

/** Bytes that the kernel reads, or has written: as many as the result tells. */
function readBytes(
  list: readonly Argument[],
  index: number,
  address: bigint,
  { args, result, readMemory }: CallContext,
): string | undefined {
  const { kind, out } = list[index]!;
  if (!readMemory || kind.type !== 'bytes') return undefined;
  let length = kind.length === undefined ? 0n : count(list[kind.length]!, args[kind.length] ?? 0n);
  if (out.length > 0) {
    if (result === undefined || result < 0n) return undefined;
    if (out[0]!.length.from === 'result' && result < length) length = result;
  }
  if (length === 0n) return '""';
  const shown = readMemory(address, Number(length < BigInt(shownBytes) ? length : shownBytes));
  return shown ? quote(shown, length > BigInt(shownBytes)) : undefined;
}

/** The value of an argument that counts. */
function count({ kind }: Argument, value: bigint): bigint {
  if (kind.type === 'int') return BigInt.asIntN(32, value);
  return BigInt.asUintN(kind.type === 'unsigned' ? 32 : 64, value);
}

function readStructs(
  list: readonly Argument[],
  index: number,
  address: bigint,
  context: CallContext,
): string | undefined {
  const { kind, out } = list[index]!;
  const { readMemory, result } = context;
  if (!readMemory || kind.type !== 'struct') return undefined;
  const failed = result === undefined || result < 0n;
  if (out.length > 0 && failed && !out[0]!.inOut) return undefined;
  const rule = out[0]?.length;
  const { bytes } = structs[kind.struct];
  if (rule?.from === 'result' || rule?.from === 'argument') {
    const number =
      rule.from === 'result' ? (result ?? 0n) : count(list[rule.argument]!, context.args[rule.argument] ?? 0n);
    const shown = Number(number < BigInt(shownElements) ? number : shownElements);
    const elements: string[] = [];
    for (let i = 0; i < shown; i++) {
      const element = readMemory(address + BigInt(i * bytes), bytes);
      const text = element && formatStruct(kind.struct, element);
      if (!text) return undefined;
      elements.push(text);
    }
    if (number > BigInt(shown)) elements.push('...');
    return `[${elements.join(', ')}]`;
  }
  const read = readMemory(address, bytes);
  const text = read && formatStruct(kind.struct, read);
  return text && rule ? outText(kind.struct, text) : text;
}

/** Numbers stored by the kernel stand in brackets, as strace prints them. */
const outText = (name: string, text: string): string =>
  ['int', 'u32', 'u64', 'long', 'short'].includes(name) ? `[${text}]` : text;

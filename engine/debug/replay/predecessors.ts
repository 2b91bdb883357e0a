/**
 * Where the instruction before one may be: guesses from the code around it. A guess that is wrong costs time, and no more:
 * what comes from it is only believed when stepping has shown it.
 */
import { registerIndex } from '../../generated/schema.ts';
import { instructionKinds, primitives } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { ReadProgram } from './wanted-stops.ts';

export interface DecodedAt {
  readonly length: number;
  /** A value of instructionKinds, or another number. */
  readonly kind: number;
}

/** The instruction at an offset; undefined where there is none. */
export function decodeAt(bytes: Uint8Array, offset: number): DecodedAt | undefined {
  const found = primitives().instructionAt(bytes, offset);
  return found === 0 ? undefined : { length: found & 0xff, kind: found >> 8 };
}

export const isCall = ({ kind }: DecodedAt): boolean =>
  kind === instructionKinds.relativeCall || kind === instructionKinds.indirectCall;

/** Code that is looked at before and behind an address, bytes. */
const reach = 1024;
/** Decoding falls into step with the code after a few instructions, wherever it begins: so many beginnings are tried. */
const starts = 16;
const mostAgree = 12;
/** Instructions before one, and returns around one, that are guessed. */
const fewBefore = 12;
const mostReturns = 8;
/** Lengths of a call instruction that are tried before a return address. */
const callLengths = [5, 2, 3, 6, 7, 4];

/**
 * @param read the program's bytes, fewer where memory ends
 * @param onStack the word on top of the stack: the return address where `address` begins a function
 */
export function guessPredecessors(
  address: number,
  onStack: number,
  read: (address: number, length: number) => Uint8Array,
): Set<number> {
  const guesses = new Set<number>();
  const start = Math.max(0, address - reach);
  let code = read(start, 2 * reach);
  let from = start;
  if (code.length === 0) {
    from = address - (address % 4096);
    code = read(from, reach);
  }
  const instructions = boundaries(code);
  const endingAt = new Map<number, number>();
  for (const [offset, instruction] of instructions) {
    const at = from + offset;
    if (!neverFallsThrough(instruction)) endingAt.set(at + instruction.length, at);
    if (branchTarget(code, offset, instruction, at) === address) guesses.add(at);
  }
  // Those before it, too: the nearest may lie too near for a stub.
  let next: number | undefined = address;
  for (let distance = 0; distance < fewBefore && next !== undefined; distance++) {
    next = endingAt.get(next);
    if (next !== undefined) guesses.add(next);
  }
  const call = guessCall(onStack, read);
  if (call !== undefined) guesses.add(call);
  guesses.delete(address);
  return guesses;
}

/** The `ret` instructions around an address, the nearest first. */
export function guessReturns(
  address: number,
  read: (address: number, length: number) => Uint8Array,
  lowest = 0,
): number[] {
  const start = Math.max(0, address - reach);
  const code = read(start, 2 * reach);
  return [...boundaries(code)]
    .filter(([offset, { kind }]) => kind === instructionKinds.nearReturn && start + offset >= lowest)
    .map(([offset]) => start + offset)
    .sort((one, other) => Math.abs(one - address) - Math.abs(other - address))
    .slice(0, mostReturns);
}

/** The same of the function that a direct call before an address calls. */
export function guessReturnsTo(address: number, read: (address: number, length: number) => Uint8Array): number[] {
  const call = guessCall(address, read);
  if (call === undefined) return [];
  const code = read(call, address - call);
  const decoded = decodeAt(code, 0);
  const callee = decoded === undefined ? undefined : branchTarget(code, 0, decoded, call);
  return callee === undefined ? [] : guessReturns(callee, read, callee);
}

const wordSize = 8;
/** Addresses of user space. */
const addressMask = 0x7fff_ffff_ffffn;

/** What is on top of a task's stack, as an address; 0 where no memory is. At a function's entry and `ret`: the return address. */
export function addressOnStack(task: Task, read: ReadProgram): number {
  const word = read(task, register(task.registers, registerIndex.rsp), wordSize);
  return word.length === wordSize ? Number(Buffer.from(word).readBigUInt64LE(0) & addressMask) : 0;
}

/** The call instruction that returns to an address. */
export function guessCall(
  returnsTo: number,
  read: (address: number, length: number) => Uint8Array,
): number | undefined {
  for (const length of callLengths) {
    const call = read(returnsTo - length, length);
    const instruction = call.length === length ? decodeAt(call, 0) : undefined;
    if (instruction !== undefined && instruction.length === length && isCall(instruction)) return returnsTo - length;
  }
  return undefined;
}

const firstOfCall = 0x0f;
const secondOfCall = 0x05;

/** Whether an address is the second byte of a `syscall` instruction, as far as the code around it tells. */
export function isWithinCall(address: number, read: (address: number, length: number) => Uint8Array): boolean {
  const [first, second] = read(address - 1, 2);
  if (first !== firstOfCall || second !== secondOfCall) return false;
  const found = boundaries(read(address - reach, 2 * reach));
  return found.has(reach - 1) && !found.has(reach);
}

/** Offsets at which most decodings find an instruction to begin. */
function boundaries(code: Uint8Array): Map<number, DecodedAt> {
  const votes = new Map<number, number>();
  for (let start = 0; start < starts; start++) {
    for (let at = start; at < code.length; ) {
      votes.set(at, (votes.get(at) ?? 0) + 1);
      at += decodeAt(code, at)?.length ?? 1;
    }
  }
  const found = new Map<number, DecodedAt>();
  for (const [offset, count] of votes) {
    const instruction = count >= mostAgree ? decodeAt(code, offset) : undefined;
    if (instruction !== undefined) found.set(offset, instruction);
  }
  return found;
}

function neverFallsThrough({ kind }: DecodedAt): boolean {
  return (
    kind === instructionKinds.relativeJump ||
    kind === instructionKinds.indirectJump ||
    kind === instructionKinds.nearReturn ||
    kind === instructionKinds.farBranch
  );
}

/** Where a direct jump or call leads; the displacement is its last byte, or four. */
export function branchTarget(
  code: Uint8Array,
  offset: number,
  { kind, length }: DecodedAt,
  at: number,
): number | undefined {
  const direct =
    kind === instructionKinds.relativeJump ||
    kind === instructionKinds.conditionalJump ||
    kind === instructionKinds.loop ||
    kind === instructionKinds.relativeCall;
  if (!direct) return undefined;
  const view = new DataView(code.buffer, code.byteOffset + offset, length);
  const isLong = length >= 5;
  return at + length + (isLong ? view.getInt32(length - 4, true) : view.getInt8(length - 1));
}

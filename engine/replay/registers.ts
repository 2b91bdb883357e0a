/**
 * Registers as the replay holds them: a Uint32Array of 54 halves (primitives.ts), so that comparing and copying make no
 * bigint. An index is one of registerIndex.
 */
import { type FrameView, registerIndex } from '../generated/schema.ts';
import { type RegisterWords, registerWordCount } from './primitives.ts';

/** TF and RF: the next instruction traps; no debug register stops it (Intel SDM volume 3, 2.3). */
export const trapFlag = 0x100;
export const resumeFlag = 0x1_0000;

export function newRegisters(): RegisterWords {
  return new Uint32Array(registerWordCount);
}

/** Copies the frame's registers. */
export function readFrameRegisters(frame: FrameView, into: RegisterWords): void {
  for (let index = 0; index < registerWordCount / 2; index++) {
    into[2 * index] = frame.registerLow(index);
    into[2 * index + 1] = frame.registerHigh(index);
  }
}

/** Unsigned value: exact below 2^53, which holds for every address and length of user space. */
export function register(words: RegisterWords, index: number): number {
  return words[2 * index]! + words[2 * index + 1]! * 0x1_0000_0000;
}

/** Signed value: exact between -2^53 and 2^53. */
export function signedRegister(words: RegisterWords, index: number): number {
  return words[2 * index]! + (words[2 * index + 1]! | 0) * 0x1_0000_0000;
}

/** Sets a value from -2^53 to 2^53. */
export function setRegister(words: RegisterWords, index: number, value: number): void {
  words[2 * index] = value;
  words[2 * index + 1] = Math.floor(value / 0x1_0000_0000);
}

/** True when rax is the result of a system call that failed: -4095 to -1. */
export function callFailed(words: RegisterWords): boolean {
  return words[2 * registerIndex.rax + 1] === 0xffff_ffff && words[2 * registerIndex.rax]! >= 0xffff_f001;
}

/** The number of the system call that the task is in or behind; -1: it is in none. */
export function callNumber(words: RegisterWords): number {
  return words[2 * registerIndex.orig_rax]! | 0;
}

/** The six arguments of the system call. */
export function callArguments(words: RegisterWords): number[] {
  const { rdi, rsi, rdx, r10, r8, r9 } = registerIndex;
  return [rdi, rsi, rdx, r10, r8, r9].map((index) => signedRegister(words, index));
}

/** 0x and the digits that it needs. */
export function registerText(words: RegisterWords, index: number): string {
  const value = (BigInt(words[2 * index + 1]!) << 32n) | BigInt(words[2 * index]!);
  return `0x${value.toString(16)}`;
}

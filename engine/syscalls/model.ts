/**
 * What the table says of a system call. The table is TypeScript data: the files in families/ (system calls) and
 * commands/ (what ioctl, fcntl, prctl and their kind do, by command). generate.ts compiles it into the recorder's table
 * (native/generated/syscalls.h); decode.ts prints calls from it.
 */
import type { FlagTableName } from './flags/index.ts';
import type { SyscallName } from './numbers.ts';
import type { StructName } from './structs.ts';

/** How an argument is read by the kernel, and so how `rr dump` prints it. */
export type ArgumentKind =
  /** 32 bits, signed; the upper half of the register is not looked at. */
  | { readonly type: 'int' }
  /** 32 bits, unsigned. */
  | { readonly type: 'unsigned' }
  /** 64 bits, signed. */
  | { readonly type: 'long' }
  /** 64 bits, unsigned: a length, an offset. */
  | { readonly type: 'size' }
  /** 64 bits, printed in hexadecimal: an address that is not followed, a cookie. */
  | { readonly type: 'hex' }
  /** A descriptor. */
  | { readonly type: 'descriptor' }
  /** A directory's descriptor, or AT_FDCWD. */
  | { readonly type: 'directory' }
  /** Permission bits, octal. */
  | { readonly type: 'mode' }
  /** A signal number. */
  | { readonly type: 'signal' }
  /** A device number. */
  | { readonly type: 'device' }
  /** A set of bits, or one of several values, from a named table. `wide`: 64 bits; else 32. */
  | { readonly type: 'flags'; readonly table: FlagTableName; readonly wide: boolean }
  /** Pointer to a NUL-terminated string. */
  | { readonly type: 'string' }
  /** The same, the name of a file: printed whole. */
  | { readonly type: 'path' }
  /** Pointer to bytes; `length` is the argument that counts them. */
  | { readonly type: 'bytes'; readonly length?: number }
  /** Pointer to a structure, or to an array of them. */
  | { readonly type: 'struct'; readonly struct: StructName }
  /** Any other pointer. */
  | { readonly type: 'pointer' };

/** Where the length of an out-parameter comes from. All lengths are `base + ceil(count / divisor) * element` bytes. */
export type LengthRule =
  /** `base` bytes. */
  | { readonly from: 'fixed' }
  /** Count in an argument. */
  | { readonly from: 'argument'; readonly argument: number }
  /** Count is the result; no more than the count in `limit`, where that is given. */
  | { readonly from: 'result'; readonly limit?: number }
  /**
   * Count in memory, `width` bytes at argument + offset. `updated`: the kernel stores the length it had there, and writes
   * no more than the smaller of the two (sockaddr, getsockopt).
   */
  | {
      readonly from: 'memory';
      readonly argument: number;
      readonly offset: number;
      readonly width: 1 | 2 | 4 | 8;
      readonly updated: boolean;
    }
  /** Up to and with the first NUL. */
  | { readonly from: 'string' }
  /** The buffers of an iovec array, filled in order, as many bytes as the result. `count`: the argument that counts. */
  | { readonly from: 'iovec'; readonly count: number }
  /** A msghdr that is received into. */
  | { readonly from: 'message' }
  /** An array of mmsghdr, as many as the result, that are received into. `count`: the argument that counts. */
  | { readonly from: 'messages'; readonly count: number };

/** Memory that the kernel writes. */
export interface OutParameter {
  readonly length: LengthRule;
  /** Bytes of an element, default 1. */
  readonly element: number;
  /** Counted things in an element (bits in a word, bytes in a page), default 1. */
  readonly divisor: number;
  /** Bytes besides the elements. */
  readonly base: number;
  /** More bytes than this and the kernel refuses the call; left out: any number. */
  readonly most?: number;
  /**
   * For which results the kernel may write. `interrupted`: success, and EINTR or a restart. Whatever is said here, a call
   * that ends in EFAULT may have written a part.
   */
  readonly written: 'success' | 'failure' | 'interrupted' | 'always';
  /** The kernel reads it too, or may leave part of it alone: scratch memory must start as a copy. */
  readonly inOut: boolean;
  /** The address is not the argument: it is the pointer at argument + this offset. */
  readonly pointerAt?: number;
  /** Only if (argument & mask) equals `equals`, or, without that, is not 0. */
  readonly condition?: { readonly argument: number; readonly mask: number; readonly equals?: number };
}

/**
 * Memory that the kernel reads, and whose bytes leave the program. Recording and replay compare a hash of them
 * (docs/events.md, "What leaves the program").
 */
export type SentRule =
  /** `base` bytes and as many more as another argument says. */
  | { readonly from: 'argument'; readonly argument: number; readonly base: number }
  /** The buffers of an iovec array. `count`: the argument that counts. */
  | { readonly from: 'iovec'; readonly count: number }
  /** The buffers of a msghdr. */
  | { readonly from: 'message' }
  /** Those of an array of mmsghdr. `count`: the argument that counts. */
  | { readonly from: 'messages'; readonly count: number };

export interface Argument {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** What leaves the program by it; of one argument of a call at most. */
  readonly sent?: SentRule;
  /** What the kernel writes through it. */
  readonly out: readonly OutParameter[];
}

/** What a call does for one value of its command argument. */
export interface Command {
  readonly name: string;
  readonly value: number;
  /** The arguments that differ from those of the call, by index. */
  readonly arguments: Readonly<Record<number, Argument>>;
  /** False: what it writes is not known; the recorder compares memory. */
  readonly modelled?: false;
}

export interface Commands {
  /** The argument that holds the command. */
  readonly argument: number;
  /** Bits of the argument that make the command. */
  readonly mask: number;
  readonly list: readonly Command[];
  /**
   * A command that is not listed: `none` writes nothing; `compare` is not modelled; `ioctl` tells by the number's encoded
   * size and direction.
   */
  readonly otherwise: 'none' | 'compare' | 'ioctl';
  /** ioctl: types (bits 8 to 15) whose every number says truly how much is written. */
  readonly trustedTypes?: readonly number[];
}

/** What an interrupted call ends with inside the kernel (include/linux/errno.h), and so what the kernel does next. */
export type RestartClass =
  /** EINTR, or it is never interrupted. */
  | 'none'
  /** ERESTARTSYS: restarts after a handler with SA_RESTART, or without a handler. */
  | 'system'
  /** ERESTARTNOINTR: always restarts. */
  | 'always'
  /** ERESTARTNOHAND: restarts only without a handler. */
  | 'noHandler'
  /** ERESTART_RESTARTBLOCK: goes on as restart_syscall, without a handler. */
  | 'block';

export interface Syscall {
  readonly name: SyscallName;
  readonly arguments: readonly Argument[];
  readonly mayBlock: boolean;
  readonly restart: RestartClass;
  /** False: what it writes is not known; the recorder compares memory. */
  readonly modelled: boolean;
  readonly commands?: Commands;
}

/** Whether an argument points to a string that the kernel reads: the recorder stores it, replay compares it. */
export function isReadString({ kind, out }: Argument): boolean {
  return (kind.type === 'string' || kind.type === 'path') && out.length === 0;
}

/** The arguments of a call when its command is `command`. */
export function effectiveArguments(call: Syscall, command: Command | undefined): readonly Argument[] {
  return command ? call.arguments.map((argument, index) => command.arguments[index] ?? argument) : call.arguments;
}

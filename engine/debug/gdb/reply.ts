/** What the server answers. */

/** Text of one byte a character, or bytes; binary data in it is escaped already. Empty: the packet is not known. */
export type Reply = string | Uint8Array;

export const unsupported: Reply = '';
export const ok: Reply = 'OK';

/** Errors of packets, as errno(3). gdb shows the number at most. */
export const errorNumbers = {
  ENOENT: 2,
  ESRCH: 3,
  EIO: 5,
  EBADF: 9,
  EACCES: 13,
  EFAULT: 14,
  EINVAL: 22,
  EROFS: 30,
} as const;
export type ErrorName = keyof typeof errorNumbers;

export function errorReply(name: ErrorName): Reply {
  return `E${errorNumbers[name].toString(16).padStart(2, '0')}`;
}

/** A handler throws it where the packet is not as the protocol has it, or names what is not there. */
export class PacketError extends Error {
  readonly errorName: ErrorName;

  constructor(errorName: ErrorName, message: string) {
    super(message);
    this.name = 'PacketError';
    this.errorName = errorName;
  }
}

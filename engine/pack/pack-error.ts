import { EngineError } from '../errors.ts';
import { printable } from '../printable.ts';

export type PackErrorCode =
  /** No ZIP file, or one that was cut off. */
  | 'NOT_A_PACK'
  /** What is in it cannot be right, or is not what a pack may hold. */
  | 'PACK_DAMAGED'
  /** The name is taken. */
  | 'PACK_EXISTS'
  /** The system refused to make or write a file. */
  | 'PACK_UNWRITABLE';

/** A pack cannot be made or read. Names in it go through `printable`: the message is one line. */
export class PackError extends EngineError {
  declare readonly code: PackErrorCode;

  constructor(code: PackErrorCode, message: string, cause?: unknown) {
    super(code, printable(message), cause === undefined ? {} : { cause });
  }
}

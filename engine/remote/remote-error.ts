import { EngineError } from '../errors.ts';
import { printable } from '../printable.ts';

export type RemoteErrorCode =
  /** The URL is none that this speaks to, or none was given. */
  | 'REMOTE_URL'
  /** No connection, no answer in time, or an answer that ends too early. */
  | 'REMOTE_UNREACHABLE'
  /** Who we are is not known there, or may not do this. */
  | 'REMOTE_REFUSED'
  | 'REMOTE_NOT_FOUND'
  /** An answer that says that the server cannot do it, or makes no sense. */
  | 'REMOTE_FAILED'
  /** What came is not what was asked for. */
  | 'REMOTE_WRONG'
  /** The trace is here already. */
  | 'TRACE_EXISTS';

/** A remote store, or what it gave; one line that names the place. */
export class RemoteError extends EngineError {
  declare readonly code: RemoteErrorCode;
  /** Another try may do better. */
  readonly isPassing: boolean;

  constructor(code: RemoteErrorCode, message: string, options: { cause?: unknown; isPassing?: boolean } = {}) {
    super(code, printable(message), 'cause' in options ? { cause: options.cause } : {});
    this.isPassing = options.isPassing ?? false;
  }
}

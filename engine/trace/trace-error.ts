import { EngineError } from '../errors.ts';

export type TraceErrorCode =
  /** No such directory, or no trace recorded yet. */
  | 'TRACE_NOT_FOUND'
  /** A directory without a version file, or a file. */
  | 'NOT_A_TRACE'
  /** Written by a version, newer or older, whose format this one does not know. */
  | 'TRACE_NEWER'
  | 'TRACE_OLDER'
  /** What is there cannot be right: a checksum, a size, an order. */
  | 'TRACE_DAMAGED'
  /** Something that must be there is not: a file, the end of a file, a chunk. */
  | 'TRACE_TRUNCATED'
  /** Recording ended before its first event was saved. */
  | 'TRACE_EMPTY'
  /** The directory to record to exists and is not empty. */
  | 'TRACE_EXISTS'
  /** The system refused to read, or to make or write, a file of the trace. */
  | 'TRACE_UNREADABLE'
  | 'TRACE_UNWRITABLE'
  /** The trace has the size or the length that it was to have at most. */
  | 'TRACE_CAP'
  /** The store does not have what the trace refers to, or has something else under its name. */
  | 'STORE_FILE_MISSING'
  | 'STORE_FILE_CHANGED'
  /** A worker that encodes ended on its own. */
  | 'TRACE_WORKER_DIED'
  /** The recorder wrote a record that the schema does not allow: a bug. */
  | 'TRACE_BAD_RECORD';

/** A trace cannot be read or written; one line that names the file and, where it is known, the place in it. */
export class TraceError extends EngineError {
  declare readonly code: TraceErrorCode;
  /** The file or directory. */
  readonly file: string;
  /** Bytes from the file's start; undefined where no place can be named. */
  readonly offset: number | undefined;
  /** What is wrong, without file and place. */
  readonly what: string;

  constructor(code: TraceErrorCode, file: string, what: string, options: { offset?: number; cause?: unknown } = {}) {
    const place = options.offset === undefined ? '' : ` at byte ${options.offset}`;
    super(code, `${file}${place}: ${what}`, 'cause' in options ? { cause: options.cause } : {});
    this.file = file;
    this.offset = options.offset;
    this.what = what;
  }
}

/** The system's own words of a failed call: `ENOSPC: no space left on device`. */
export function systemReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/, [a-z]+( '.*')?$/, '');
}

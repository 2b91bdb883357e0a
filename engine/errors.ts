/**
 * An error that the user gets to read: one line that says what was tried, on what, what the kernel or the file said,
 * and what to do about it. Everything that the engine throws on purpose is one of these or a subclass; anything else
 * that reaches the command line is a bug and is shown with its stack.
 */
export class EngineError extends Error {
  /** Stable name of the failure for scripts and tests, in capitals: `TRACE_NOT_FOUND`, `PROGRAM_NOT_FOUND`. */
  readonly code: string;
  /** Exit status of the command: 1, unless the shell has a number of its own for it (126, 127). */
  readonly exitStatus: number;

  constructor(code: string, message: string, options: { cause?: unknown; exitStatus?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** The command line cannot be understood, or names what does not exist yet. Status 2. */
export class UsageError extends EngineError {
  constructor(code: string, message: string) {
    super(code, message, { exitStatus: 2 });
  }
}

import { EngineError } from '../errors.ts';
import { logger, printMessage } from '../log.ts';
import { printable } from '../printable.ts';

const log = logger('cli');

/**
 * Says on standard error what ended a command, and gives its exit status. An error made for the user is one line; one
 * of the system is too, with its stack at `--log cli:debug`; anything else is a bug and comes with its stack.
 */
export function reportError(error: unknown): number {
  if (error instanceof EngineError) {
    printMessage(printable(error.message));
    log.debug(() => error.stack ?? error.code);
    return error.exitStatus;
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    printMessage(printable(error.message));
    log.debug(() => error.stack ?? String(error));
    return 1;
  }
  printMessage(`this is a bug in rr: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

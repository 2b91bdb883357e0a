/** What a command makes: under another name until it is whole, and nothing is left behind when it does not become so. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EngineError } from './errors.ts';
import { privateFileMode } from './trace/folder.ts';
import { systemReason } from './trace/trace-error.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A name beside that of the finished thing, which no list shows. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${randomBytes(8).toString('hex')}.tmp`);
}

/** Milliseconds: nothing takes as long. */
const oldest = 24 * 3600 * 1000;

/** Removes from a folder of ours what processes that were killed have left in it. */
export function dropAbandoned(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => /^\..*\.[0-9a-f]{16}\.tmp$/.test(each))) {
    const path = join(folder, name);
    const changed = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (changed < Date.now() - oldest) rmSync(path, { recursive: true, force: true });
  }
}

/** Runs `body`, and removes the path when that fails, or a signal ends this process. */
export async function removingOnFailure<Result>(path: string, body: () => Promise<Result>): Promise<Result> {
  const remove = () => rmSync(path, { recursive: true, force: true });
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    unwatch();
    process.kill(process.pid, signal);
  };
  const unwatch = () => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await body();
  } catch (error) {
    remove();
    throw error;
  } finally {
    unwatch();
  }
}

/** Whether nothing is in the way of what is to be made there: an empty directory is as good as none. */
export function isFree(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined || (status.isDirectory() && readdirSync(path).length === 0);
}

/** Makes a file of the user's alone, and lends `body` its descriptor. @throws NodeJS.ErrnoException, what `body` throws */
export async function intoNewFile<Result>(
  path: string,
  body: (descriptor: number) => Result | Promise<Result>,
): Promise<Result> {
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode);
  try {
    return await body(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Runs `body`; what the system refuses is told by the error that `tell` makes. @throws also what `body` throws otherwise */
export async function tellingRefusal<Result>(
  body: () => Promise<Result>,
  tell: (reason: string, cause: unknown) => EngineError,
): Promise<Result> {
  try {
    return await body();
  } catch (cause) {
    const isSystem = !(cause instanceof EngineError) && (cause as NodeJS.ErrnoException).code !== undefined;
    throw isSystem ? tell(systemReason(cause), cause) : cause;
  }
}

/** What is made under another name until it is whole, and leaves nothing behind when it does not become so. */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

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

/**
 * What is kept between two commands and can be made again: in $XDG_CACHE_HOME/rr, else in ~/.cache/rr. Nothing is kept
 * in a trace or a store: they may be another's. Where there is no such folder of the user's, nothing is kept.
 */
import { mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { logger } from '../log.ts';
import { Folder, NotRegularError, privateFolderMode } from './folder.ts';

const log = logger('cache');

type Environment = Readonly<Record<string, string | undefined>>;

/** $XDG_CACHE_HOME/rr, else ~/.cache/rr; a name that is not absolute does not count (XDG Base Directory, 0.8). */
export function cachePath({ XDG_CACHE_HOME: cache, HOME: home }: Environment): string | undefined {
  if (cache && isAbsolute(cache)) return join(cache, 'rr');
  return home && isAbsolute(home) ? join(home, '.cache', 'rr') : undefined;
}

export class UserCache {
  readonly #path: string | undefined;

  constructor(environment: Environment = process.env) {
    this.#path = cachePath(environment);
  }

  /** What was kept under a name, in one of the cache's folders; undefined when nothing was, or it is larger than `most`. */
  read(kind: string, name: string, most: number): Buffer | undefined {
    return this.#use(kind, 'read', (folder) => folder.read(name, most));
  }

  /** Keeps it, and of its folder the `count` youngest files. */
  write(kind: string, name: string, bytes: Uint8Array, count: number): void {
    this.#use(kind, 'write', (folder) => {
      folder.write(name, bytes);
      dropOldest(folder, count);
    });
  }

  /** Adds to what is kept under a name; that is forgotten first when it has more than `most` bytes. */
  append(kind: string, name: string, bytes: Uint8Array, most: number): void {
    this.#use(kind, 'write', (folder) => {
      if ((folder.status(name)?.size ?? 0) > most) folder.remove(name);
      folder.append(name, bytes);
    });
  }

  /** Forgets it. */
  remove(kind: string, name: string): void {
    this.#use(kind, 'write', (folder) => {
      if (folder.status(name) !== undefined) folder.remove(name);
    });
  }

  #use<Result>(kind: string, access: 'read' | 'write', body: (folder: Folder) => Result): Result | undefined {
    if (this.#path === undefined) return undefined;
    try {
      if (access === 'write') makeFolders(this.#path, kind);
      using root = Folder.open(this.#path);
      // Under sudo the environment may name another user's, who could answer with what he likes.
      const owner = root.status()?.uid;
      if (owner !== process.geteuid?.()) throw new RangeError(`it belongs to user ${owner}`);
      using folder = root.folder(kind);
      return body(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isExpected = code !== undefined || error instanceof NotRegularError || error instanceof RangeError;
      if (!isExpected) throw error;
      if (code !== 'ENOENT') log.info(`${this.#path} is not used: ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** The folder that the variable names, and ours below it; not the user's home. */
function makeFolders(path: string, kind: string): void {
  for (const each of [join(path, '..'), path, join(path, kind)]) {
    try {
      mkdirSync(each, { mode: privateFolderMode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function dropOldest(folder: Folder, count: number): void {
  const names = folder.names();
  if (names.length <= count) return;
  const byAge = names
    .map((name) => ({ name, time: folder.status(name)?.mtimeMs ?? 0 }))
    .sort((one, other) => one.time - other.time);
  for (const { name } of byAge.slice(0, names.length - count)) folder.remove(name);
}

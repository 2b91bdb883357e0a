/**
 * Which files of stores have been compared with the hash that they are named by. Each is a line in the user's cache, with
 * the identity that the file had then; a change to the file changes that.
 */
import type { BigIntStats } from 'node:fs';
import { UserCache } from './user-cache.ts';

const kind = 'verified';
const name = 'files';
/** Bytes: some 25,000 files. */
const mostBytes = 4 << 20;

export class VerifiedFiles {
  readonly #cache: UserCache;
  #lines: Set<string> | undefined;

  constructor(cache: UserCache = new UserCache()) {
    this.#cache = cache;
  }

  has(hash: string, status: BigIntStats): boolean {
    return this.#read().has(lineOf(hash, status));
  }

  add(hash: string, status: BigIntStats): void {
    const line = lineOf(hash, status);
    this.#read().add(line);
    this.#cache.append(kind, name, Buffer.from(`${line}\n`), mostBytes);
  }

  #read(): Set<string> {
    // What is appended to may be larger by one line.
    this.#lines ??= new Set(
      this.#cache
        .read(kind, name, 2 * mostBytes)
        ?.toString('latin1')
        .split('\n'),
    );
    return this.#lines;
  }
}

function lineOf(hash: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [hash, dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** Reads and writes of all that is asked for: the kernel may take or give a part at a time. */
import { readSync, writeSync } from 'node:fs';

/**
 * Reads until `into` is full, or the file ends.
 * @param position in the file
 * @returns how many bytes there were
 * @throws NodeJS.ErrnoException
 */
export function readWhole(descriptor: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(descriptor, into, done, into.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** @param position in the file; left out: where its own position is. @throws NodeJS.ErrnoException */
export function writeWhole(descriptor: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done;
    done += writeSync(descriptor, bytes, done, bytes.length - done, at);
  }
}

import { writeSync } from 'node:fs';

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes everything to a descriptor, synchronously and without touching process.stdout or process.stderr (which would
 * set O_NONBLOCK on a description that others share). Waits when somebody else has made it non-blocking and it is full.
 * False when nobody reads it any more (EPIPE) or it is not open (EBADF): the caller may stop producing.
 * @throws the system's error for anything else (ENOSPC, EIO).
 */
export function writeAll(descriptor: number, content: string | Uint8Array): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'EBADF') return false;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
  return true;
}

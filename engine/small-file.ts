/** Files that the user has written, and that should be small: whatever stands in their place. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { readWhole } from './whole-io.ts';

/**
 * The content of a file; links are followed. Of a pipe or a device the reading might not end.
 * @param most bytes
 * @throws NodeJS.ErrnoException; RangeError for what is no regular file, or larger
 */
export function readSmallFile(path: string, most: number): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile() && !status.isDirectory()) throw new RangeError('it is no regular file');
    if (status.size > most) throw new RangeError(`it has ${status.size} bytes, more than ${most}`);
    const bytes = Buffer.alloc(status.size);
    return bytes.subarray(0, readWhole(descriptor, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

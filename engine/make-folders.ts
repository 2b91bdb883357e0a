import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Node's own way (`recursive`) never ends where the kernel answers
 * ENOENT although the folder above is there, as in /proc or in a folder that was removed.
 * True when it made the folder, false when it was there.
 * @throws the kernel's error, ENOTDIR where something else has the name
 */
export function makeFolders(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return false;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path) throw error;
    makeFolders(above, mode);
  }
  mkdirSync(path, { mode });
  return true;
}

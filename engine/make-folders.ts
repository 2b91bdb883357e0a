import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Node's own way (`recursive`) never ends where the kernel answers
 * ENOENT although the folder above is there, as in /proc or in a folder that was removed.
 * @throws the kernel's error, ENOTDIR where something else has the name
 */
export function makeFolders(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path) throw error;
    makeFolders(above, mode);
  }
  mkdirSync(path, { mode });
}

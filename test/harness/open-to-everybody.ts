/** Recordings are their user's own: gives all others the right to read a folder and what is in it. */
import { execFileSync } from 'node:child_process';

/** @throws Error when the user may not. */
export function openToEverybody(folder: string): void {
  execFileSync('chmod', ['-R', 'a+rX', folder]);
}

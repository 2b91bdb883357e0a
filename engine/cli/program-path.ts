import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a directory of PATH, or the working directory, has an executable entry of that name. */
export function isProgram(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '.'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder))
      throw new Error(`no package.json in ${start} or above it: the installation is broken`);
  }
}

/**
 * Folder of this package, with build/ (addon, launcher), dist/ (bundle, codec) and package.json. The same from the
 * sources and from the bundle, whose files lie in another depth.
 */
export const packageRoot = findPackageRoot();

/** This package's version, as package.json has it. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}

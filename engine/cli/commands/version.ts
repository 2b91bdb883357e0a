import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import { print } from '../print.ts';

/** `rr -N`. Tools that call rr read this line: the word `version`, then the number. */
export function printVersion(): number {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return print(`rr version ${version}\n`);
}

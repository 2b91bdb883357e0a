import { packageVersion } from '../../package-root.ts';
import { print } from '../print.ts';

/** `rr -N`. Tools that call rr read this line: the word `version`, then the number. */
export function printVersion(): number {
  return print(`rr version ${packageVersion()}\n`);
}

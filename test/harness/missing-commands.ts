/** Commands that a program needs, beside those that every machine with the tests has. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { plainEnvironment } from './child.ts';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Those that no folder of the children's PATH has. */
export function missingCommands(program: { readonly needs?: readonly string[] }): readonly string[] {
  const folders = plainEnvironment.PATH!.split(delimiter);
  return (program.needs ?? []).filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
}

/** What to say of a program that cannot run; undefined when nothing is missing. */
export function whyNotRun(program: { readonly name: string; readonly needs?: readonly string[] }): string | undefined {
  const missing = missingCommands(program);
  if (missing.length === 0) return undefined;
  const advice = 'sh scripts/install-packages.sh --acceptance installs what is';
  return `${program.name}: skipped, ${missing.join(', ')} missing; ${advice}`;
}

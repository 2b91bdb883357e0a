/** `npm test -- --only FAMILY/GUEST --mode MODE`: which tests and modes that leaves (scripts/run-tests.mjs sets these). */
import { suite, type Test } from 'uvu';
import type { RecordingMode } from './modes.ts';

const only = process.env.RR_TEST_ONLY;
const mode = process.env.RR_TEST_MODE;

/** Whether the tests of guest `FAMILY/GUEST` are to run. */
export function isWanted(guest: string): boolean {
  return only === undefined || guest === only;
}

/** Those of the modes that are to run; all when none was named. A name that is none of `known` is an error. */
export function wantedModes(
  chosen: readonly RecordingMode[],
  known: readonly RecordingMode[],
): readonly RecordingMode[] {
  if (mode === undefined) return chosen;
  const named = known.filter((each) => each.name === mode);
  if (named.length > 0) return named;
  throw new Error(`--mode ${mode}: expected one of ${known.map((each) => JSON.stringify(each.name)).join(', ')}`);
}

/** A suite of tests whose titles begin with the guest's name, `FAMILY/GUEST`. */
export function guestSuite(title: string): Pick<Test, 'run'> & ((name: string, body: () => Promise<void>) => void) {
  const tests = suite(title);
  const add = (name: string, body: () => Promise<void>): void => {
    if (isWanted(/^[\w-]+\/[\w-]+/.exec(name)?.[0] ?? '')) tests(name, body);
  };
  return Object.assign(add, { run: () => tests.run() });
}

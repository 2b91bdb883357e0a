/** `npm test -- --only FAMILY/GUEST --mode MODE`: which tests and modes that leaves (scripts/run-tests.mjs sets these). */
import { suite } from 'uvu';
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

const [part = 1, parts = 1] = (process.env.RR_TEST_PART ?? '').split('/').filter(Boolean).map(Number);
let declared = 0;

/** Whether it is the turn of the next test: a file of several parts (scripts/run-tests.mjs) deals its tests out to them. */
export function isInPart(): boolean {
  return declared++ % parts === part - 1;
}

type Body = () => Promise<void>;

export interface GuestSuite {
  /** Declares a test; its title begins with the guest's name, `FAMILY/GUEST`. */
  (title: string, body: Body): void;
  skip(title: string, body: Body): void;
  run(): void;
}

/** A suite of which only those tests run that are wanted. */
export function guestSuite(title: string): GuestSuite {
  const tests = suite(title);
  const declare = (add: (name: string, body: Body) => void) => (name: string, body: Body) => {
    if (isWanted(/^[\w-]+\/[\w-]+/.exec(name)?.[0] ?? '') && isInPart()) add(name, body);
  };
  return Object.assign(declare(tests), { skip: declare(tests.skip), run: () => tests.run() });
}

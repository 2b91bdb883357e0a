/** What the guests of family `time-stamps` print whatever the machine, and what this one does not have for them. */
import { execFileSync } from 'node:child_process';
import type { GuestRow } from './guest-tests.ts';
import { rrCommand } from './recording.ts';

const { features } = JSON.parse(execFileSync(rrCommand, ['cpufeatures', '--json'], { encoding: 'utf8' })) as {
  readonly features: readonly { readonly name: string; readonly works: boolean }[];
};
const rdtscTraps = features.find(({ name }) => name.startsWith('rdtsc trap'))?.works === true;
const isReplaced = rdtscTraps ? undefined : 'rdtsc is replaced, which a program sees that reads its own code';
if (isReplaced !== undefined) console.log(`skipped: time-stamps/text does not see its own bytes here: ${isReplaced}`);

/** rdtscp natively tells no processor on some machines. */
export const mixed = { guest: 'mixed', prints: /^(\d+) of \1 steps forward, 0 wrong processors\n$/ } satisfies GuestRow;
/** PR_SET_TSC natively does nothing on some machines. */
export const ownTrap: GuestRow = {
  guest: 'own-trap',
  prints: /^(trapped at the instruction: 1\nand goes on: 1\n){3}$/,
};
export const text: GuestRow = {
  guest: 'text',
  varies: isReplaced,
  prints:
    /^first: 16 forward\nits own bytes: [0-9a-f]{16}\n((writable|copied|fixed again|moved|fresh): 16 forward\n){5}$/,
};

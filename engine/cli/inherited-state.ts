import { readFileSync } from 'node:fs';
import { splitAtNul } from './exact-words.ts';
import type { InheritedState } from './options.ts';

const stateVariable = '_RR_FRONT';
const descriptorsVariable = '_RR_DESCRIPTORS';
const hiddenPrefix = '_RR_NODE_';

/** The front's variable as numbers (native/launcher/front.h tells its form), or undefined when it is malformed. */
export function parseFrontState(text: string): Omit<InheritedState, 'environment' | 'descriptors'> | undefined {
  const parts = text.split(':');
  if (parts.length !== 5 || !parts.every((part) => /^[0-9a-f]{1,16}$/.test(part))) return undefined;
  const [ignoredSignals, blockedSignals, softFileLimit, hardFileLimit, closed] = parts.map((part) =>
    BigInt(`0x${part}`),
  );
  return {
    ignoredSignals: ignoredSignals!,
    blockedSignals: blockedSignals!,
    softFileLimit: softFileLimit!,
    hardFileLimit: hardFileLimit!,
    closedDescriptors: Number(closed!) & 7,
  };
}

/** The environment that the front was started with: without its own variables, those of Node under their names again. */
export function restoreEnvironment(environment: readonly Buffer[]): readonly Buffer[] {
  return environment.flatMap((variable) => {
    // The names are ASCII, and latin1 keeps every byte.
    const text = variable.toString('latin1');
    if (text.startsWith(`${stateVariable}=`) || text.startsWith(`${descriptorsVariable}=`)) return [];
    return [text.startsWith(hiddenPrefix) ? variable.subarray('_RR_'.length) : variable];
  });
}

/** What the front remembered; undefined when this process was not started by bin/rr. */
export function readInheritedState(): InheritedState | undefined {
  const state = parseFrontState(process.env[stateVariable] ?? '');
  if (state === undefined) return undefined;
  // Not process.env: it is decoded, and a name that is there twice is there once.
  const descriptors = (process.env[descriptorsVariable] ?? '0,1,2')
    .split(',')
    .filter((part) => /^\d{1,9}$/.test(part))
    .map(Number);
  return { ...state, descriptors, environment: restoreEnvironment(splitAtNul(readFileSync('/proc/self/environ'))) };
}

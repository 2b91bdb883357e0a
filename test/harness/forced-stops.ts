/** Recordings whose program is stopped in mid-code after random times, to test that replay finds the points again. */
import type { RecordingMode } from './modes.ts';

/** Guests of test/guests/computing: each shows its progress in another part of the state. */
export const computingGuests = [
  'after-filling',
  'behind-pointers',
  'blocks',
  'counted-loop',
  'far-loops',
  'global',
  'heap',
  'large',
  'mask-registers',
  'mixed',
  'phases',
  'recursion',
  'reserved',
  'short-loop',
  'stray-base',
  'stray-pointers',
  'strings',
  'unoptimised',
  'upper-halves',
  'vectors',
  'x87',
] as const;

/**
 * @param period microseconds, MIN-MAX
 * @param mode how the program is recorded else
 */
export function forcedStopsMode(period: string, mode?: RecordingMode): RecordingMode {
  const name = `stops ${period}`;
  const stops = ['--force-stops', period];
  if (mode === undefined) return { name, globalOptions: [], recordOptions: stops };
  return { ...mode, name: `${mode.name}, ${name}`, recordOptions: [...mode.recordOptions, ...stops] };
}

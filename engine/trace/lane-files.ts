/** The files of a trace directory. */
import { join } from 'node:path';
import { lanes } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';

/** Lanes by number; a lane's file has its name. */
export const laneOrder: readonly LaneName[] = ['events', 'data', 'mmaps', 'tasks'];

export const laneNumbers: Readonly<Record<LaneName, number>> = lanes;

export function lanePath(directory: string, lane: LaneName): string {
  return join(directory, lane);
}

/** The header's file, and its name until the recording has ended. */
export const versionName = 'version';
export const incompleteVersionName = 'version.incomplete';
/** The version file while it is written. */
export const newVersionName = 'version.new';
/** What a replay has counted (ordinals.ts), and its name while it is written. */
export const ordinalsName = 'ordinals';
export const newOrdinalsName = 'ordinals.new';
/** Every name that a trace directory may hold. */
export const traceFileNames: readonly string[] = [
  versionName,
  incompleteVersionName,
  newVersionName,
  ...laneOrder,
  ordinalsName,
  newOrdinalsName,
];

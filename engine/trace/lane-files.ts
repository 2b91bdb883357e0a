/** The files of a trace directory. */
import { lanes } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';

/** Lanes by number; a lane's file has its name. */
export const laneOrder: readonly LaneName[] = ['events', 'data', 'mmaps', 'tasks'];

export const laneNumbers: Readonly<Record<LaneName, number>> = lanes;

/** The header's file, and its name until the recording has ended. */
export const versionName = 'version';
export const incompleteVersionName = 'version.incomplete';
/** The version file while it is written. */
export const newVersionName = 'version.new';
/** The folder that holds the stored files of a trace that needs no other store: one that was packed. */
export const ownStoreName = 'store';
/** The same while it is filled. */
export const newOwnStoreName = 'store.new';
/** Every name of a file that a trace directory may hold; the last two from replays of earlier versions, which are not read. */
export const traceFileNames: readonly string[] = [
  versionName,
  incompleteVersionName,
  newVersionName,
  ...laneOrder,
  'ordinals',
  'ordinals.new',
];

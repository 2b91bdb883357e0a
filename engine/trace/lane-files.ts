/** The files of a trace directory. */
import { randomBytes } from 'node:crypto';
import { lanes } from '../generated/schema.ts';
import type { LaneName } from '../schema/schema.ts';

/** Lanes by number; a lane's file has its name. */
export const laneOrder: readonly LaneName[] = ['events', 'data', 'mmaps', 'tasks'];

export const laneNumbers: Readonly<Record<LaneName, number>> = lanes;

/** The file of a lane; with a suffix one that was made from another, and has not got its name yet (compress-trace.ts). */
export function laneFileName(lane: LaneName, suffix?: string): string {
  return suffix === undefined ? lane : `${lane}.${suffix}`;
}

export const lanesSuffixForm = /^[0-9a-f]{16}$/;

/** One that no other has. */
export function newLanesSuffix(): string {
  return randomBytes(8).toString('hex');
}

/** True for the names of lanes with a suffix. */
export function isMadeLane(name: string): boolean {
  return laneOrder.some((lane) => name.startsWith(`${lane}.`) && lanesSuffixForm.test(name.slice(lane.length + 1)));
}

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

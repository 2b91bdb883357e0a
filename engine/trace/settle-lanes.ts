/** Gives the lanes of a trace that was compressed again their names, where that was interrupted. */
import { Folder } from './folder.ts';
import { isMadeLane, laneFileName, laneOrder } from './lane-files.ts';
import { readVersion } from './reader.ts';
import { systemReason, TraceError } from './trace-error.ts';

/** Lanes that no version file names are another's that compresses, until they are so old. Milliseconds. */
const abandoned = 3_600_000;

/**
 * Renames the lanes that the version file names to their usual names, and removes those that it does not name and that a
 * compression left behind. @throws TraceError as readVersion, TRACE_UNWRITABLE
 */
export function settleLanes(directory: string): void {
  const { lanesSuffix } = readVersion(directory);
  try {
    using folder = Folder.open(directory);
    for (const lane of lanesSuffix === undefined ? [] : laneOrder) {
      const name = laneFileName(lane, lanesSuffix);
      if (folder.status(name)?.isFile() === true) folder.rename(name, lane);
    }
    for (const name of folder.names().filter(isMadeLane)) {
      const status = folder.status(name);
      if (status !== undefined && Date.now() - status.mtimeMs > abandoned) folder.remove(name);
    }
  } catch (cause) {
    throw new TraceError('TRACE_UNWRITABLE', directory, `cannot name its files: ${systemReason(cause)}`, { cause });
  }
}

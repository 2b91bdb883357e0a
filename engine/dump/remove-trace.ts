import { lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { incompleteVersionName, traceFileNames } from '../trace/lane-files.ts';
import { latestTraceName, resolveTrace } from '../trace/locations.ts';

/**
 * Removes a recording and the link to it. What is not a trace is never removed, and neither is a file that a trace does
 * not have.
 * @param force remove also a recording that has not ended (it may be going on), or whose files are not all there
 * @returns the directory that was removed
 * @throws TraceError TRACE_NOT_FOUND; EngineError NOT_A_TRACE, TRACE_IN_USE, TRACE_UNREMOVABLE
 */
export function removeTrace(argument: string, force: boolean): string {
  const found = resolveTrace(argument);
  const directory = lstatSync(found).isSymbolicLink() ? resolve(dirname(found), readlinkSync(found)) : found;
  if (!lstatSync(directory).isDirectory())
    throw new EngineError('NOT_A_TRACE', `${directory} is no directory, so no recording`);
  const names = readdirSync(directory);
  const strange = names.find((name) => !traceFileNames.includes(name));
  if (strange !== undefined) {
    throw new EngineError('NOT_A_TRACE', `${directory} is not removed: "${strange}" in it is no part of a recording`);
  }
  if (!names.includes('version') && !force) {
    throw names.includes(incompleteVersionName)
      ? new EngineError('TRACE_IN_USE', `${directory}: the recording has not ended, or was killed; -f removes it`)
      : new EngineError('NOT_A_TRACE', `${directory} has no version file, so it may be no recording; -f removes it`);
  }
  try {
    rmSync(directory, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('TRACE_UNREMOVABLE', `cannot remove ${directory}: ${reason}`, { cause });
  }
  removeLatestLink(directory);
  return directory;
}

/** The link beside the trace, when it points at it. */
function removeLatestLink(directory: string): void {
  const link = join(dirname(directory), latestTraceName);
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  if (basename(readlinkSync(link)) === basename(directory)) rmSync(link);
}

import { lstatSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { chunkMagic } from '../generated/schema.ts';
import { logger } from '../log.ts';
import { forgetTrace } from '../store/registrations.ts';
import { Folder } from '../trace/folder.ts';
import { incompleteVersionName, isMadeLane, laneOrder, traceFileNames, versionName } from '../trace/lane-files.ts';
import { latestTraceName, resolveTrace } from '../trace/locations.ts';
import { readVersion } from '../trace/reader.ts';
import { systemReason, TraceError } from '../trace/trace-error.ts';
import { isOwnStore, ownStoreNames, removeOwnStore } from './own-store.ts';

const log = logger('store');

/**
 * Removes a recording and the link to it. What is not a trace is never removed, and neither is a file that a trace does
 * not have.
 * @param force remove also a recording that has not ended (it may be going on), or whose files are not all there
 * @returns the directory that was removed
 * @throws TraceError TRACE_NOT_FOUND; EngineError NOT_A_TRACE, TRACE_IN_USE, TRACE_UNREMOVABLE
 */
export function removeTrace(argument: string, force: boolean): string {
  const directory = resolveLink(resolveTrace(argument));
  if (!lstatSync(directory).isDirectory()) {
    throw new EngineError('NOT_A_TRACE', `${directory} is no directory, so no recording`);
  }
  let store: string | undefined;
  try {
    using folder = Folder.open(directory);
    const names = folder.names();
    store = storeOf(directory);
    checkContent(folder, names, force);
    for (const name of names) {
      if (ownStoreNames.includes(name)) removeOwnStore(folder, name);
      else folder.remove(name);
    }
    rmdirSync(directory);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('TRACE_UNREMOVABLE', `cannot remove ${directory}: ${systemReason(cause)}`, { cause });
  }
  removeLatestLink(directory);
  if (store !== undefined) tellStore(store, directory);
  return directory;
}

/** Of a trace whose version file cannot be read: undefined. */
function storeOf(directory: string): string | undefined {
  try {
    return readVersion(directory).header.store;
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return undefined;
  }
}

/** A registration that stays is found to be of nothing by `rr gc`. */
function tellStore(store: string, directory: string): void {
  try {
    forgetTrace(store, directory);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log.info(error.message);
  }
}

function resolveLink(path: string): string {
  return lstatSync(path).isSymbolicLink() ? resolve(dirname(path), readlinkSync(path)) : path;
}

/** @throws EngineError NOT_A_TRACE, TRACE_IN_USE */
function checkContent(folder: Folder, names: readonly string[], force: boolean): void {
  const strange = names.find((name) => !isTraceFile(folder, name) && !isOwnStore(folder, name));
  if (strange !== undefined) {
    throw new EngineError('NOT_A_TRACE', `${folder.path} is not removed: "${strange}" in it is no part of a recording`);
  }
  const isClosed = startsLikeVersion(folder, versionName);
  if (isClosed) return;
  const isOpen = startsLikeVersion(folder, incompleteVersionName);
  if (isOpen && force) return;
  if (isOpen) {
    throw new EngineError('TRACE_IN_USE', `${folder.path}: the recording has not ended, or was killed; -f removes it`);
  }
  const what = `${folder.path} has no version file of a recording`;
  if (!hasLanes(folder)) throw new EngineError('NOT_A_TRACE', `${what}, and no events: it is not removed`);
  if (!force) throw new EngineError('NOT_A_TRACE', `${what}, so it may be no recording; -f removes it`);
}

function isTraceFile(folder: Folder, name: string): boolean {
  return (traceFileNames.includes(name) || isMadeLane(name)) && folder.status(name)?.isFile() === true;
}

/** True when the file begins as a version file of any format does. */
function startsLikeVersion(folder: Folder, name: string): boolean {
  return /^[0-9]{1,9}\n\{/.test(folder.readStart(name, 16)?.toString('latin1') ?? '');
}

/** True when what there is are the lanes of a recording: with chunks, or made and still empty, all of them. */
function hasLanes(folder: Folder): boolean {
  const starts = laneOrder.map((lane) => folder.readStart(lane, 4));
  if (starts.some((start) => start?.length === 4 && start.readUInt32LE(0) === chunkMagic)) return true;
  return starts.every((start) => start?.length === 0);
}

/** The link beside the trace, when it points at it. */
function removeLatestLink(directory: string): void {
  const link = join(dirname(directory), latestTraceName);
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  if (basename(readlinkSync(link)) === basename(directory)) rmSync(link);
}

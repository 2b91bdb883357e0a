import { existsSync, lstatSync, readlinkSync, renameSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EngineError, UsageError } from '../errors.ts';
import { logger } from '../log.ts';
import { moveRegistration } from '../store/registrations.ts';
import { latestTraceName, resolveTrace, setLatestTrace } from '../trace/locations.ts';
import { readVersion } from '../trace/reader.ts';
import { systemReason } from '../trace/trace-error.ts';

const log = logger('store');

/**
 * Gives a recording another name, beside its own or, with a slash, a path. The link to the latest one follows it.
 * @param force also one that has not ended: what is still to be written to it is lost
 * @returns the new directory
 * @throws TraceError for what is no trace; UsageError BAD_NAME; EngineError TRACE_IN_USE, TRACE_EXISTS, TRACE_UNMOVABLE
 */
export function moveTrace(argument: string, name: string, force: boolean): string {
  const found = resolveTrace(argument);
  const directory = lstatSync(found).isSymbolicLink() ? resolve(dirname(found), readlinkSync(found)) : found;
  const { end, header } = readVersion(directory);
  const { store } = header;
  if (end === undefined && !force) {
    throw new EngineError('TRACE_IN_USE', `${directory}: the recording has not ended, or was killed; -f renames it`);
  }
  checkName(name);
  const target = name.includes('/') ? resolve(name) : join(dirname(directory), name);
  if (existsSync(target)) throw new EngineError('TRACE_EXISTS', `${target} exists: name another, or remove it`);
  const link = join(dirname(directory), latestTraceName);
  const isLatest = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && isLinkTo(link, directory);
  try {
    renameSync(directory, target);
  } catch (cause) {
    const what = `cannot rename ${directory} to ${target}: ${systemReason(cause)}`;
    throw new EngineError('TRACE_UNMOVABLE', what, { cause });
  }
  tellStore(directory, target, store);
  if (isLatest) setLatestTrace(dirname(directory), target);
  return target;
}

/** What cannot be told to the store is no reason to stay. */
function tellStore(from: string, to: string, store: string): void {
  try {
    moveRegistration(store, from, to);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log.warn(`${error.message}; rr gc may remove what ${to} refers to`);
  }
}

/** @throws UsageError BAD_NAME for what `rr ls` would not show */
function checkName(name: string): void {
  const isHidden = name === '' || name === latestTraceName || (name.startsWith('.') && !name.includes('/'));
  if (isHidden) throw new UsageError('BAD_NAME', `mv: "${name}" cannot be the name of a recording`);
}

function isLinkTo(link: string, directory: string): boolean {
  const target = readlinkSync(link);
  return basename(target) === basename(directory) && resolve(dirname(link), target) === directory;
}

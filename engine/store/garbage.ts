/**
 * Takes away what no trace refers to, while recordings go on. A recording announces the pieces that it will refer to before
 * it looks whether they are there, and that it maps files. So content is first put aside, and only then is it read once
 * more who refers to it: what somebody has announced meanwhile is put back. Readers look aside, too.
 */
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { Folder } from '../trace/folder.ts';
import { type BlobReference, blobKey, identitiesFolder } from '../trace/store-layout.ts';
import { earlierThan, lockFile, type Registration, readRegistrations, removeRegistration } from './registrations.ts';
import type { Store, StoredBlob } from './store.ts';
import { lookAtTrace } from './trace-state.ts';

export interface GarbageOptions {
  /** What traces refer to that are known to be there without being registered. */
  readonly references: Iterable<BlobReference>;
  /** Also content that is older than the first registration. */
  readonly earlier: boolean;
  /** Traces that cannot be looked at, and whose references are not registered, count as gone. */
  readonly dropUnreachable: boolean;
  /** Nothing is taken away. */
  readonly dryRun: boolean;
}

export interface GarbageReport {
  /** Blobs that were taken away, and the bytes of their files. */
  readonly removed: number;
  readonly removedBytes: number;
  readonly kept: number;
  readonly keptBytes: number;
  /** Of those kept: older than the first registration, and nobody is known to refer to them. */
  readonly earlier: number;
  readonly earlierBytes: number;
  /** Traces that have gone. */
  readonly gone: readonly string[];
}

const lockName = 'gc.lock';
/** Milliseconds that a file without a name may take to be written. */
const longestWrite = 24 * 3600 * 1000;

/** @throws EngineError STORE_BUSY, STORE_UNREADABLE, STORE_UNWRITABLE, TRACE_UNREADABLE */
export function collectGarbage(store: Store, options: GarbageOptions): GarbageReport {
  using folder = Folder.open(store.directory);
  const lock = openLock(folder);
  try {
    if (!lockFile(lock, true)) {
      throw new EngineError('STORE_BUSY', `another rr gc is at work in ${store.directory}`);
    }
    return collect(store, folder, options);
  } finally {
    closeSync(lock);
  }
}

function openLock(folder: Folder): number {
  try {
    return folder.openFile(lockName, 'create');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return folder.openFile(lockName, 'read');
  }
}

function collect(store: Store, folder: Folder, options: GarbageOptions): GarbageReport {
  const { directory } = store;
  const gone: string[] = [];
  const live = new Set<string>();
  /** Registrations whose trace cannot change any more, or has gone. */
  const settled = new Set<string>();
  // What a recording maps it does not announce: while one goes on, whole files stay.
  let isRecording = false;
  const isLive = (blob: BlobReference) => live.has(blobKey(blob)) || (isRecording && blob.kind === 'file');
  const add = (registration: Registration): void => {
    if (registration.isOpen) isRecording = true;
    if (settled.has(registration.name)) return;
    for (const hash of registration.announced) {
      for (const kind of ['file', 'piece'] as const) live.add(blobKey({ hash, kind }));
    }
    if (registration.isOpen) return;
    const state = lookAtTrace(registration);
    const isUnknown = state.kind === 'unknown' && registration.announced.size === 0;
    if (isUnknown && !options.dropUnreachable) {
      const what = `${registration.directory}: ${state.reason}; what it refers to cannot be told, so nothing is removed; --drop-unreachable forgets it`;
      throw new EngineError('TRACE_UNREADABLE', what);
    }
    if (state.kind === 'there') for (const each of state.references) live.add(blobKey(each));
    settled.add(registration.name);
    if (state.kind !== 'gone' && !isUnknown) return;
    gone.push(registration.directory ?? registration.name);
    if (!options.dryRun) removeRegistration(directory, registration.name);
  };
  const before = earlierThan(directory);
  const blobs = [...store.list()];
  for (const registration of readRegistrations(directory)) add(registration);
  for (const each of options.references) live.add(blobKey(each));

  const report = { removed: 0, removedBytes: 0, kept: 0, keptBytes: 0, earlier: 0, earlierBytes: 0, gone };
  const removedFiles = new Set<string>();
  const aside: StoredBlob[] = options.dryRun ? [] : store.listAside();
  for (const blob of blobs) {
    const isEarlier = before !== undefined && !options.earlier && blob.modified < before;
    if (isLive(blob) || isEarlier) {
      report.kept += 1;
      report.keptBytes += blob.size;
      if (isLive(blob)) continue;
      report.earlier += 1;
      report.earlierBytes += blob.size;
    } else {
      if (options.dryRun) count(report, blob);
      else if (store.putAside(blob)) aside.push(blob);
    }
  }
  if (aside.length > 0) {
    // Traces that were begun meanwhile, and what those that are being recorded have announced meanwhile.
    for (const registration of readRegistrations(directory)) add(registration);
    for (const blob of aside) {
      if (isLive(blob)) store.putBack(blob);
      else {
        store.removeAside(blob);
        count(report, blob);
        if (blob.kind === 'file') removedFiles.add(blob.hash);
      }
    }
  }
  if (!options.dryRun) removeLeftovers(folder);
  if (removedFiles.size > 0) forgetIdentities(folder, removedFiles);
  return report;
}

function count(report: { removed: number; removedBytes: number }, blob: StoredBlob): void {
  report.removed += 1;
  report.removedBytes += blob.size;
}

/** Which files had that content is of no use any more. */
function forgetIdentities(folder: Folder, removed: ReadonlySet<string>): void {
  if (folder.status(identitiesFolder)?.isDirectory() !== true) return;
  using identities = folder.folder(identitiesFolder);
  for (const name of identities.names()) {
    const isFile = identities.status(name)?.isFile() === true;
    const hash = isFile ? identities.readStart(name, 64)?.toString('latin1') : undefined;
    if (hash !== undefined && removed.has(hash)) identities.removeIfThere(name);
  }
}

/** Files that a recording which was killed has left without a name. */
function removeLeftovers(folder: Folder): void {
  for (const name of folder.names()) {
    if (!name.endsWith('.tmp')) continue;
    const status = folder.status(name);
    if (status?.isFile() && Date.now() - status.mtimeMs > longestWrite) folder.removeIfThere(name);
  }
}

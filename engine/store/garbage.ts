/**
 * Takes away what no trace refers to, while recordings go on. A recording announces what it will refer to before it looks
 * whether that is there. So content is first put aside, and only then is it read once
 * more who refers to it: what somebody has announced meanwhile is put back. Readers look aside, too.
 */
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { Folder } from '../trace/folder.ts';
import { type BlobReference, basesFolder, blobKey, hashBytes, identitiesFolder } from '../trace/store-layout.ts';
import { systemReason } from '../trace/trace-error.ts';
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
  try {
    // What only looks needs no lock, which it could not have in a store that is read-only.
    return options.dryRun ? collect(store, folder, options) : collectAlone(store, folder, options);
  } catch (cause) {
    if (cause instanceof EngineError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    const what = `cannot collect garbage in the store ${store.directory}: ${systemReason(cause)}`;
    throw new EngineError('STORE_UNWRITABLE', what, { cause });
  }
}

function collectAlone(store: Store, folder: Folder, options: GarbageOptions): GarbageReport {
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
  // A recorder of an earlier version does not announce what it maps: while it goes on, whole files stay.
  let mapsUnannounced = false;
  const isLive = (blob: BlobReference) => live.has(blobKey(blob)) || (mapsUnannounced && blob.kind === 'file');
  const add = (registration: Registration): void => {
    if (registration.isOpen && !registration.announcesFiles) mapsUnannounced = true;
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
  const removedPieces = new Set<string>();
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
        (blob.kind === 'file' ? removedFiles : removedPieces).add(blob.hash);
      }
    }
  }
  if (!options.dryRun) removeLeftovers(folder);
  if (removedFiles.size > 0) forgetIn(folder, identitiesFolder, hashOfIdentity, removedFiles);
  if (removedPieces.size > 0) forgetIn(folder, basesFolder, hashOfBase, removedPieces);
  return report;
}

function count(report: { removed: number; removedBytes: number }, blob: StoredBlob): void {
  report.removed += 1;
  report.removedBytes += blob.size;
}

/** Notes of content that has gone are of no use any more. @param hashOf the content that a note begins with */
function forgetIn(
  store: Folder,
  folderName: string,
  hashOf: (note: Buffer) => string,
  removed: ReadonlySet<string>,
): void {
  if (store.status(folderName)?.isDirectory() !== true) return;
  using folder = store.folder(folderName);
  for (const name of folder.names()) {
    const isFile = folder.status(name)?.isFile() === true;
    const note = isFile ? folder.readStart(name, 64) : undefined;
    if (note !== undefined && removed.has(hashOf(note))) folder.removeIfThere(name);
  }
}

/** Which file had that content. */
function hashOfIdentity(note: Buffer): string {
  return note.toString('latin1');
}

/** A list of pieces that chunks may be patches of: without its first one it is of little use. */
function hashOfBase(note: Buffer): string {
  return note.toString('hex', 0, hashBytes);
}

/** Files that a recording which was killed has left without a name. */
function removeLeftovers(folder: Folder): void {
  for (const name of folder.names()) {
    if (!name.endsWith('.tmp')) continue;
    const status = folder.status(name);
    if (status?.isFile() && Date.now() - status.mtimeMs > longestWrite) folder.removeIfThere(name);
  }
}

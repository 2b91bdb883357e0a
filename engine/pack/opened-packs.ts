/**
 * Packs that are read as they are: a replay maps files, so a pack is unpacked to the user's cache when it is first used,
 * and found there the next time. What nobody has used for a week is removed when another pack is opened.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { privateFolderMode } from '../trace/folder.ts';
import { resolveTrace } from '../trace/locations.ts';
import { cachePath } from '../trace/user-cache.ts';
import { PackError } from './pack-error.ts';
import { isFolderName } from './pack-names.ts';
import { tellingUnwritable } from './pack-trace.ts';
import { openPackFile } from './unpack-trace.ts';

/** Milliseconds. */
const keptUnused = 7 * 24 * 3600 * 1000;
const localHead = Buffer.from('PK\x03\x04');

/** Whether the path names a file that begins as a pack does. */
export function isPackFile(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || !status.isFile()) return false;
  if (path.endsWith('.rrz')) return true;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Whoever opens it tells why.
    return false;
  }
  try {
    const head = Buffer.alloc(localHead.length);
    return readSync(descriptor, head, 0, head.length, 0) === head.length && head.equals(localHead);
  } finally {
    closeSync(descriptor);
  }
}

/** The directory of a recording: of one in a pack, or as resolveTrace finds it. @throws PackError, TraceError */
export async function locateTrace(argument: string | undefined): Promise<string> {
  return argument !== undefined && isPackFile(argument) ? openedPack(argument) : resolveTrace(argument);
}

/** The directory of the recording in a pack. @throws PackError */
export async function openedPack(path: string): Promise<string> {
  const file = resolve(path);
  const kept = packsFolder();
  using pack = openPackFile(file);
  const folder = join(kept, keyOf(file));
  const name = isFolderName(pack.name) ? pack.name : 'trace';
  const directory = join(folder, name);
  if (existsSync(directory)) {
    const now = new Date();
    utimesSync(folder, now, now);
    return directory;
  }
  await tellingUnwritable(folder, async () => {
    dropUnused(kept);
    makeFolders(folder, privateFolderMode);
    try {
      await pack.unpack(directory);
    } catch (error) {
      // Another command was quicker.
      if (existsSync(directory)) return;
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  });
  return directory;
}

/** @throws PackError PACK_UNWRITABLE where there is no cache of the user's own */
function packsFolder(): string {
  const cache = cachePath(process.env);
  if (cache === undefined) {
    throw new PackError(
      'PACK_UNWRITABLE',
      'no place to unpack to: set HOME or XDG_CACHE_HOME, or use rr unpack -o DIRECTORY',
    );
  }
  const folder = join(cache, 'packs');
  try {
    makeFolders(folder, privateFolderMode);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PackError(
      'PACK_UNWRITABLE',
      `cannot unpack to ${folder}: ${reason}; set XDG_CACHE_HOME, or use rr unpack`,
      cause,
    );
  }
  // Under sudo the environment may name another user's, who could change what is in it.
  if (statSync(folder).uid !== process.geteuid?.()) {
    throw new PackError('PACK_UNWRITABLE', `${folder} belongs to another user: set XDG_CACHE_HOME, or use rr unpack`);
  }
  return folder;
}

/** A change to the file makes it another. */
function keyOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return createHash('sha256').update([dev, ino, size, mtimeNs, ctimeNs].join(' ')).digest('hex').slice(0, 32);
}

function dropUnused(folder: string): void {
  const oldest = Date.now() - keptUnused;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && status.mtimeMs < oldest) rmSync(path, { recursive: true, force: true });
  }
}

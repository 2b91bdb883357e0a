/** The store that a packed recording has in its directory: what may be in it, its size, and its end. */
import type { Folder } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName } from '../trace/lane-files.ts';
import { isContentFolder, isContentName, piecesFolder } from '../trace/store-layout.ts';

export const ownStoreNames: readonly string[] = [ownStoreName, newOwnStoreName];

type Visit = (folder: Folder, name: string) => void;

/** Visits the files of a folder of `HH/REST`; false when something else is in it. */
function visitFiles(folder: Folder, visit: Visit): boolean {
  for (const head of folder.names()) {
    if (folder.status(head)?.isDirectory() !== true) return false;
    using inner = folder.folder(head);
    if (head === piecesFolder) {
      if (!visitFiles(inner, visit)) return false;
      continue;
    }
    if (!isContentFolder(head)) return false;
    for (const tail of inner.names()) {
      if (!isContentName(tail) || inner.status(tail)?.isFile() !== true) return false;
      visit(inner, tail);
    }
  }
  return true;
}

/** Whether the name in a recording's directory is a store, and nothing else. @throws NodeJS.ErrnoException */
export function isOwnStore(directory: Folder, name: string): boolean {
  if (!ownStoreNames.includes(name) || directory.status(name)?.isDirectory() !== true) return false;
  using store = directory.folder(name);
  return visitFiles(store, () => undefined);
}

/** Removes one that isOwnStore was true of. @throws NodeJS.ErrnoException, where something else has come into it */
export function removeOwnStore(directory: Folder, name: string): void {
  using store = directory.folder(name);
  visitFiles(store, (folder, tail) => folder.remove(tail));
  removeFolders(store);
  directory.removeFolder(name);
}

function removeFolders(folder: Folder): void {
  for (const name of folder.names()) {
    if (name === piecesFolder) {
      using pieces = folder.folder(name);
      removeFolders(pieces);
    }
    folder.removeFolder(name);
  }
}

/** Bytes of the stored files of a recording's own; 0 when it has none. @throws NodeJS.ErrnoException */
export function ownStoreSize(directory: Folder): number {
  if (directory.status(ownStoreName)?.isDirectory() !== true) return 0;
  using store = directory.folder(ownStoreName);
  let size = 0;
  visitFiles(store, (folder, tail) => {
    size += folder.status(tail)?.size ?? 0;
  });
  return size;
}

/** The store that a packed recording has in its directory: what may be in it, its size, and its end. */
import type { Folder } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName } from '../trace/lane-files.ts';

export const ownStoreNames: readonly string[] = [ownStoreName, newOwnStoreName];

/** The stored files in it, `HH` and the rest of the hash; undefined when something else is there. @throws NodeJS.ErrnoException */
function filesOf(store: Folder): [string, string][] | undefined {
  const files: [string, string][] = [];
  for (const head of store.names()) {
    if (!/^[0-9a-f]{2}$/.test(head) || store.status(head)?.isDirectory() !== true) return undefined;
    using folder = store.folder(head);
    for (const tail of folder.names()) {
      if (!/^[0-9a-f]{62}$/.test(tail) || folder.status(tail)?.isFile() !== true) return undefined;
      files.push([head, tail]);
    }
  }
  return files;
}

/** Whether the name in a recording's directory is a store, and nothing else. @throws NodeJS.ErrnoException */
export function isOwnStore(directory: Folder, name: string): boolean {
  if (!ownStoreNames.includes(name) || directory.status(name)?.isDirectory() !== true) return false;
  using store = directory.folder(name);
  return filesOf(store) !== undefined;
}

/** Removes one, and leaves what is no stored file. @throws NodeJS.ErrnoException */
export function removeOwnStore(directory: Folder, name: string): void {
  using store = directory.folder(name);
  for (const [head, tail] of filesOf(store) ?? []) {
    using folder = store.folder(head);
    folder.remove(tail);
  }
  for (const head of store.names()) store.removeFolder(head);
  directory.removeFolder(name);
}

/** Bytes of the stored files of a recording's own; 0 when it has none. @throws NodeJS.ErrnoException */
export function ownStoreSize(directory: Folder): number {
  if (directory.status(ownStoreName)?.isDirectory() !== true) return 0;
  using store = directory.folder(ownStoreName);
  return (filesOf(store) ?? []).reduce((sum, [head, tail]) => {
    using folder = store.folder(head);
    return sum + (folder.status(tail)?.size ?? 0);
  }, 0);
}

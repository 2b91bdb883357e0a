/** Opens what the store has. */
import { Folder } from './folder.ts';
import { asideFolder, asideName, type BlobReference, piecesFolder, placeOf } from './store-layout.ts';

/**
 * A descriptor of a blob's file, the caller's; its content is not compared. A collection of garbage may have put it aside
 * for a moment.
 * @param root the store's directory
 * @throws NodeJS.ErrnoException, NotRegularError
 */
export function openBlob(root: Folder, blob: BlobReference): number {
  const ways = [() => openInPlace(root, blob), () => openAside(root, blob), () => openInPlace(root, blob)];
  let missing: unknown;
  for (const open of ways) {
    try {
      return open();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      missing ??= error;
    }
  }
  throw missing;
}

function openInPlace(root: Folder, { hash, kind }: BlobReference): number {
  const { folder: folderName, name } = placeOf(hash);
  using pieces = kind === 'piece' ? root.folder(piecesFolder) : undefined;
  using folder = (pieces ?? root).folder(folderName);
  return folder.openFile(name, 'read');
}

function openAside(root: Folder, blob: BlobReference): number {
  using folder = root.folder(asideFolder);
  return folder.openFile(asideName(blob), 'read');
}

/** The same for a file of a store that a trace names. */
export function openStoredFile(store: string, hash: string): number {
  using root = Folder.open(store);
  return openBlob(root, { hash, kind: 'file' });
}

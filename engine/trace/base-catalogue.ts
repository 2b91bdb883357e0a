/**
 * Which pieces the chunks of a program's recordings may be patches of: a file for each program, of their hashes one behind
 * the other. It is a hint: what it names need not be there.
 */

import { basePlaces } from './chunk-base.ts';
import { type Folder, NotRegularError } from './folder.ts';
import { basesFolder, hashBytes, hashOf } from './store-layout.ts';

/** The hashes, 32 bytes each; none where there is no file, or one of another form. @throws NodeJS.ErrnoException */
export function readCatalogue(store: Folder, program: string): Buffer[] {
  using folder = store.folderIfThere(basesFolder);
  const bytes = folder && readRegular(folder, nameOf(program));
  if (bytes === undefined || bytes.length > basePlaces * hashBytes || bytes.length % hashBytes !== 0) return [];
  return Array.from({ length: bytes.length / hashBytes }, (_, at) =>
    bytes.subarray(at * hashBytes, (at + 1) * hashBytes),
  );
}

/** Of two recordings that write at once one is forgotten. @throws NodeJS.ErrnoException */
export function writeCatalogue(store: Folder, program: string, hashes: Uint8Array): void {
  using folder = store.madeFolder(basesFolder);
  folder.write(nameOf(program), hashes);
}

/** A name of 64 hexadecimal digits. */
function nameOf(program: string): string {
  return hashOf(Buffer.from(program));
}

function readRegular(folder: Folder, name: string): Buffer | undefined {
  try {
    return folder.readStart(name, basePlaces * hashBytes + 1);
  } catch (error) {
    if (error instanceof NotRegularError) return undefined;
    throw error;
  }
}

/** `rr pack`: makes a recording independent of its store. */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { intoNewFile, isFree, removingOnFailure, tellingRefusal, temporaryName } from '../outputs.ts';
import { dataPieces } from '../store/file-content.ts';
import { Store } from '../store/store.ts';
import { Folder, privateFileMode, privateFolderMode } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName } from '../trace/lane-files.ts';
import { blobPath } from '../trace/store-layout.ts';
import { writeWhole } from '../whole-io.ts';
import { PackError } from './pack-error.ts';
import { storedMemberName } from './pack-names.ts';
import {
  blobStream,
  checkedForm,
  fileContent,
  laneFiles,
  type PackedContent,
  packedContent,
  type Redaction,
  withStoredFile,
} from './packed-content.ts';
import { ZipWriter } from './zip-writer.ts';

/**
 * Gives a recording a store of its own, in its directory. One that has it already is left as it is.
 * @throws TraceError; EngineError STORE_MISSING, STORE_FILE_MISSING, STORE_FILE_CHANGED; PackError PACK_UNWRITABLE
 */
export async function packInPlace(directory: string): Promise<void> {
  const content = packedContent(directory, { stripsEnvironment: false, names: [] });
  const own = join(directory, ownStoreName);
  if (content.store === own) return;
  const growing = join(directory, newOwnStoreName);
  await tellingUnwritable(own, () =>
    removingOnFailure(growing, async () => {
      // What a run that was killed has left.
      rmSync(growing, { recursive: true, force: true });
      mkdirSync(growing, { mode: privateFolderMode });
      await copyStored(content, growing);
      renameSync(growing, own);
    }),
  );
}

/** Makes a directory that holds the recording and its stored files. @throws as packInPlace; PackError PACK_EXISTS */
export async function packToDirectory(directory: string, output: string, redaction: Redaction): Promise<void> {
  const content = packedContent(directory, redaction);
  checkFree(output);
  const temporary = temporaryName(output);
  await tellingUnwritable(output, () =>
    removingOnFailure(temporary, async () => {
      mkdirSync(temporary, { mode: privateFolderMode });
      for (const name of laneFiles) await copyLane(content.directory, name, join(temporary, name));
      const store = join(temporary, ownStoreName);
      mkdirSync(store, { mode: privateFolderMode });
      await copyStored(content, store);
      writeFileSync(join(temporary, content.versionName), content.version, { mode: privateFileMode, flag: 'wx' });
      renameSync(temporary, output);
    }),
  );
}

/** Makes one file of a recording and its stored files. @throws as packInPlace; PackError PACK_EXISTS */
export async function packToFile(directory: string, output: string, redaction: Redaction): Promise<void> {
  const content = packedContent(directory, redaction);
  checkFree(output);
  const temporary = temporaryName(output);
  await tellingUnwritable(output, () =>
    removingOnFailure(temporary, async () => {
      await intoNewFile(temporary, (descriptor) => writeMembers(new ZipWriter(descriptor), content));
      renameSync(temporary, output);
    }),
  );
}

/** Stored files are compressed; the lanes are so already. */
async function writeMembers(zip: ZipWriter, content: PackedContent): Promise<void> {
  const nameOf = (name: string) => `${content.name}/${name}`;
  await zip.add(nameOf(content.versionName), [content.version], false);
  using folder = Folder.open(content.directory);
  for (const lane of laneFiles) {
    const descriptor = folder.openFile(lane, 'read');
    try {
      await zip.add(nameOf(lane), fileContent(descriptor), false);
    } finally {
      closeSync(descriptor);
    }
  }
  using store = Store.open(content.store);
  for (const blob of content.references) {
    await withStoredFile(store, blob, (descriptor) => {
      const { isSparse } = checkedForm(store, blob, descriptor);
      const name = nameOf(storedMemberName(blob, isSparse));
      return zip.add(name, blobStream(blob, descriptor, isSparse), blob.kind === 'file');
    });
  }
  zip.finish();
}

async function copyLane(from: string, name: string, to: string): Promise<void> {
  using folder = Folder.open(from);
  const source = folder.openFile(name, 'read');
  try {
    await intoNewFile(to, (target) => {
      for (const piece of fileContent(source)) writeWhole(target, piece);
    });
  } finally {
    closeSync(source);
  }
}

/** Holes stay holes. */
async function copyStored(content: PackedContent, into: string): Promise<void> {
  using store = Store.open(content.store);
  for (const blob of content.references) {
    await withStoredFile(store, blob, async (descriptor) => {
      checkedForm(store, blob, descriptor);
      const path = join(into, blobPath(blob));
      makeFolders(dirname(path), privateFolderMode);
      await copyWithHoles(descriptor, path);
    });
  }
}

async function copyWithHoles(source: number, to: string): Promise<void> {
  const { size } = fstatSync(source);
  await intoNewFile(to, (target) => {
    ftruncateSync(target, size);
    for (const { piece, offset } of dataPieces(source, size)) writeWhole(target, piece, offset);
  });
}

/** @throws PackError PACK_EXISTS */
function checkFree(output: string): void {
  if (!isFree(output)) throw new PackError('PACK_EXISTS', `${output} exists: name another, or remove it`);
}

/** @throws PackError PACK_UNWRITABLE for what the system refused; what `body` throws otherwise */
export function tellingUnwritable<Result>(output: string, body: () => Promise<Result>): Promise<Result> {
  return tellingRefusal(
    body,
    (reason, cause) => new PackError('PACK_UNWRITABLE', `cannot write ${output}: ${reason}`, cause),
  );
}

/** `rr pack`: makes a recording independent of its store. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { dataPieces } from '../store/file-content.ts';
import { Store } from '../store/store.ts';
import { Folder, privateFileMode, privateFolderMode } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName } from '../trace/lane-files.ts';
import { systemReason } from '../trace/trace-error.ts';
import { writeWhole } from '../whole-io.ts';
import { PackError } from './pack-error.ts';
import { storedMemberName, storedPath } from './pack-names.ts';
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
import { removingOnFailure, temporaryName } from './temporary.ts';
import { ZipWriter } from './zip-writer.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

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
      for (const name of laneFiles) copyLane(content.directory, name, join(temporary, name));
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
      const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode);
      try {
        await writeMembers(new ZipWriter(descriptor), content);
      } finally {
        closeSync(descriptor);
      }
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

function copyLane(from: string, name: string, to: string): void {
  using folder = Folder.open(from);
  const source = folder.openFile(name, 'read');
  try {
    copy(fileContent(source), to);
  } finally {
    closeSync(source);
  }
}

/** Holes stay holes. */
async function copyStored(content: PackedContent, into: string): Promise<void> {
  using store = Store.open(content.store);
  for (const blob of content.references) {
    await withStoredFile(store, blob, (descriptor) => {
      checkedForm(store, blob, descriptor);
      const path = join(into, storedPath(blob));
      makeFolders(dirname(path), privateFolderMode);
      copyWithHoles(descriptor, path);
    });
  }
}

function copyWithHoles(source: number, to: string): void {
  const { size } = fstatSync(source);
  const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode);
  try {
    ftruncateSync(target, size);
    for (const { piece, offset } of dataPieces(source, size)) writeWhole(target, piece, offset);
  } finally {
    closeSync(target);
  }
}

function copy(content: Iterable<Uint8Array>, to: string): void {
  const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode);
  try {
    let offset = 0;
    for (const piece of content) {
      writeWhole(target, piece, offset);
      offset += piece.length;
    }
  } finally {
    closeSync(target);
  }
}

/** @throws PackError PACK_EXISTS; an empty directory is as good as none */
function checkFree(output: string): void {
  const status = statSync(output, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (status.isDirectory() && readdirSync(output).length === 0) return;
  throw new PackError('PACK_EXISTS', `${output} exists: name another, or remove it`);
}

/** @throws PackError PACK_UNWRITABLE for what the system refused; what `body` throws otherwise */
export async function tellingUnwritable<Result>(output: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (cause) {
    const isSystem = !(cause instanceof EngineError) && (cause as NodeJS.ErrnoException).code !== undefined;
    if (!isSystem) throw cause;
    throw new PackError('PACK_UNWRITABLE', `cannot write ${output}: ${systemReason(cause)}`, cause);
  }
}

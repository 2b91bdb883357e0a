/** `rr pack`: makes a recording independent of its store. */
import {
  closeSync,
  constants,
  existsSync,
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
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { forEachPiece } from '../replay/stored-content.ts';
import { Folder, privateFileMode, privateFolderMode } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName } from '../trace/lane-files.ts';
import { systemReason } from '../trace/trace-error.ts';
import { PackError } from './pack-error.ts';
import { storedMemberName } from './pack-names.ts';
import {
  fileContent,
  laneFiles,
  type PackedContent,
  type Redaction,
  packedContent,
  withStoredFile,
} from './packed-content.ts';
import { formOf, storedStream, writeWhole } from './stored-form.ts';
import type { StoredReference } from './stored-references.ts';
import { removingOnFailure, temporaryName } from './temporary.ts';
import { ZipWriter } from './zip-writer.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Gives a recording a store of its own, in its directory. One that has it already is left as it is.
 * @throws TraceError; PackError PACK_INCOMPLETE, PACK_UNWRITABLE
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
      for (const reference of content.references) await copyStored(content.store, reference, growing);
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
      for (const reference of content.references) await copyStored(content.store, reference, store);
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
  for (const reference of content.references) {
    await withStoredFile(content.store, reference, async (descriptor) => {
      const { isSparse } = checkedForm(descriptor, reference);
      const name = nameOf(storedMemberName(reference.hash, isSparse));
      await zip.add(name, storedStream(descriptor, isSparse), true);
    });
  }
  zip.finish();
}

/** @throws PackError PACK_INCOMPLETE: a pack that cannot be replayed is none */
export function checkedForm(
  descriptor: number,
  { hash, size, path }: StoredReference,
): { isSparse: boolean; length: number } {
  const form = formOf(descriptor, hash);
  if (form !== undefined && fstatSync(descriptor).size === size) return form;
  const what = 'is not what was stored: the store is damaged, and the recording cannot be packed';
  throw new PackError('PACK_INCOMPLETE', `the stored content of ${path}, ${hash}, ${what}`);
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
async function copyStored(store: string, reference: StoredReference, into: string): Promise<void> {
  await withStoredFile(store, reference, async (descriptor) => {
    checkedForm(descriptor, reference);
    const folder = join(into, reference.hash.slice(0, 2));
    if (!existsSync(folder)) mkdirSync(folder, { mode: privateFolderMode });
    copyWithHoles(descriptor, join(folder, reference.hash.slice(2)));
  });
}

function copyWithHoles(source: number, to: string): void {
  const { size } = fstatSync(source);
  const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode);
  try {
    ftruncateSync(target, size);
    forEachPiece(source, size, (piece, offset) => writeWhole(target, piece, offset));
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

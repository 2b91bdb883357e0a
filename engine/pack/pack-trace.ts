/** `rr pack`: makes a recording independent of its store. */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { makeFolders } from '../make-folders.ts';
import { intoNewFile, isFree, removingOnFailure, tellingRefusal, temporaryName } from '../outputs.ts';
import { dataPieces } from '../store/file-content.ts';
import { Store } from '../store/store.ts';
import { exchangeLanes } from '../trace/compress-trace.ts';
import { Folder, privateFileMode, privateFolderMode } from '../trace/folder.ts';
import { newOwnStoreName, ownStoreName, versionName } from '../trace/lane-files.ts';
import { hasPatches, writePlainLanes } from '../trace/plain-lanes.ts';
import { readVersion, TraceReader } from '../trace/reader.ts';
import { settleLanes } from '../trace/settle-lanes.ts';
import { blobPath } from '../trace/store-layout.ts';
import { systemReason } from '../trace/trace-error.ts';
import { formatVersionFile } from '../trace/version-file.ts';
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
  makePlain(directory);
  using content = packedContent(directory, { stripsEnvironment: false, names: [] });
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

/** Has no chunk of a recording a patch any more. @throws TraceError; EngineError TRACE_IN_USE */
function makePlain(directory: string): void {
  settleLanes(directory);
  const reader = TraceReader.open(directory);
  try {
    if (!hasPatches(reader)) return;
    const version = readVersion(directory);
    if (version.end === undefined) {
      const what = `${directory}: the recording has not ended, or was killed: with -o it can be packed`;
      throw new EngineError('TRACE_IN_USE', what);
    }
    const temporary = temporaryName(directory);
    try {
      mkdirSync(temporary, { mode: privateFolderMode });
      const lanes = writePlainLanes(reader, temporary);
      const { header, end } = version;
      const whole = { header, end, lanes };
      writeFileSync(join(temporary, versionName), formatVersionFile(whole), { mode: privateFileMode, flag: 'wx' });
      exchangeLanes(directory, temporary, version);
    } catch (cause) {
      if (cause instanceof EngineError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
      throw new PackError('PACK_UNWRITABLE', `cannot write ${temporary}: ${systemReason(cause)}`, cause);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  } finally {
    reader.close();
  }
}

/** Makes a directory that holds the recording and its stored files. @throws as packInPlace; PackError PACK_EXISTS */
export async function packToDirectory(directory: string, output: string, redaction: Redaction): Promise<void> {
  using content = packedContent(directory, redaction);
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
  using content = packedContent(directory, redaction);
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

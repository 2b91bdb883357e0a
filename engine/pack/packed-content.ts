/** What a pack of a recording holds: its files, and all that it refers to in its store. */
import { closeSync, fstatSync, mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { formOf, type StoredForm, storedBytes } from '../store/file-content.ts';
import { plainReferencesOf } from '../store/references.ts';
import type { Store } from '../store/store.ts';
import { Folder } from '../trace/folder.ts';
import { incompleteVersionName, laneOrder, versionName } from '../trace/lane-files.ts';
import { checkedPiece, maxPieceFileBytes } from '../trace/piece-file.ts';
import { hasPatches, writePlainLanes } from '../trace/plain-lanes.ts';
import { readVersionFile, TraceReader } from '../trace/reader.ts';
import { settleLanes } from '../trace/settle-lanes.ts';
import type { BlobReference } from '../trace/store-layout.ts';
import { systemReason } from '../trace/trace-error.ts';
import { formatVersionFile } from '../trace/version-file.ts';

import { PackError } from './pack-error.ts';

/** Which variables of the environment the pack's header goes without. */
export interface Redaction {
  readonly stripsEnvironment: boolean;
  readonly names: readonly string[];
}

export interface PackedContent extends Disposable {
  /** Where the lanes are: those of the recording, or plain ones in a temporary directory, until this is disposed of. */
  readonly directory: string;
  /** Of the recording. */
  readonly name: string;
  readonly versionName: string;
  readonly version: Uint8Array;
  readonly store: string;
  readonly references: readonly BlobReference[];
}

/**
 * What other recordings have put into the store for chunks to be patches of is theirs: the lanes go without.
 * @throws TraceError
 */
export function packedContent(directory: string, redaction: Redaction): PackedContent {
  settleLanes(directory);
  const reader = TraceReader.open(directory);
  try {
    using folder = Folder.open(directory);
    const { content, bytes } = readVersionFile(folder);
    const isRedacted = redaction.stripsEnvironment || redaction.names.length > 0;
    const environment = content.header.environment.filter(
      (variable) => !redaction.stripsEnvironment && !redaction.names.includes(variable.replace(/=.*$/s, '')),
    );
    const header = isRedacted ? { ...content.header, environment } : content.header;
    const plain = hasPatches(reader) ? plainLanes(reader) : undefined;
    const lanes = plain && content.end ? { lanes: plain.lanes } : {};
    return {
      directory: plain?.directory ?? directory,
      name: basename(directory).replace(/^\.+/, '') || 'trace',
      versionName: content.end === undefined ? incompleteVersionName : versionName,
      version: isRedacted || plain ? formatVersionFile({ ...content, header, ...lanes }) : bytes,
      store: reader.store,
      references: [...plainReferencesOf(reader)],
      [Symbol.dispose]: () => plain && rmSync(plain.directory, { recursive: true, force: true }),
    };
  } finally {
    reader.close();
  }
}

/** Lanes in a new temporary directory. @throws TraceError */
function plainLanes(reader: TraceReader): { directory: string; lanes: ReturnType<typeof writePlainLanes> } {
  const directory = temporaryDirectory();
  try {
    return { directory, lanes: writePlainLanes(reader, directory) };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** @throws PackError PACK_UNWRITABLE */
function temporaryDirectory(): string {
  const above = process.env.RR_TMPDIR || tmpdir();
  try {
    return mkdtempSync(join(above, 'rr-plain-'));
  } catch (cause) {
    throw new PackError('PACK_UNWRITABLE', `cannot make a folder in ${above}: ${systemReason(cause)}`, cause);
  }
}

export const laneFiles: readonly string[] = laneOrder;

const pieceSize = 1 << 20;

/** The bytes that a file of the trace has now. @throws NodeJS.ErrnoException */
export function* fileContent(descriptor: number): Generator<Uint8Array> {
  const { size } = fstatSync(descriptor);
  for (let offset = 0; offset < size; ) {
    const piece = Buffer.alloc(Math.min(pieceSize, size - offset));
    const count = readSync(descriptor, piece, 0, piece.length, offset);
    if (count === 0) return;
    yield piece.subarray(0, count);
    offset += count;
  }
}

/** Lends `body` a descriptor of the blob's own file. @throws EngineError STORE_FILE_MISSING; what `body` throws */
export async function withStoredFile<Result>(
  store: Store,
  blob: BlobReference,
  body: (descriptor: number) => Result | Promise<Result>,
): Promise<Result> {
  const descriptor = store.openFile(blob);
  try {
    return await body(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The form of a blob, which must be what its name says: a pack that cannot be replayed is none.
 * @throws EngineError STORE_FILE_CHANGED
 */
export function checkedForm(store: Store, blob: BlobReference, descriptor: number): StoredForm {
  if (blob.kind === 'piece') {
    const bytes = wholePiece(descriptor);
    if (bytes !== undefined && checkedPiece(bytes, blob.hash) !== undefined)
      return { isSparse: false, length: bytes.length };
  } else {
    const form = formOf(descriptor, fstatSync(descriptor).size, blob.hash);
    if (form !== undefined) return form;
  }
  const what = 'is not what was stored: the store is damaged, and the recording cannot be packed';
  throw new EngineError('STORE_FILE_CHANGED', `${store.directory}: ${blob.hash} ${what}`);
}

/** The bytes that a pack has of a blob: those of a piece's file are compressed already. @throws NodeJS.ErrnoException */
export function blobStream(blob: BlobReference, descriptor: number, isSparse: boolean): Iterable<Uint8Array> {
  return blob.kind === 'piece' ? fileContent(descriptor) : storedStream(descriptor, isSparse);
}

/** Who takes it may keep it: a stream does. */
function* storedStream(descriptor: number, isSparse: boolean): Generator<Uint8Array> {
  for (const bytes of storedBytes(descriptor, fstatSync(descriptor).size, isSparse)) yield Buffer.from(bytes);
}

function wholePiece(descriptor: number): Buffer | undefined {
  const { size } = fstatSync(descriptor);
  return size > maxPieceFileBytes ? undefined : Buffer.concat([...fileContent(descriptor)]);
}

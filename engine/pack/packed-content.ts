/** What a pack of a recording holds: its files, and all that it refers to in its store. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Folder, NotRegularError, openStoredFile } from '../trace/folder.ts';
import { incompleteVersionName, laneOrder, versionName } from '../trace/lane-files.ts';
import { readVersionFile, TraceReader } from '../trace/reader.ts';
import { systemReason } from '../trace/trace-error.ts';
import { formatVersionFile } from '../trace/version-file.ts';
import { PackError } from './pack-error.ts';
import { type StoredReference, storedReferences } from './stored-references.ts';

/** Which variables of the environment the pack's header goes without. */
export interface Redaction {
  readonly stripsEnvironment: boolean;
  readonly names: readonly string[];
}

export interface PackedContent {
  readonly directory: string;
  /** Of the recording. */
  readonly name: string;
  readonly versionName: string;
  readonly version: Uint8Array;
  readonly store: string;
  readonly references: readonly StoredReference[];
}

/** @throws TraceError */
export function packedContent(directory: string, redaction: Redaction): PackedContent {
  const reader = TraceReader.open(directory);
  try {
    using folder = Folder.open(directory);
    const { content, bytes } = readVersionFile(folder);
    const isRedacted = redaction.stripsEnvironment || redaction.names.length > 0;
    const environment = content.header.environment.filter(
      (variable) => !redaction.stripsEnvironment && !redaction.names.includes(variable.replace(/=.*$/s, '')),
    );
    return {
      directory,
      name: basename(directory).replace(/^\.+/, '') || 'trace',
      versionName: content.end === undefined ? incompleteVersionName : versionName,
      version: isRedacted ? formatVersionFile({ ...content, header: { ...content.header, environment } }) : bytes,
      store: reader.store,
      references: storedReferences(reader),
    };
  } finally {
    reader.close();
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

/** Lends `body` a descriptor of the stored file. @throws PackError PACK_INCOMPLETE; what `body` throws */
export async function withStoredFile<Result>(
  store: string,
  { hash, path }: StoredReference,
  body: (descriptor: number) => Promise<Result>,
): Promise<Result> {
  let descriptor: number;
  try {
    descriptor = openStoredFile(store, hash);
  } catch (cause) {
    const reason = cause instanceof NotRegularError ? cause.message : systemReason(cause);
    const stored = join(store, hash.slice(0, 2), hash.slice(2));
    throw new PackError(
      'PACK_INCOMPLETE',
      `${stored}, the stored content of ${path}, cannot be read: ${reason}`,
      cause,
    );
  }
  try {
    return await body(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

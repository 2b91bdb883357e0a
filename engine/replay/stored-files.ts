import { closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { MappingView } from '../generated/schema.ts';
import { dataPieces, hasContent } from '../store/file-content.ts';
import { NotRegularError } from '../trace/folder.ts';
import { blobPath } from '../trace/store-layout.ts';
import { openStoredFile } from '../trace/stored-blob.ts';
import { VerifiedFiles } from '../trace/verified-files.ts';
import type { CopyStored } from './shared-files.ts';

/** The store's files, as far as the replay needs them. */
export class StoredFiles {
  readonly #directory: string;
  readonly #verified: VerifiedFiles;

  /** @param directory of the store, as the trace's header names it: neither it nor what is in it is trusted */
  constructor(directory: string, verified = new VerifiedFiles()) {
    this.#directory = directory;
    this.#verified = verified;
  }

  /**
   * Lends `body` a descriptor of the file that the mapping names.
   * @throws EngineError STORE_FILE_MISSING, STORE_FILE_CHANGED
   */
  use<T>(mapping: MappingView, hash: string, body: (descriptor: number) => T): T {
    const origin = Buffer.from(mapping.payload).toString();
    const path = join(this.#directory, blobPath({ hash, kind: 'file' }));
    const descriptor = this.#open(path, hash, origin);
    try {
      const { size } = fstatSync(descriptor);
      if (size !== mapping.fileSizeNumber) {
        throw new EngineError(
          'STORE_FILE_CHANGED',
          `${path}, the stored content of ${origin}, has ${size} bytes instead of ${mapping.fileSizeNumber}: the store is damaged`,
        );
      }
      this.#verify(descriptor, path, hash, origin);
      return body(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The same, for copying. */
  copy(mapping: MappingView, hash: string): CopyStored {
    return (write) =>
      this.use(mapping, hash, (descriptor) => {
        for (const { piece, offset } of dataPieces(descriptor, mapping.fileSizeNumber)) write(piece, offset);
      });
  }

  /** @throws EngineError STORE_FILE_MISSING, STORE_FILE_CHANGED */
  #open(path: string, hash: string, origin: string): number {
    try {
      return openStoredFile(this.#directory, hash);
    } catch (cause) {
      if (cause instanceof NotRegularError) {
        throw new EngineError(
          'STORE_FILE_CHANGED',
          `${path}, the stored content of ${origin}, is not a regular file: the store is damaged`,
          { cause },
        );
      }
      const { code } = cause as NodeJS.ErrnoException;
      throw new EngineError(
        'STORE_FILE_MISSING',
        `cannot open ${path}, the stored content of ${origin}: ${code}; without it the trace cannot be replayed`,
        { cause },
      );
    }
  }

  /**
   * Compares the content with its hash, once for each identity of the file, which any later change to it changes, too.
   * @throws EngineError STORE_FILE_CHANGED
   */
  #verify(descriptor: number, path: string, hash: string, origin: string): void {
    const status = fstatSync(descriptor, { bigint: true });
    if (this.#verified.has(hash, status)) return;
    if (!hasContent(descriptor, Number(status.size), hash)) {
      throw new EngineError(
        'STORE_FILE_CHANGED',
        `${path}, the stored content of ${origin}, is not what was stored: its hash differs; remove it and record again`,
      );
    }
    this.#verified.add(hash, status);
  }
}

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { MappingView } from '../generated/schema.ts';
import { NotRegularError, openStoredFile } from '../trace/folder.ts';
import { VerifiedFiles } from '../trace/verified-files.ts';
import { primitives } from './primitives.ts';
import type { CopyStored } from './shared-files.ts';

const pieceSize = 1 << 20;

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
    const path = join(this.#directory, hash.slice(0, 2), hash.slice(2));
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
        // Holes stay holes: the file may be larger than memory.
        forEachPiece(descriptor, mapping.fileSizeNumber, (piece, offset, isHole) => {
          if (!isHole) write(piece, offset);
        });
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
   * Compares the content with its SHA-256, once for each identity of the file, which any later change to it changes, too.
   * @throws EngineError STORE_FILE_CHANGED
   */
  #verify(descriptor: number, path: string, hash: string, origin: string): void {
    const status = fstatSync(descriptor, { bigint: true });
    if (this.#verified.has(hash, status)) return;
    const digest = createHash('sha256');
    forEachPiece(descriptor, Number(status.size), (piece) => digest.update(piece));
    if (digest.digest('hex') !== hash) {
      throw new EngineError(
        'STORE_FILE_CHANGED',
        `${path}, the stored content of ${origin}, is not what was stored: its SHA-256 differs; remove it and record again`,
      );
    }
    this.#verified.add(hash, status);
  }
}

/** The content in pieces of at most `pieceSize` bytes; those of a hole are not read, since the kernel would keep them. */
function forEachPiece(
  descriptor: number,
  size: number,
  visit: (piece: Uint8Array, offset: number, isHole: boolean) => void,
): void {
  const piece = Buffer.alloc(Math.min(pieceSize, size));
  const zeros = Buffer.alloc(piece.length);
  for (let offset = 0; offset < size; ) {
    const data = primitives().nextData(descriptor, offset);
    const hole = Math.min(data < 0 ? size : data, offset + zeros.length, size) - offset;
    const count = hole > 0 ? hole : readSync(descriptor, piece, 0, piece.length, offset);
    if (count === 0) return;
    visit(hole > 0 ? zeros.subarray(0, hole) : piece.subarray(0, count), offset, hole > 0);
    offset += count;
  }
}

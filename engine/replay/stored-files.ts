import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import type { MappingView } from '../generated/schema.ts';
import type { CopyStored } from './shared-files.ts';

const pieceSize = 1 << 20;

/** The store's files, as far as the replay needs them. */
export class StoredFiles {
  private readonly pathOf: (hash: string) => string;

  /** @param pathOf path of the stored file with that SHA-256, in hexadecimal */
  constructor(pathOf: (hash: string) => string) {
    this.pathOf = pathOf;
  }

  /**
   * Lends `body` a descriptor of the file that the mapping names.
   * @throws EngineError STORE_FILE_MISSING, STORE_FILE_CHANGED
   */
  use<T>(mapping: MappingView, hash: string, body: (descriptor: number) => T): T {
    const path = this.pathOf(hash);
    const origin = Buffer.from(mapping.payload).toString();
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new EngineError(
        'STORE_FILE_MISSING',
        `cannot open ${path}, the stored content of ${origin}: ${code}; without it the trace cannot be replayed`,
        { cause },
      );
    }
    try {
      const { size } = fstatSync(descriptor);
      if (size !== mapping.fileSizeNumber) {
        throw new EngineError(
          'STORE_FILE_CHANGED',
          `${path}, the stored content of ${origin}, has ${size} bytes instead of ${mapping.fileSizeNumber}: the store is damaged`,
        );
      }
      return body(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The same, for copying. */
  copy(mapping: MappingView, hash: string): CopyStored {
    return (write) =>
      this.use(mapping, hash, (descriptor) => {
        const piece = Buffer.alloc(Math.min(pieceSize, Math.max(1, mapping.fileSizeNumber)));
        for (let offset = 0; ; ) {
          const count = readSync(descriptor, piece, 0, piece.length, offset);
          if (count === 0) return;
          write(piece.subarray(0, count), offset);
          offset += count;
        }
      });
  }
}

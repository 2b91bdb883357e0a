import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import type { MappingView } from '../generated/schema.ts';
import { logger } from '../log.ts';
import { primitives } from './primitives.ts';
import type { CopyStored } from './shared-files.ts';

const log = logger('store');

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
      verifyContent(descriptor, path, hash, origin);
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

/**
 * Compares the content with its SHA-256, once: a stamp beside the file holds the identity that it had then, which any
 * later change to it changes, too.
 * @throws EngineError STORE_FILE_CHANGED
 */
function verifyContent(descriptor: number, path: string, hash: string, origin: string): void {
  const { ino, size, mtimeNs, ctimeNs } = fstatSync(descriptor, { bigint: true });
  const identity = `${ino}-${size}-${mtimeNs}-${ctimeNs}\n`;
  const stamp = `${path}.verified`;
  if (readStamp(stamp) === identity) return;
  const digest = createHash('sha256');
  forEachPiece(descriptor, Number(size), (piece) => digest.update(piece));
  if (digest.digest('hex') !== hash) {
    throw new EngineError(
      'STORE_FILE_CHANGED',
      `${path}, the stored content of ${origin}, is not what was stored: its SHA-256 differs; remove it and record again`,
    );
  }
  try {
    writeFileSync(stamp, identity, { mode: 0o644 });
  } catch (error) {
    // A store that belongs to another user, or a read-only medium: it is verified again the next time.
    log.debug(() => `no stamp beside ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    log.debug(() => `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`);
    return undefined;
  }
}

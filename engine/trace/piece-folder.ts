/** The files of a store's pieces: what is done with one is one call of the addon, since a recording meets thousands. */
import { loadAddon } from '../addon.ts';
import { type Folder, NotRegularError } from './folder.ts';
import { maxPieceFileBytes } from './piece-file.ts';

/** As native/store/store-napi.cc exports them. Hashes are 64 hexadecimal digits. */
interface PieceFunctions {
  hashBytes(bytes: Uint8Array, position: number, length: number, hashes: Uint8Array, index: number): boolean;
  readPiece(pieces: number, hash: string, into: Uint8Array, rights: Uint32Array): number;
  putPiece(root: number, temporary: string, pieces: number, hash: string, bytes: Uint8Array, rights: number): void;
  settlePiece(pieces: number, hash: string, mark: number, sync: boolean): void;
}

/**
 * Puts the SHA-256 of `length` bytes at `position` to the place of that index in `hashes`.
 * @returns false for nothing but zeros, which get no hash
 */
export function hashPiece(
  bytes: Uint8Array,
  position: number,
  length: number,
  hashes: Uint8Array,
  index: number,
): boolean {
  return loadAddon<PieceFunctions>().hashBytes(bytes, position, length, hashes, index);
}

/** What is in the file of a piece. */
export interface FoundPiece {
  /** Good until the next one is read; longer than a piece's file may be where this one is. */
  readonly file: Buffer;
  readonly rights: number;
}

export class PieceFolder {
  readonly #addon = loadAddon<PieceFunctions>();
  readonly #pieces: Folder;
  readonly #file = Buffer.alloc(maxPieceFileBytes + 1);
  readonly #rights = new Uint32Array(1);

  /** @param pieces the store's folder of pieces, the caller's: it closes it */
  constructor(pieces: Folder) {
    this.#pieces = pieces;
  }

  /** Undefined where there is none. @throws NodeJS.ErrnoException, NotRegularError */
  read(hash: string): FoundPiece | undefined {
    try {
      const length = this.#addon.readPiece(this.#pieces.descriptor, hash, this.#file, this.#rights);
      return length < 0 ? undefined : { file: this.#file.subarray(0, length), rights: this.#rights[0]! };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EMEDIUMTYPE') throw new NotRegularError('not a regular file');
      throw error;
    }
  }

  /**
   * Puts a file in the place of what may be there. It need not be on the disk then.
   * @param root the store's directory, for the file while it is written, with the name `temporary`
   * @throws NodeJS.ErrnoException
   */
  put(root: Folder, temporary: string, hash: string, file: Uint8Array, rights: number): void {
    this.#addon.putPiece(root.descriptor, temporary, this.#pieces.descriptor, hash, file, rights);
  }

  /**
   * Takes `mark` from the rights of a piece, with `sync` when it is on the disk. Another user's keeps them.
   * @throws NodeJS.ErrnoException
   */
  settle(hash: string, mark: number, sync: boolean): void {
    this.#addon.settlePiece(this.#pieces.descriptor, hash, mark, sync);
  }
}

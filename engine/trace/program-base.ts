/** The base of a program's recordings in a store that is private: the same pieces serve the next recording of it. */
import { readCatalogue, writeCatalogue } from './base-catalogue.ts';
import type { BasePiece } from './chunk-base.ts';
import type { PieceWriter } from './piece-writer.ts';

export class ProgramBase {
  readonly #writer: PieceWriter;
  readonly #program: string;

  /** @param program that is recorded */
  constructor(writer: PieceWriter, program: string) {
    this.#writer = writer;
    this.#program = program;
  }

  /** Those that the store has; undefined where others may read what a chunk holds, or the store fails. */
  pieces(): BasePiece[] | undefined {
    return this.#writer.attempt(() => {
      if (!this.#writer.isPrivate) return undefined;
      return readCatalogue(this.#writer.root, this.#program).flatMap((hash) => {
        const content = this.#writer.fetch(hash);
        return content === undefined ? [] : [{ hash, content: Uint8Array.from(content) }];
      });
    });
  }

  /** Keeps another piece; undefined where the store fails. */
  keep(content: Uint8Array): BasePiece | undefined {
    return this.#writer.attempt(() => ({ hash: this.#writer.keep(content), content }));
  }

  /** The next recording is given these. @param hashes one behind the other */
  save(hashes: Uint8Array): void {
    this.#writer.attempt(() => writeCatalogue(this.#writer.root, this.#program, hashes));
  }
}

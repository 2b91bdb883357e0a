/** Reads pieces of a store for a trace that refers to them. */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { readWhole } from '../whole-io.ts';
import { Folder, NotRegularError } from './folder.ts';
import { checkedPiece, maxPieceFileBytes } from './piece-file.ts';
import { PieceFolder } from './piece-folder.ts';
import { blobPath, piecesFolder } from './store-layout.ts';
import { openBlob } from './stored-blob.ts';
import { systemReason, TraceError } from './trace-error.ts';

/** Content that is kept for the next reference to it: a recording reads the same again and again. Bytes. */
const mostKept = 8 << 20;

export class PieceReader implements Disposable {
  readonly #store: string;
  /** Of what is read aside. */
  #file: Buffer | undefined;
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;
  #root: Folder | undefined;
  #folder: Folder | undefined;
  #pieces: PieceFolder | undefined;

  /** @param store its directory, as the trace's header names it: neither it nor what is in it is trusted */
  constructor(store: string) {
    this.#store = store;
  }

  /** @param hash of the content, 64 hexadecimal digits. @throws TraceError STORE_FILE_MISSING, STORE_FILE_CHANGED */
  read(hash: string): Uint8Array {
    const kept = this.#kept.get(hash);
    if (kept !== undefined) return kept;
    const content = checkedPiece(this.#readFile(hash), hash);
    if (content === undefined) {
      const what = 'it is not what was stored: its hash differs; `rr store verify --repair` sets it aside';
      throw new TraceError('STORE_FILE_CHANGED', this.#path(hash), what);
    }
    if (this.#keptBytes + content.length > mostKept) {
      this.#kept.clear();
      this.#keptBytes = 0;
    }
    this.#kept.set(hash, content);
    this.#keptBytes += content.length;
    return content;
  }

  [Symbol.dispose](): void {
    this.#folder?.[Symbol.dispose]();
    this.#root?.[Symbol.dispose]();
    this.#root = this.#folder = this.#pieces = undefined;
  }

  /** Good until the next one is read. */
  #readFile(hash: string): Buffer {
    try {
      return this.#readInPlace(hash) ?? this.#readWherever(hash);
    } catch (cause) {
      if (cause instanceof NotRegularError) {
        throw new TraceError('STORE_FILE_CHANGED', this.#path(hash), 'it is no regular file', { cause });
      }
      const what = `cannot read it: ${systemReason(cause)}; without it the trace cannot be replayed`;
      throw new TraceError('STORE_FILE_MISSING', this.#path(hash), what, { cause });
    }
  }

  #readInPlace(hash: string): Buffer | undefined {
    this.#root ??= Folder.open(this.#store);
    if (this.#pieces === undefined) {
      this.#folder = this.#root.folderIfThere(piecesFolder);
      if (this.#folder === undefined) return undefined;
      this.#pieces = new PieceFolder(this.#folder);
    }
    return this.#pieces.read(hash)?.file;
  }

  /** A collection of garbage may have put it aside for a moment. */
  #readWherever(hash: string): Buffer {
    const descriptor = openBlob(this.#root!, { hash, kind: 'piece' });
    try {
      this.#file ??= Buffer.alloc(maxPieceFileBytes + 1);
      return this.#file.subarray(0, readWhole(descriptor, this.#file, 0));
    } finally {
      closeSync(descriptor);
    }
  }

  #path(hash: string): string {
    return join(this.#store, blobPath({ hash, kind: 'piece' }));
  }
}

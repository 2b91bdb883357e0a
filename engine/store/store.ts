/**
 * A store as a whole: what it holds, and its content by name. Any number of processes may use one at once, and their
 * users may not trust each other: no link is followed, and content is compared with its name before it is used.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fstatSync, fsyncSync, ftruncateSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { Folder, NotRegularError } from '../trace/folder.ts';
import { checkedPiece, encodePiece, maxPieceBytes, maxPieceFileBytes } from '../trace/piece-file.ts';
import {
  asideFolder,
  asideName,
  type BlobKind,
  type BlobReference,
  blobPath,
  isContentFolder,
  isContentName,
  piecesFolder,
  placeOf,
  temporaryEnd,
  tornFolder,
} from '../trace/store-layout.ts';
import { openBlob } from '../trace/stored-blob.ts';
import { systemReason } from '../trace/trace-error.ts';
import { readWhole, writeWhole } from '../whole-io.ts';
import { hasContent, isZero, pieceSize } from './file-content.ts';

/** Bytes that are handed on at once. */
const portion = pieceSize;

export interface StoredBlob extends BlobReference {
  /** Bytes of its file. */
  readonly size: number;
  /** When its file was written. */
  readonly modified: Date;
}

/** Content from elsewhere, portion by portion. */
export type ContentSource = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export class Store implements Disposable {
  readonly directory: string;
  readonly #root: Folder;

  private constructor(root: Folder) {
    this.directory = root.path;
    this.#root = root;
  }

  /** @throws EngineError STORE_MISSING */
  static open(directory: string): Store {
    try {
      return new Store(Folder.open(directory));
    } catch (cause) {
      const what = `cannot open the store ${directory}: ${systemReason(cause)}`;
      throw new EngineError('STORE_MISSING', what, { cause });
    }
  }

  /** All that is there, in no order; what has another name is left out. @throws EngineError STORE_UNREADABLE */
  *list(): Generator<StoredBlob> {
    yield* this.#listIn(this.#root, 'file');
    using pieces = this.#root.folderIfThere(piecesFolder);
    if (pieces) yield* this.#listIn(pieces, 'piece');
  }

  /** Whether there is a file of that name; its content is not looked at. */
  has(blob: BlobReference): boolean {
    return this.size(blob) !== undefined;
  }

  /** Bytes of the blob's file; undefined when there is none. */
  size(blob: BlobReference): number | undefined {
    const status = this.#within(blob, (folder, name) => folder.status(name));
    return status?.isFile() ? status.size : undefined;
  }

  /**
   * The content of a blob, portion by portion. It is right only if this ends without an error: of a file all is read
   * before the first portion is given, so that nobody uses what is wrong.
   * @throws EngineError STORE_FILE_MISSING, STORE_FILE_CHANGED
   */
  *read(blob: BlobReference): Generator<Uint8Array> {
    if (blob.kind === 'piece') {
      yield this.#readPiece(blob);
      return;
    }
    const descriptor = this.openFile(blob);
    try {
      const { size } = fstatSync(descriptor);
      if (!hasContent(descriptor, size, blob.hash)) throw this.#changed(blob);
      for (let done = 0; done < size; ) {
        const bytes = Buffer.allocUnsafe(Math.min(portion, size - done));
        const count = readSync(descriptor, bytes, 0, bytes.length, done);
        if (count === 0) throw this.#changed(blob);
        yield bytes.subarray(0, count);
        done += count;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** The same of a blob that is small, or that fits into memory, at once. */
  readWhole(blob: BlobReference): Buffer {
    return Buffer.concat([...this.read(blob)]);
  }

  /** A descriptor of the blob's own file, the caller's; the content is not compared. @throws EngineError STORE_FILE_MISSING */
  openFile(blob: BlobReference): number {
    try {
      return openBlob(this.#root, blob);
    } catch (cause) {
      if (cause instanceof NotRegularError) throw this.#changed(blob, cause);
      throw this.#missing(blob, cause);
    }
  }

  /** What is wrong with a blob: nothing, it is not there, or it is not what its name says. */
  check(blob: BlobReference): 'right' | 'missing' | 'changed' {
    try {
      if (blob.kind === 'piece') this.#readPiece(blob);
      else {
        const descriptor = this.openFile(blob);
        try {
          if (!hasContent(descriptor, fstatSync(descriptor).size, blob.hash)) return 'changed';
        } finally {
          closeSync(descriptor);
        }
      }
      return 'right';
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return error.code === 'STORE_FILE_MISSING' ? 'missing' : 'changed';
    }
  }

  /**
   * Keeps content under its name: it is on the disk when this returns. What is there already is put again only where it
   * is wrong. `mode`: rights of the file.
   * @throws EngineError STORE_UNWRITABLE; STORE_CONTENT_WRONG when it is not what the name says: nothing is kept then
   */
  async put(blob: BlobReference, content: ContentSource, mode = 0o400): Promise<void> {
    if (this.check(blob) === 'right') return;
    const temporary = `${randomBytes(16).toString('hex')}${temporaryEnd}`;
    try {
      const descriptor = this.#root.openFile(temporary, 'createReadable');
      try {
        await (blob.kind === 'piece' ? writePiece : writeFile)(descriptor, blob, content);
        fchmodSync(descriptor, mode | 0o400);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      this.#place(blob, (folder, name) => this.#root.moveTo(temporary, folder, name));
    } catch (cause) {
      this.#root.removeIfThere(temporary);
      if (cause instanceof EngineError) throw cause;
      throw this.#unwritable(cause);
    }
  }

  /** Puts a blob where readers find it and recordings do not. False when it has gone. @throws EngineError STORE_UNWRITABLE */
  putAside(blob: BlobReference): boolean {
    return this.#move(blob, asideFolder);
  }

  /** The same for one that is wrong: nobody finds it any more. @throws EngineError STORE_UNWRITABLE */
  setTorn(blob: BlobReference): boolean {
    return this.#move(blob, tornFolder);
  }

  /** What was put aside, also by a collection of garbage that was killed. */
  listAside(): StoredBlob[] {
    using folder = this.#root.folderIfThere(asideFolder);
    return (folder?.names() ?? []).flatMap((name) => {
      const [, kind, hash] = /^(file|piece)-([0-9a-f]{64})$/.exec(name) ?? [];
      const status = hash === undefined ? undefined : folder!.status(name);
      return status?.isFile()
        ? [{ hash: hash!, kind: kind as BlobKind, size: status.size, modified: status.mtime }]
        : [];
    });
  }

  /** Gives a blob its place again, unless a recording has put another there. @throws EngineError STORE_UNWRITABLE */
  putBack(blob: BlobReference): void {
    this.#writing(() => {
      using aside = this.#root.folder(asideFolder);
      if (this.has(blob)) aside.removeIfThere(asideName(blob));
      else this.#place(blob, (folder, name) => aside.moveTo(asideName(blob), folder, name));
    });
  }

  /** Removes what was put aside. @throws EngineError STORE_UNWRITABLE */
  removeAside(blob: BlobReference): void {
    this.#writing(() => {
      using aside = this.#root.folder(asideFolder);
      aside.removeIfThere(asideName(blob));
    });
  }

  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }

  #place(blob: BlobReference, move: (folder: Folder, name: string) => void): void {
    const place = placeOf(blob.hash);
    using above = blob.kind === 'piece' ? this.#root.madeFolder(piecesFolder) : undefined;
    using folder = (above ?? this.#root).madeFolder(place.folder);
    move(folder, place.name);
    folder.sync();
  }

  #move(blob: BlobReference, to: string): boolean {
    return this.#writing(() => {
      using target = this.#root.madeFolder(to);
      try {
        const moved = this.#within(blob, (folder, name) => {
          folder.moveTo(name, target, asideName(blob));
          return true;
        });
        return moved === true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    });
  }

  #writing<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (cause) {
      throw this.#unwritable(cause);
    }
  }

  #unwritable(cause: unknown): EngineError {
    const what = `cannot write to the store ${this.directory}: ${systemReason(cause)}`;
    return new EngineError('STORE_UNWRITABLE', what, { cause });
  }

  #readPiece(blob: BlobReference): Uint8Array {
    const descriptor = this.openFile(blob);
    try {
      const { size } = fstatSync(descriptor);
      const bytes = Buffer.alloc(Math.min(size, maxPieceFileBytes + 1));
      const count = readWhole(descriptor, bytes, 0);
      const content = count === size ? checkedPiece(bytes, blob.hash) : undefined;
      if (content === undefined) throw this.#changed(blob);
      return content;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Runs `body` with the folder that a blob would lie in; undefined when there is none. */
  #within<Result>(blob: BlobReference, body: (folder: Folder, name: string) => Result): Result | undefined {
    const place = placeOf(blob.hash);
    using above = blob.kind === 'piece' ? this.#root.folderIfThere(piecesFolder) : undefined;
    if (blob.kind === 'piece' && above === undefined) return undefined;
    using folder = (above ?? this.#root).folderIfThere(place.folder);
    return folder && body(folder, place.name);
  }

  *#listIn(parent: Folder, kind: BlobKind): Generator<StoredBlob> {
    try {
      for (const folderName of parent.names().filter(isContentFolder)) {
        using folder = parent.folderIfThere(folderName);
        for (const name of folder?.names().filter(isContentName) ?? []) {
          const status: Stats | undefined = folder!.status(name);
          if (!status?.isFile()) continue;
          yield { hash: folderName + name, kind, size: status.size, modified: status.mtime };
        }
      }
    } catch (cause) {
      const what = `cannot list the store ${this.directory}: ${systemReason(cause)}`;
      throw new EngineError('STORE_UNREADABLE', what, { cause });
    }
  }

  #path(blob: BlobReference): string {
    return join(this.directory, blobPath(blob));
  }

  #missing(blob: BlobReference, cause: unknown): EngineError {
    const what = `cannot open ${this.#path(blob)}: ${systemReason(cause)}`;
    return new EngineError('STORE_FILE_MISSING', what, { cause });
  }

  #changed(blob: BlobReference, cause?: unknown): EngineError {
    const what = `${this.#path(blob)} is not what was stored: its hash differs; \`rr store verify --repair\` sets it aside`;
    return new EngineError('STORE_FILE_CHANGED', what, { cause });
  }
}

function wrong(blob: BlobReference): EngineError {
  return new EngineError('STORE_CONTENT_WRONG', `what came for ${blob.hash} has another hash: it is not stored`);
}

/** @throws EngineError STORE_CONTENT_WRONG, NodeJS.ErrnoException */
async function writePiece(descriptor: number, blob: BlobReference, source: ContentSource): Promise<void> {
  const portions: Uint8Array[] = [];
  let size = 0;
  for await (const each of source) {
    size += each.length;
    if (size > maxPieceBytes) throw wrong(blob);
    portions.push(each);
  }
  const file = size === 0 ? undefined : encodePiece(Buffer.concat(portions), 'fast');
  if (file === undefined || checkedPiece(file, blob.hash) === undefined) throw wrong(blob);
  writeWhole(descriptor, file);
}

/** Whole MiB of zeros become holes. @throws EngineError STORE_CONTENT_WRONG, NodeJS.ErrnoException */
async function writeFile(descriptor: number, blob: BlobReference, source: ContentSource): Promise<void> {
  const pending = Buffer.alloc(portion);
  let filled = 0;
  let size = 0;
  const flush = (): void => {
    const bytes = pending.subarray(0, filled);
    const start = size - filled;
    if (!isZero(bytes)) writeWhole(descriptor, bytes, start);
    filled = 0;
  };
  for await (const each of source) {
    for (let done = 0; done < each.length; ) {
      const count = Math.min(portion - filled, each.length - done);
      pending.set(each.subarray(done, done + count), filled);
      filled += count;
      size += count;
      done += count;
      if (filled === portion) flush();
    }
  }
  if (filled > 0) flush();
  ftruncateSync(descriptor, size);
  if (!hasContent(descriptor, size, blob.hash)) throw wrong(blob);
}

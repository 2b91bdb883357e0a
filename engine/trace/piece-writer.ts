/**
 * Puts pieces of what programs read into the store, each content once. What is read from files that everybody may read
 * is put when it is first met; anything else when it is met again, by this recording or another: most of it never comes
 * back.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { writeWhole } from '../whole-io.ts';
import type { Compression } from './codec.ts';
import { Folder, NotRegularError } from './folder.ts';
import { MetContent } from './met-content.ts';
import { checkedPiece, decodePiece, encodePiece } from './piece-file.ts';
import { hashPiece, PieceFolder } from './piece-folder.ts';
import type { Candidate } from './slot-pieces.ts';
import { hashBytes, hashOf, piecesFolder, temporaryEnd } from './store-layout.ts';
import { systemReason } from './trace-error.ts';

/** Where a recording puts pieces; plain data. */
export interface PieceStore {
  /** The store's directory, which is there. */
  readonly directory: string;
  /** The file that tells the store what this recording refers to (docs/trace-format.md, "What a store is referred to by"). */
  readonly registration: string | undefined;
}

export interface PieceStatistics {
  /** References made, and the bytes that they stand for. */
  references: number;
  referencedBytes: number;
  /** Pieces that were put, and the bytes of their files. */
  puts: number;
  putBytes: number;
  /** Why no more pieces are put. */
  problem?: string;
}

/** The rights of a piece that may not be on the disk yet have this bit. */
const isVolatile = 0o200;
/** From so many new pieces on all of the file system is synchronised at once: each takes a write of its journal. */
const fewPieces = 4;
/** Hashes of content that was met once. Beyond that it is forgotten. */
const mostMet = 1 << 18;

export class PieceWriter {
  readonly statistics: PieceStatistics = { references: 0, referencedBytes: 0, puts: 0, putBytes: 0 };
  readonly #memory: Uint8Array;
  readonly #compression: Compression;
  readonly #store: PieceStore;
  readonly #temporary = randomBytes(16).toString('hex');
  /** Hashes, as latin1, of what the store has. */
  readonly #known = new Set<string>();
  /** What was met once, by this recording; and by others, in a store that is private. */
  #met = new Set<string>();
  #metByAll: MetContent | undefined;
  /** Names of pieces that are referred to and may not be on the disk yet. */
  readonly #volatile = new Set<string>();
  #root: Folder | undefined;
  #folder: Folder | undefined;
  #pieces: PieceFolder | undefined;
  #registration: number | undefined;
  #rights = 0;
  #isPrivate = false;

  constructor(store: PieceStore, memory: Uint8Array, compression: Compression) {
    this.#store = store;
    this.#memory = memory;
    this.#compression = compression;
  }

  /** SHA-256 of those candidates that the store has now. Once the store fails, it is left alone. */
  place(candidates: readonly Candidate[]): readonly (Uint8Array | undefined)[] {
    const placed = this.attempt(() => {
      this.#open();
      const hashes = this.#hash(candidates);
      this.#announce(candidates, hashes);
      return candidates.map((candidate, index) => {
        const hash = hashes[index];
        if (hash === undefined || !this.#isPlaced(candidate, hash)) return undefined;
        this.statistics.references += 1;
        this.statistics.referencedBytes += candidate.length;
        return hash;
      });
    });
    return placed ?? candidates.map(() => undefined);
  }

  /** Does something with the store, unless that has failed; undefined when it fails, and from then on. */
  attempt<Result>(body: () => Result): Result | undefined {
    if (this.statistics.problem !== undefined) return undefined;
    try {
      return body();
    } catch (error) {
      const isExpected = (error as NodeJS.ErrnoException).code !== undefined || error instanceof NotRegularError;
      if (!isExpected) throw error;
      this.statistics.problem = `cannot keep pieces in ${this.#store.directory}: ${systemReason(error)}`;
      return undefined;
    }
  }

  /** Others may not read the store. @throws NodeJS.ErrnoException */
  get isPrivate(): boolean {
    this.#open();
    return this.#isPrivate;
  }

  /** The store's folder: good until finish(). @throws NodeJS.ErrnoException */
  get root(): Folder {
    this.#open();
    return this.#root!;
  }

  /** The content of a piece that the recording may refer to from now on; undefined where the store has none that is right. */
  fetch(hash: Buffer): Uint8Array | undefined {
    this.#open();
    if (!this.#known.has(hash.toString('latin1'))) this.#tell([hash]);
    return this.#contentOf(hash.toString('hex'), (file, name) => checkedPiece(file, name));
  }

  /** Keeps content, and tells that the recording may refer to it; its hash. @throws NodeJS.ErrnoException */
  keep(content: Uint8Array): Buffer {
    this.#open();
    const name = hashOf(content);
    const hash = Buffer.from(name, 'hex');
    const key = hash.toString('latin1');
    if (this.#known.has(key)) return hash;
    this.#tell([hash]);
    if (!this.#holds(name, content)) this.#put(name, content);
    this.#known.add(key);
    return hash;
  }

  /** What was referred to is on the disk when this returns. @throws NodeJS.ErrnoException */
  finish(): void {
    try {
      this.attempt(() => this.#root && this.#metByAll?.save(this.#root));
      if (this.#volatile.size === 0 || this.#pieces === undefined) return;
      const isFew = this.#volatile.size <= fewPieces;
      if (!isFew) this.#folder!.syncFileSystem();
      for (const name of this.#volatile) this.#pieces.settle(name, isVolatile, isFew);
      this.#volatile.clear();
    } finally {
      if (this.#registration !== undefined) closeSync(this.#registration);
      this.#folder?.[Symbol.dispose]();
      this.#root?.[Symbol.dispose]();
      this.#registration = this.#pieces = this.#folder = this.#root = undefined;
    }
  }

  #open(): void {
    if (this.#pieces !== undefined) return;
    this.#root = Folder.open(this.#store.directory);
    this.#folder = this.#root.madeFolder(piecesFolder);
    this.#pieces = new PieceFolder(this.#folder);
    const { mode } = this.#root.status()!;
    this.#rights = 0o400 | (mode & 0o044);
    this.#isPrivate = (mode & 0o077) === 0;
    if (this.#store.registration !== undefined) {
      const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
      this.#registration = openSync(this.#store.registration, O_WRONLY | O_APPEND | O_NOFOLLOW);
    }
  }

  /** Undefined for nothing but zeros, which take no room in a trace. */
  #hash(candidates: readonly Candidate[]): (Buffer | undefined)[] {
    const all = Buffer.alloc(candidates.length * hashBytes);
    return candidates.map(({ position, length }, index) => {
      if (!hashPiece(this.#memory, position, length, all, index)) return undefined;
      return all.subarray(index * hashBytes, (index + 1) * hashBytes);
    });
  }

  /** A collection of garbage reads there what it must leave, before and after it takes something away. */
  #announce(candidates: readonly Candidate[], hashes: readonly (Buffer | undefined)[]): void {
    if (this.#registration === undefined) return;
    const fresh = new Map<string, Buffer>();
    for (const [index, hash] of hashes.entries()) {
      if (hash === undefined) continue;
      const key = hash.toString('latin1');
      if (!this.#known.has(key) && this.#mayRefer(candidates[index]!)) fresh.set(key, hash);
    }
    if (fresh.size > 0) this.#tell([...fresh.values()]);
  }

  #tell(hashes: readonly Buffer[]): void {
    if (this.#registration !== undefined) writeWhole(this.#registration, Buffer.concat(hashes));
  }

  /** Others may read a store that is not private: what is not known to be everybody's has no place there. */
  #mayRefer({ isFromFile }: Candidate): boolean {
    return isFromFile || this.#isPrivate;
  }

  /** Whether the store has the content, or has it now. */
  #isPlaced(candidate: Candidate, hash: Buffer): boolean {
    const key = hash.toString('latin1');
    if (this.#known.has(key)) return true;
    if (!this.#mayRefer(candidate)) return false;
    const content = this.#memory.subarray(candidate.position, candidate.position + candidate.length);
    const name = hash.toString('hex');
    const isMetAgain = this.#met.has(key);
    if (isMetAgain || !this.#holds(name, content)) {
      if (!candidate.isFromFile && !isMetAgain && !this.#meet(key, hash)) return false;
      this.#put(name, content);
    }
    this.#known.add(key);
    return true;
  }

  /** Whether another recording has met the content before. */
  #meet(key: string, hash: Buffer): boolean {
    if (this.#met.size >= mostMet) this.#met = new Set();
    this.#met.add(key);
    this.#metByAll ??= MetContent.read(this.#root!);
    return this.#metByAll.meet(hash);
  }

  /** Whether the store has just that. */
  #holds(name: string, content: Uint8Array): boolean {
    const check = (file: Buffer): Uint8Array | undefined => {
      const found = decodePiece(file);
      return found !== undefined && Buffer.compare(found, content) === 0 ? found : undefined;
    };
    return this.#contentOf(name, check) !== undefined;
  }

  /** What the store has under a name, where `check` takes its file for right. */
  #contentOf(name: string, check: (file: Buffer, name: string) => Uint8Array | undefined): Uint8Array | undefined {
    try {
      const piece = this.#pieces!.read(name);
      if (piece === undefined) return undefined;
      const found = check(piece.file, name);
      if (found === undefined) return undefined;
      if ((piece.rights & isVolatile) !== 0) this.#volatile.add(name);
      return found;
    } catch (error) {
      // What is there cannot be used: another is put in its place.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || error instanceof NotRegularError) return undefined;
      throw error;
    }
  }

  #put(name: string, content: Uint8Array): void {
    const file = encodePiece(content, this.#compression);
    const temporary = `${this.#temporary}-${this.statistics.puts}${temporaryEnd}`;
    this.#pieces!.put(this.#root!, temporary, name, file, this.#rights | isVolatile);
    this.#volatile.add(name);
    this.statistics.puts += 1;
    this.statistics.putBytes += file.length;
  }
}

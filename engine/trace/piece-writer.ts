/**
 * Puts pieces of what programs read into the store, each content once. What is read from files that everybody may read
 * is put when it is first met; anything else when it is met again: most of it never comes back.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { readWhole, writeWhole } from '../whole-io.ts';
import type { Compression } from './codec.ts';
import { Folder, NotRegularError } from './folder.ts';
import { decodePiece, encodePiece, maxPieceBytes, maxPieceFileBytes } from './piece-file.ts';
import type { Candidate } from './slot-pieces.ts';
import { piecesFolder, placeOf, temporaryEnd } from './store-layout.ts';
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

const zeros = new Uint8Array(maxPieceBytes);

export class PieceWriter {
  readonly statistics: PieceStatistics = { references: 0, referencedBytes: 0, puts: 0, putBytes: 0 };
  readonly #memory: Uint8Array;
  readonly #compression: Compression;
  readonly #store: PieceStore;
  readonly #temporary = randomBytes(16).toString('hex');
  readonly #file = Buffer.alloc(maxPieceFileBytes + 1);
  /** Hashes, as latin1, of what the store has; and of what was met once. */
  readonly #known = new Set<string>();
  #met = new Set<string>();
  /** Names of pieces that are referred to and may not be on the disk yet. */
  readonly #volatile = new Set<string>();
  #root: Folder | undefined;
  #pieces: Folder | undefined;
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
    if (this.statistics.problem !== undefined) return candidates.map(() => undefined);
    const hashes = candidates.map((candidate) => this.#hash(candidate));
    try {
      this.#open();
      this.#announce(candidates, hashes);
      return candidates.map((candidate, index) => {
        const hash = hashes[index];
        if (hash === undefined || !this.#isPlaced(candidate, hash)) return undefined;
        this.statistics.references += 1;
        this.statistics.referencedBytes += candidate.length;
        return hash;
      });
    } catch (error) {
      const isExpected = (error as NodeJS.ErrnoException).code !== undefined || error instanceof NotRegularError;
      if (!isExpected) throw error;
      this.statistics.problem = `cannot keep pieces in ${this.#store.directory}: ${systemReason(error)}`;
      return candidates.map(() => undefined);
    }
  }

  /** What was referred to is on the disk when this returns. @throws NodeJS.ErrnoException */
  finish(): void {
    try {
      if (this.#volatile.size === 0 || this.#pieces === undefined) return;
      if (this.#volatile.size > fewPieces) this.#pieces.syncFileSystem();
      for (const name of this.#volatile) this.#settle(name, this.#volatile.size <= fewPieces);
      this.#volatile.clear();
    } finally {
      if (this.#registration !== undefined) closeSync(this.#registration);
      this.#pieces?.[Symbol.dispose]();
      this.#root?.[Symbol.dispose]();
      this.#registration = this.#pieces = this.#root = undefined;
    }
  }

  #open(): void {
    if (this.#pieces !== undefined) return;
    this.#root = Folder.open(this.#store.directory);
    this.#pieces = this.#root.madeFolder(piecesFolder);
    const { mode } = this.#root.status()!;
    this.#rights = 0o400 | (mode & 0o044);
    this.#isPrivate = (mode & 0o077) === 0;
    if (this.#store.registration !== undefined) {
      const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
      this.#registration = openSync(this.#store.registration, O_WRONLY | O_APPEND | O_NOFOLLOW);
    }
  }

  /** Undefined for nothing but zeros, which take no room in a trace. */
  #hash({ position, length }: Candidate): Buffer | undefined {
    const content = this.#memory.subarray(position, position + length);
    if (content[0] === 0 && Buffer.compare(content, zeros.subarray(0, length)) === 0) return undefined;
    return createHash('sha256').update(content).digest();
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
    if (fresh.size === 0) return;
    const bytes = Buffer.concat([...fresh.values()]);
    writeWhole(this.#registration, bytes);
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
      if (!candidate.isFromFile && !isMetAgain) {
        if (this.#met.size >= mostMet) this.#met = new Set();
        this.#met.add(key);
        return false;
      }
      this.#put(name, content);
    }
    this.#known.add(key);
    return true;
  }

  /** Whether the store has just that. */
  #holds(name: string, content: Uint8Array): boolean {
    const place = placeOf(name);
    try {
      using folder = this.#pieces!.folder(place.folder);
      const descriptor = folder.openFile(place.name, 'read');
      try {
        const { mode, size } = fstatSync(descriptor);
        if (size > maxPieceFileBytes) return false;
        const file = this.#file.subarray(0, readWhole(descriptor, this.#file, 0));
        const found = decodePiece(file);
        if (found === undefined || Buffer.compare(found, content) !== 0) return false;
        if ((mode & isVolatile) !== 0) this.#volatile.add(name);
        return true;
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Not there, or what is there cannot be used: another is put in its place.
      if (code === 'ENOENT' || code === 'EACCES' || error instanceof NotRegularError) return false;
      throw error;
    }
  }

  #put(name: string, content: Uint8Array): void {
    const file = encodePiece(content, this.#compression);
    const place = placeOf(name);
    const temporary = `${this.#temporary}-${this.statistics.puts}${temporaryEnd}`;
    const descriptor = this.#root!.openFile(temporary, 'create');
    try {
      try {
        writeWhole(descriptor, file);
        if (this.#rights !== 0o400) fchmodSync(descriptor, this.#rights | isVolatile);
      } finally {
        closeSync(descriptor);
      }
      using folder = this.#pieces!.madeFolder(place.folder);
      this.#root!.moveTo(temporary, folder, place.name);
    } catch (error) {
      this.#root!.removeIfThere(temporary);
      throw error;
    }
    this.#volatile.add(name);
    this.statistics.puts += 1;
    this.statistics.putBytes += file.length;
  }

  /** Takes the mark away that it may not be on the disk, which it is, or with `sync` will be. Another user's keeps it. */
  #settle(name: string, sync: boolean): void {
    const place = placeOf(name);
    using folder = this.#pieces!.folder(place.folder);
    const descriptor = folder.openFile(place.name, 'read');
    try {
      if (sync) {
        fsyncSync(descriptor);
        folder.sync();
      }
      const { mode, uid } = fstatSync(descriptor);
      if (uid === process.geteuid?.()) fchmodSync(descriptor, mode & 0o777 & ~isVolatile);
    } finally {
      closeSync(descriptor);
    }
  }
}

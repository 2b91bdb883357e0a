/** The names in a store (docs/trace-format.md, "The store"). */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Bytes of the SHA-256 that stored files and pieces are named by. */
export const hashBytes = 32;
/** The names: 64 lower-case hexadecimal digits. */
const hashForm = /^[0-9a-f]{64}$/;

/** The name that content has. */
export function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function isHash(text: string): boolean {
  return hashForm.test(text);
}

/** Content is in a folder by its first digits, under the name of the others. */
export function placeOf(hash: string): { readonly folder: string; readonly name: string } {
  if (!isHash(hash)) throw new RangeError(`"${hash}" is no hash of a stored file`);
  return { folder: hash.slice(0, 2), name: hash.slice(2) };
}

export function isContentFolder(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

export function isContentName(name: string): boolean {
  return /^[0-9a-f]{62}$/.test(name);
}

/** Whole files, as they were when they were mapped, are in the store's own folder; pieces of what was read in this one. */
export const piecesFolder = 'pieces';
/** For each program a list of pieces that its recordings' chunks may be patches of (engine/trace/base-catalogue.ts). */
export const basesFolder = 'bases';
export const identitiesFolder = 'by-id';
/** A file for each trace that refers to the store (engine/store/registrations.ts). */
export const registrationsFolder = 'traces';
/** What a collection of garbage is about to remove, and what was found to be wrong. */
export const asideFolder = 'aside';
export const tornFolder = 'torn';
/** A file that is being written: nobody refers to it. */
export const temporaryEnd = '.tmp';

/** How content is kept: as a file that can be mapped, or compressed (engine/trace/piece-file.ts). */
export type BlobKind = 'file' | 'piece';

/** Content that a trace needs. */
export interface BlobReference {
  /** SHA-256 of the content; of a file with holes in the form that docs/trace-format.md describes. */
  readonly hash: string;
  readonly kind: BlobKind;
}

/** Where its file is in a store. */
export function blobPath({ hash, kind }: BlobReference): string {
  const { folder, name } = placeOf(hash);
  return join(kind === 'piece' ? piecesFolder : '', folder, name);
}

/** What tells it from all others. */
export function blobKey({ hash, kind }: BlobReference): string {
  return `${kind} ${hash}`;
}

/** Its name in a folder of content of both kinds. */
export function asideName({ hash, kind }: BlobReference): string {
  return `${kind}-${placeOf(hash).folder}${placeOf(hash).name}`;
}

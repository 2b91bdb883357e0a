/** What a trace that is registered with a store refers to, if it is still there. */
import { lstatSync } from 'node:fs';
import { TraceReader } from '../trace/reader.ts';
import type { BlobKind, BlobReference } from '../trace/store-layout.ts';
import { systemReason, TraceError } from '../trace/trace-error.ts';
import { UserCache } from '../trace/user-cache.ts';
import { referencesOf } from './references.ts';
import { deviceAbove, type Registration } from './registrations.ts';

/** What is known of the trace of a registration. */
export type TraceState =
  /** It has gone, or another is in its place. */
  | { readonly kind: 'gone' }
  /** It refers to these. */
  | { readonly kind: 'there'; readonly references: readonly BlobReference[] }
  /** It cannot be looked at. */
  | { readonly kind: 'unknown'; readonly reason: string };

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Looks at the trace of a registration, which is not being recorded. */
export function lookAtTrace({ name, directory, device }: Registration): TraceState {
  if (directory === undefined) return { kind: 'gone' };
  try {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
      if (device === 0 || device === deviceAbove(directory)) return { kind: 'gone' };
      return { kind: 'unknown', reason: 'it is not there, and its disk may not be mounted' };
    }
    const reader = TraceReader.open(directory);
    try {
      const wanted = uuidForm.exec(name)?.[0];
      const isAnother = wanted !== undefined && reader.header.uuid !== undefined && reader.header.uuid !== wanted;
      return isAnother ? { kind: 'gone' } : { kind: 'there', references: knownReferences(reader) };
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof TraceError)) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      if (code === 'ENOTDIR' || code === 'ENOENT') return { kind: 'gone' };
      return { kind: 'unknown', reason: systemReason(error) };
    }
    if (error.code === 'NOT_A_TRACE' || error.code === 'TRACE_NOT_FOUND') return { kind: 'gone' };
    const isUnknown = [...unknownCodes, 'TRACE_NEWER', 'TRACE_OLDER'].includes(error.code);
    return isUnknown ? { kind: 'unknown', reason: error.message } : { kind: 'there', references: [] };
  }
}

const cacheKind = 'references';
const mostCached = 4096;
const mostCachedBytes = 64 << 20;

/** Kept in the user's cache for a trace that has ended: to find them all of it is read. @throws TraceError of unknownCodes */
export function knownReferences(reader: TraceReader, cache = new UserCache()): readonly BlobReference[] {
  if (reader.end === undefined) return readAll(reader);
  const key = reader.contentKey;
  const kept = cache.read(cacheKind, key, mostCachedBytes);
  if (kept !== undefined) {
    const references = parse(kept.toString('latin1'));
    if (references !== undefined) return references;
  }
  const references = readAll(reader);
  const lines = references.map(({ kind, hash }) => `${kind} ${hash}\n`).join('');
  cache.write(cacheKind, key, Buffer.from(`${lines}end ${references.length}\n`), mostCached);
  return references;
}

function parse(text: string): BlobReference[] | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.pop() !== `end ${lines.length}`) return undefined;
  const references = lines.map((line) => /^(file|piece) ([0-9a-f]{64})$/.exec(line));
  if (references.includes(null)) return undefined;
  return references.map((found) => ({ kind: found![1] as BlobKind, hash: found![2]! }));
}

/** What else a trace refers to cannot be told: the disk may come back, and what the store has lost, too. */
const unknownCodes: readonly string[] = ['TRACE_UNREADABLE', 'STORE_FILE_MISSING', 'STORE_FILE_CHANGED'];

/** What a trace refers to that has this error is more than can be told now. */
export function isUntold(error: TraceError): boolean {
  return unknownCodes.includes(error.code);
}

/** As far as the trace can be read: nothing behind damage is ever replayed. @throws TraceError of unknownCodes */
function readAll(reader: TraceReader): BlobReference[] {
  const references: BlobReference[] = [];
  try {
    for (const each of referencesOf(reader)) references.push(each);
  } catch (error) {
    if (!(error instanceof TraceError) || isUntold(error)) throw error;
  }
  return references;
}

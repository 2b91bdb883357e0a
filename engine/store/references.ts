/** What a trace needs of the store. */
import { type MappingView, mappingSources } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';
import { type BlobReference, blobKey } from '../trace/store-layout.ts';

/** Each content once, in the order of the recording. The reader stands before the first event. @throws TraceError */
export function referencesOf(reader: TraceReader): Generator<BlobReference> {
  return once(allReferences(reader));
}

/** The same without what chunks are patches of: of its lanes once they are plain (plain-lanes.ts). @throws TraceError */
export function plainReferencesOf(reader: TraceReader): Generator<BlobReference> {
  return once(recordReferences(reader));
}

function* once(blobs: Iterable<BlobReference>): Generator<BlobReference> {
  const seen = new Set<string>();
  for (const blob of blobs) {
    const key = blobKey(blob);
    if (seen.has(key)) continue;
    seen.add(key);
    yield blob;
  }
}

function* allReferences(reader: TraceReader): Generator<BlobReference> {
  for (const hash of reader.basePieces()) yield { hash, kind: 'piece' };
  yield* recordReferences(reader);
}

function* recordReferences(reader: TraceReader): Generator<BlobReference> {
  while (reader.next()) {
    for (let mapping = reader.nextMapping(); mapping !== undefined; mapping = reader.nextMapping()) {
      const hash = storedHash(mapping);
      if (hash !== undefined) yield { hash, kind: 'file' };
    }
    for (let pieces = reader.nextDataPieces(); pieces !== undefined; pieces = reader.nextDataPieces()) {
      for (const hash of pieces) yield { hash, kind: 'piece' };
    }
  }
}

/** The hash of what is mapped; undefined where the trace itself has it. */
export function storedHash(mapping: MappingView): string | undefined {
  return mapping.source === mappingSources.store ? Buffer.from(mapping.hash).toString('hex') : undefined;
}

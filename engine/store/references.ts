/** What a trace needs of the store. */
import { type MappingView, mappingSources } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';
import type { BlobReference } from '../trace/store-layout.ts';

/** Each content once, in the order of the recording. The reader stands before the first event. @throws TraceError */
export function* referencesOf(reader: TraceReader): Generator<BlobReference> {
  const seen = new Set<string>();
  while (reader.next()) {
    for (let mapping = reader.nextMapping(); mapping !== undefined; mapping = reader.nextMapping()) {
      const hash = storedFile(mapping);
      if (hash === undefined || seen.has(hash)) continue;
      seen.add(hash);
      yield { hash, kind: 'file' };
    }
    for (let pieces = reader.nextDataPieces(); pieces !== undefined; pieces = reader.nextDataPieces()) {
      for (const hash of pieces) {
        const key = `piece ${hash}`;
        if (seen.has(key)) continue;
        seen.add(key);
        yield { hash, kind: 'piece' };
      }
    }
  }
}

function storedFile(mapping: MappingView): string | undefined {
  return mapping.source === mappingSources.store ? Buffer.from(mapping.hash).toString('hex') : undefined;
}

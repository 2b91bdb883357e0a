/** The stored files that a trace cannot be replayed without. */
import { mappingSources } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';

export interface StoredReference {
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
  /** Bytes of the file. */
  readonly size: number;
  /** As the kernel named it when it was first mapped. */
  readonly path: string;
}

/** Each content once, in the order of the recording. What lies behind damage is left out. @throws TraceError */
export function storedReferences(reader: TraceReader): StoredReference[] {
  const found = new Map<string, StoredReference>();
  reader.seek(1);
  while (reader.event < reader.lastEvent && reader.next()) {
    if (reader.frame.mappingCount === 0) continue;
    for (let view = reader.nextMapping(); view !== undefined; view = reader.nextMapping()) {
      if (view.source !== mappingSources.store) continue;
      const hash = Buffer.from(view.hash).toString('hex');
      if (found.has(hash)) continue;
      found.set(hash, { hash, size: view.fileSizeNumber, path: Buffer.from(view.payload).toString() });
    }
  }
  return [...found.values()];
}

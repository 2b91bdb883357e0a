/** The files that the programs of a recording have mapped. */
import { join } from 'node:path';
import { storedHash } from '../store/references.ts';
import type { TraceReader } from '../trace/reader.ts';
import { blobPath } from '../trace/store-layout.ts';

export interface MappedFileName {
  /** As the kernel named it when it was mapped. */
  readonly path: string;
  /** SHA-256 of the content, and where it is stored; absent where the trace itself has what was mapped. */
  readonly hash?: string;
  readonly stored?: string;
}

/** Each name once for each content, in the order of the recording. @throws TraceError */
export function* mappedFileNames(reader: TraceReader): Generator<MappedFileName> {
  const seen = new Set<string>();
  for (const mapping of reader.mappingsFrom(1)) {
    const path = Buffer.from(mapping.payload).toString();
    // What is in brackets is no file: [stack].
    if (!path.startsWith('/')) continue;
    const hash = storedHash(mapping);
    const key = `${hash ?? ''} ${path}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const stored = hash && join(reader.store, blobPath({ hash, kind: 'file' }));
    yield { path, ...(hash === undefined ? {} : { hash, stored: stored! }) };
  }
}

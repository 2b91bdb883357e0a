/** How much of a store each trace takes. */
import { blobKey } from '../trace/store-layout.ts';
import { readRegistrations } from './registrations.ts';
import type { Store } from './store.ts';
import { lookAtTrace } from './trace-state.ts';

export interface TraceSize {
  readonly directory: string;
  /** Bytes of the files that it refers to. */
  readonly bytes: number;
  /** Of these, what no other trace refers to. */
  readonly ownBytes: number;
  /** Blobs that it refers to and the store does not have. */
  readonly missing: number;
  /** Why nothing of this is known. */
  readonly problem: string | undefined;
}

/** Traces that are being recorded are left out. @throws EngineError STORE_UNREADABLE */
export function sizesByTrace(store: Store): TraceSize[] {
  const sizes = new Map<string, number>();
  for (const blob of store.list()) sizes.set(blobKey(blob), blob.size);
  const referers = new Map<string, number>();
  const traces = readRegistrations(store.directory).flatMap((registration) => {
    const state = registration.isOpen ? { kind: 'gone' as const } : lookAtTrace(registration);
    if (state.kind === 'gone') return [];
    const keys = state.kind === 'there' ? state.references.map(blobKey) : [];
    for (const key of keys) referers.set(key, (referers.get(key) ?? 0) + 1);
    return [{ directory: registration.directory!, keys, problem: state.kind === 'unknown' ? state.reason : undefined }];
  });
  const sum = (keys: readonly string[]) => keys.reduce((bytes, key) => bytes + (sizes.get(key) ?? 0), 0);
  return traces.map(({ directory, keys, problem }) => ({
    directory,
    bytes: sum(keys),
    ownBytes: sum(keys.filter((key) => referers.get(key) === 1)),
    missing: keys.filter((key) => !sizes.has(key)).length,
    problem,
  }));
}

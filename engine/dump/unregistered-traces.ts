/** Traces in the trace root that the store does not know of: recorded before traces told it of themselves. */
import { resolve } from 'node:path';
import { readRegistrations } from '../store/registrations.ts';
import { isUntold, knownReferences } from '../store/trace-state.ts';
import { TraceReader } from '../trace/reader.ts';
import type { BlobReference } from '../trace/store-layout.ts';
import { TraceError } from '../trace/trace-error.ts';
import { listTraces } from './trace-list.ts';

/** What they refer to. @throws EngineError TRACE_ROOT_UNREADABLE, STORE_UNREADABLE; TraceError (isUntold) */
export function* referencesOfUnregistered(root: string, store: string): Generator<BlobReference> {
  const registered = new Set(readRegistrations(store).map(({ directory }) => directory));
  for (const { directory, version } of listTraces(root)) {
    if (registered.has(directory) || version === undefined) continue;
    if (resolve(version.header.store) !== resolve(store)) continue;
    yield* referencesOfTrace(directory);
  }
}

function referencesOfTrace(directory: string): readonly BlobReference[] {
  try {
    const reader = TraceReader.open(directory);
    try {
      return knownReferences(reader);
    } finally {
      reader.close();
    }
  } catch (error) {
    // Nothing of it can be replayed; or it has gone meanwhile.
    if (error instanceof TraceError && !isUntold(error)) return [];
    throw error;
  }
}

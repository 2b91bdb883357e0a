/** Recordings by what is known of all of them: how long ago they began, and how large they are. */
import { listTraces, type TraceEntry } from './trace-list.ts';

export interface TraceCriteria {
  /** Milliseconds since the recording began. */
  readonly olderThan: number | undefined;
  /** Bytes. */
  readonly largerThan: number | undefined;
}

/**
 * Those of the root of which all that is given holds; by name.
 * @param force also those that have not ended, or cannot be read
 * @throws EngineError TRACE_ROOT_UNREADABLE
 */
export function tracesWith(root: string, criteria: TraceCriteria, force: boolean): TraceEntry[] {
  const { olderThan, largerThan } = criteria;
  const latest = olderThan === undefined ? Number.POSITIVE_INFINITY : Date.now() - olderThan;
  return listTraces(root).filter(
    ({ created, size, version }) =>
      created.getTime() <= latest && size > (largerThan ?? -1) && (force || version?.end !== undefined),
  );
}

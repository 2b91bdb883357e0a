import type { DataRecordView, FrameView, MappingView, TaskView } from '../generated/schema.ts';

/**
 * The events of a trace in their order, as the replay reads them. Views are reused: each is valid until the same method
 * is called again. A broken trace shows as an EngineError from any of the methods.
 */
export interface EventSource {
  /** The next event; undefined behind the last. */
  next(): FrameView | undefined;
  /** Record `index` of the current event, of as many as the frame counts. */
  data(index: number): DataRecordView;
  mapping(index: number): MappingView;
  task(index: number): TaskView;
}

import type { DataRecordView, FrameView, MappingView, TaskView } from '../generated/schema.ts';

/**
 * The events of a trace in their order, as the replay takes them; TraceReader is one. Views are reused: each is good
 * until the same method or next() is called again. A broken trace shows as an EngineError from any of the methods.
 */
export interface EventSource {
  /** The current event. */
  readonly frame: FrameView;
  /** Goes to the next event; false behind the last. */
  next(): boolean;
  /** The current event's next record; undefined behind its last. */
  nextData(): DataRecordView | undefined;
  nextMapping(): MappingView | undefined;
  nextTask(): TaskView | undefined;
}

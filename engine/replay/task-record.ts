import type { FrameView, TaskView } from '../generated/schema.ts';
import type { Replayer } from './replayer.ts';

/** The task record of that kind, which such an event has. @throws EngineError BAD_EVENT */
export function taskRecord(replayer: Replayer, frame: FrameView, kind: number): TaskView {
  for (let record = replayer.source.nextTask(); record !== undefined; record = replayer.source.nextTask()) {
    if (record.taskKind === kind) return record;
  }
  throw replayer.malformedEvent(frame, 'lacks its task record');
}

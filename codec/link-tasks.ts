// Which frame each frame is foretold from.
import * as schema from './generated/schema';
import { clearTaskTable, exchangeTask } from './task-table';
import { records, references, taskTable } from './work-area';

/**
 * Finds for each of `count` listed frames the one that it is foretold from: its task's last in this chunk, else the
 * frame before, else zeros. The frames' tids must be in place.
 */
export function linkTasks(count: u32): void {
  clearTaskTable(taskTable, count);
  for (let index: usize = 0; index < count; index++) {
    const record = load<u32>(records + (index << 2));
    const last = exchangeTask(load<u32>(<usize>record, schema.FRAME_TID), record);
    store<u32>(references + (index << 2), last != 0 ? last : load<u32>(records + (index << 2) - 4));
  }
}

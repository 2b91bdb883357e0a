/** The end of a task. */
import { dataSize, dataSpaces, type FrameView } from '../../generated/schema.ts';
import { checkWritten } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';

export function replayExit(replayer: Replayer, frame: FrameView): void {
  const task = replayer.taskOf(frame);
  // What the kernel wrote at the exit lives on where others share the memory; the task itself may be gone.
  for (let record = replayer.source.nextData(); record !== undefined; record = replayer.source.nextData()) {
    if (record.space !== dataSpaces.memory) continue;
    // Nobody else has its address space: but a mapping may be shared with other processes.
    const own = replayer.taskOf(frame, record.tid);
    const heir = otherTask(own) ?? own;
    const start = record.position + dataSize;
    const { length } = record;
    checkWritten(replayer, frame, record.addressNumber, length);
    const written = replayer.processes.writeMemory(heir.pid, record.addressNumber, record.buffer, start, length);
    if (written < length) {
      throw replayer.divergence(frame, heir, {
        expected: `memory at 0x${record.addressNumber.toString(16)}, where the kernel wrote at the exit`,
        found: 'no memory there',
      });
    }
  }
  replayer.drop(task);
}

function otherTask(task: Task): Task | undefined {
  for (const other of task.addressSpace.tasks) {
    if (other !== task) return other;
  }
  return undefined;
}

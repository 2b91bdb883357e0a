/** Names that tasks give themselves: prctl(2), PR_SET_NAME. */
import { type FrameView, registerIndex } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { callArguments } from './registers.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

const setName = 15;
/** TASK_COMM_LEN, with the zero at the end. */
const nameSize = 16;

/** A call has ended, with the frame's registers in `expected`: keeps the name that it gave the task. */
export function noteTaskName({ expected, processes }: Replayer, frame: FrameView, task: Task): void {
  if (frame.number !== syscallNumbers.prctl || expected[2 * registerIndex.rax] !== 0) return;
  const [option, address = 0] = callArguments(expected);
  if (option !== setName) return;
  const bytes = new Uint8Array(nameSize);
  const length = Math.max(0, processes.readMemory(task.pid, address, bytes, 0, nameSize));
  const end = bytes.subarray(0, length).indexOf(0);
  task.name = Buffer.from(bytes.subarray(0, end < 0 ? Math.min(length, nameSize - 1) : end)).toString('latin1');
}

import { type DataRecordView, dataSize, type FrameView, registerIndex } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { callFailed, register } from './registers.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

const pieceSize = 1 << 16;
const piece = new Uint8Array(pieceSize);
const vectorSize = 16;
/** The kernel's limit, UIO_MAXIOV. */
const vectorLimit = 1024;
/** So much does one call write at most (MAX_RW_COUNT in the kernel), bytes. */
const writeLimit = 0x7fff_f000;
/** Offsets in struct msghdr. */
const messageVectors = 16;
const messageVectorCount = 24;

/** A piece of output that the trace itself has. */
export function echoRecord(replayer: Replayer, frame: FrameView, record: DataRecordView): void {
  const start = record.position + dataSize;
  replayer.echo.write(streamOf(replayer, frame), record.buffer.subarray(start, start + record.length));
}

/** What comes before the output of an event (`-M`). */
export function echoMark(replayer: Replayer, frame: FrameView, task: Task): void {
  if (replayer.echo.quiet || callFailed(replayer.expected)) return;
  replayer.echo.mark(streamOf(replayer, frame), task.threadGroup, frame.eventNumber);
}

/** Writes again what the call wrote from the program's memory. The call's registers are in `expected`. */
export function echoMemory(replayer: Replayer, frame: FrameView, task: Task): void {
  if (replayer.echo.quiet || callFailed(replayer.expected)) return;
  echoFromMemory(replayer, frame, task);
}

function streamOf(replayer: Replayer, frame: FrameView): number {
  const { stdio } = frame;
  if (stdio === 1 || stdio === 2) return stdio;
  throw replayer.malformedEvent(frame, `writes to stream ${stdio}; there are 1 and 2`);
}

function echoFromMemory(replayer: Replayer, frame: FrameView, task: Task): void {
  const { expected } = replayer;
  const length = register(expected, registerIndex.rax);
  if (length > writeLimit)
    throw replayer.malformedEvent(frame, `writes out 0x${length.toString(16)} bytes, more than a call can`);
  const second = register(expected, registerIndex.rsi);
  switch (frame.number) {
    case syscallNumbers.write:
    case syscallNumbers.pwrite64:
    case syscallNumbers.sendto:
      echoRange(replayer, frame, task, second, length);
      return;
    case syscallNumbers.writev:
    case syscallNumbers.pwritev:
    case syscallNumbers.pwritev2:
      echoVectors(replayer, frame, task, second, register(expected, registerIndex.rdx), length);
      return;
    case syscallNumbers.sendmsg: {
      const vectors = readWord(replayer, frame, task, second + messageVectors);
      const count = readWord(replayer, frame, task, second + messageVectorCount);
      echoVectors(replayer, frame, task, vectors, count, length);
      return;
    }
    default:
    // Calls that take nothing from the program's memory come with output records, or wrote nothing.
  }
}

function echoVectors(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  vectors: number,
  count: number,
  length: number,
): void {
  let left = length;
  for (let index = 0; index < Math.min(count, vectorLimit) && left > 0; index++) {
    const start = readWord(replayer, frame, task, vectors + index * vectorSize);
    const size = Math.min(left, readWord(replayer, frame, task, vectors + index * vectorSize + 8));
    echoRange(replayer, frame, task, start, size);
    left -= size;
  }
}

function echoRange(replayer: Replayer, frame: FrameView, task: Task, start: number, length: number): void {
  for (let done = 0; done < length; ) {
    const wanted = Math.min(pieceSize, length - done);
    if (replayer.processes.readMemory(task.pid, start + done, piece, 0, wanted) !== wanted) {
      throw unreadable(replayer, frame, task, start + done, wanted);
    }
    replayer.echo.write(frame.stdio, piece.subarray(0, wanted));
    done += wanted;
  }
}

function readWord(replayer: Replayer, frame: FrameView, task: Task, address: number): number {
  if (replayer.processes.readMemory(task.pid, address, piece, 0, 8) !== 8) {
    throw unreadable(replayer, frame, task, address, 8);
  }
  const view = new DataView(piece.buffer);
  return view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000;
}

function unreadable(replayer: Replayer, frame: FrameView, task: Task, address: number, length: number): Error {
  return replayer.divergence(frame, task, {
    expected: `${length} bytes at 0x${address.toString(16)}, which the program wrote out`,
    found: 'memory that cannot be read',
  });
}

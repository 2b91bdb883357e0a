/** What leaves the program, and the strings that its calls read, are those of the recording. */
import { type DataRecordView, dataSize, type FrameView } from '../generated/schema.ts';
import { syscallName } from '../syscalls/decode.ts';
import { quote } from '../syscalls/decode-argument.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

const longestString = 4096;
const found = new Uint8Array(longestString + 1);

const hashText = (hash: number): string => `0x${hash.toString(16).padStart(8, '0')}`;

/** With the call's registers in `expected`, and its data in memory. @throws Divergence */
export function verifySent(replayer: Replayer, frame: FrameView, task: Task): void {
  if (frame.sent === 0) return;
  const [hash, length] = replayer.processes.sentHash(task.pid, frame.number, replayer.expected);
  if (hash !== frame.sent) throw sentDivergence(replayer, frame, task, frame.number, length, frame.sent, hash);
}

/** `length` is undefined where it is not known. */
export function sentDivergence(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  call: number,
  length: number | undefined,
  expected: number,
  hash: number,
): Error {
  const bytes = length === undefined ? 'bytes' : `${length} bytes`;
  return replayer.divergence(frame, task, {
    expected: `${syscallName(call)} sends ${bytes} whose hash is ${hashText(expected)}`,
    found: hash === 0 ? 'memory that cannot be read' : `other bytes: their hash is ${hashText(hash)}`,
  });
}

/** @throws Divergence */
export function verifyString(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  const start = record.position + dataSize;
  const recorded = record.buffer.subarray(start, start + Math.min(record.length, longestString));
  const difference = differentString(replayer, task, record.addressNumber, recorded);
  if (difference !== undefined) throw stringDivergence(replayer, frame, task, frame.number, recorded, difference);
}

export function stringDivergence(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  call: number,
  recorded: Uint8Array,
  difference: string,
): Error {
  return replayer.divergence(frame, task, {
    expected: `${syscallName(call)} reads ${quote(recorded, false, longestString)}`,
    found: difference,
  });
}

/** What stands there instead; undefined: the same. */
function differentString(replayer: Replayer, task: Task, address: number, recorded: Uint8Array): string | undefined {
  // With its end, unless it is longer than the kernel takes.
  const length = Math.min(recorded.length + 1, longestString);
  const got = replayer.processes.readMemory(task.pid, address, found, 0, length);
  const same = got === length && Buffer.compare(found.subarray(0, recorded.length), recorded) === 0;
  if (same && (recorded.length === longestString || found[recorded.length] === 0)) return undefined;
  return stringAt(replayer, task, address);
}

/** For a report: what a process has there. */
export function stringAt(replayer: Replayer, task: Task, address: number): string {
  let got = replayer.processes.readMemory(task.pid, address, found, 0, longestString);
  const end = found.subarray(0, got).indexOf(0);
  if (end >= 0) got = end;
  return got === 0 && end < 0 ? 'memory that cannot be read' : quote(found.subarray(0, got), end < 0, longestString);
}

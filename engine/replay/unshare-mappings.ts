/**
 * A copy of a process that is to run by itself, for a short while: what it writes to shared memory must not be seen by the
 * replay, so its shared mappings become private ones with the same content.
 */
import { readFileSync } from 'node:fs';
import type { FrameView } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { runtimeEnd, runtimeStart } from './address-space.ts';
import { mapFlags, memoryCallRefused } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

const piece = Buffer.alloc(1 << 20);
const mapLine = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])([ps])/;

/** @param pid of the copy @throws Divergence when the kernel refuses a call */
export function unshareMappings(replayer: Replayer, frame: FrameView, task: Task, pid: number): void {
  const { processes } = replayer;
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = mapLine.exec(line);
    if (match === null || match[6] !== 's' || match[4] !== 'w') continue;
    const start = Number.parseInt(match[1]!, 16);
    const end = Number.parseInt(match[2]!, 16);
    if (start < runtimeEnd && end > runtimeStart) continue;
    const protection = (match[3] === 'r' ? 1 : 0) | 2 | (match[5] === 'x' ? 4 : 0);
    const flags = mapFlags.private | mapFlags.anonymous | mapFlags.fixed | mapFlags.noReserve;
    const result = processes.call(pid, syscallNumbers.mmap, start, end - start, protection, flags, -1, 0);
    if (memoryCallRefused(result))
      throw replayer.callDivergence(frame, task, 'mapping a copy of shared memory', result);
    for (let at = start; at < end; at += piece.length) {
      const read = processes.readMemory(task.pid, at, piece, 0, Math.min(piece.length, end - at));
      if (read > 0 && !isZero(piece.subarray(0, read))) processes.writeMemory(pid, at, piece, 0, read);
    }
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.length === 0 || (bytes[0] === 0 && bytes.compare(bytes, 1, bytes.length, 0, bytes.length - 1) === 0);
}

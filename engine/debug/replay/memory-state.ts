/** What a process can change: its writable memory, summed up, to tell whether it is the same at another time. */
import { readFileSync } from 'node:fs';
import type { ReplayProcesses } from '../../replay/primitives.ts';
import type { Task } from '../../replay/task.ts';

export interface RangeChecksum {
  readonly start: number;
  readonly length: number;
  readonly sum: bigint;
}

const mapLine = /^([0-9a-f]+)-([0-9a-f]+) .(.)/;
/** Our pages, the runtime and its buffers. */
const oursStart = 0x7000_0000;
const oursEnd = 0x7020_0000;

/** Of all writable mappings but ours, and those of stubs. */
export function checksumMemory(processes: ReplayProcesses, task: Task): RangeChecksum[] {
  const sums: RangeChecksum[] = [];
  const stubs = processes.stubRanges(task.pid);
  for (const line of readFileSync(`/proc/${task.pid}/maps`, 'latin1').split('\n')) {
    const match = mapLine.exec(line);
    if (match === null || match[3] !== 'w') continue;
    const start = Number.parseInt(match[1]!, 16);
    const length = Number.parseInt(match[2]!, 16) - start;
    if (start < oursEnd && start + length > oursStart) continue;
    if (isAmong(stubs, start)) continue;
    sums.push({ start, length, sum: processes.checksum(task.pid, start, length, false) });
  }
  return sums;
}

/** Whether an address is in one of the ranges, whose starts and ends come in turn. */
export function isAmong(ranges: Float64Array, address: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (address >= ranges[index]! && address < ranges[index + 1]!) return true;
  }
  return false;
}

export function sameMemory(processes: ReplayProcesses, task: Task, sums: readonly RangeChecksum[]): boolean {
  return sums.every(({ start, length, sum }) => processes.checksum(task.pid, start, length, false) === sum);
}

/** `rr -K replay`: compares what the replay believes about mapped files with the kernel's list, after each event. */
import { readFileSync } from 'node:fs';
import type { FrameView } from '../generated/schema.ts';
import { printable } from '../printable.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

interface Mapping {
  readonly start: number;
  readonly end: number;
  /** It has a file behind it: one of the store's, or one that the replay made for shared memory. */
  readonly isFile: boolean;
  readonly line: string;
}

/** Of /proc/PID/maps, proc_pid_maps(5). */
function readMappings(pid: number): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, start, end, inode] = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+)/.exec(line) ?? [];
    if (start === undefined || end === undefined) continue;
    mappings.push({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), isFile: inode !== '0', line });
  }
  return mappings;
}

/** @throws Divergence */
export function checkMappings(replayer: Replayer, frame: FrameView, task: Task): void {
  const { files } = task.addressSpace;
  // It has executed no program yet, and has the launcher's mappings.
  if (files.isEmpty()) return;
  const mappings = readMappings(task.pid);
  for (const file of files) {
    let reached = file.start;
    for (const mapping of mappings) {
      if (mapping.start <= reached && mapping.end > reached) reached = mapping.end;
    }
    if (reached >= file.end) continue;
    throw replayer.divergence(frame, task, {
      expected: `${printable(file.path)} at 0x${file.start.toString(16)}-0x${file.end.toString(16)}`,
      found: `nothing mapped at 0x${reached.toString(16)}`,
    });
  }
  for (const mapping of mappings) {
    if (!mapping.isFile || files.overlaps(mapping.start, mapping.end)) continue;
    throw replayer.divergence(frame, task, {
      expected: `no file at 0x${mapping.start.toString(16)}-0x${mapping.end.toString(16)}`,
      found: mapping.line,
    });
  }
}

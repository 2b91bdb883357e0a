/**
 * Private mappings of a file that is now mapped shared, too. Linux shows what is written to the file in the pages of a
 * private mapping that were not written themselves (mmap(2) leaves that open; it is what the kernel does), so those pages
 * are mapped anew from the file that the replay shares.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { FrameView } from '../generated/schema.ts';
import { pageSize } from './address-space.ts';
import type { MappedFile } from './mapped-files.ts';
import { callOrDiverge, mapFlags } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

/** High word of an entry of /proc/PID/pagemap: page present, swapped, still the file's (pagemap.rst). */
const present = 0x8000_0000;
const swapped = 0x4000_0000;
const ofFile = 0x2000_0000;

/** @param file descriptor of ours of the shared file `key` */
export function rebasePrivateMappings(replayer: Replayer, frame: FrameView, key: string, file: number): void {
  const spaces = new Set([...replayer.tasks.values()].map((task) => task.addressSpace));
  for (const space of spaces) {
    const [task] = space.tasks;
    if (task === undefined) continue;
    for (const range of space.files.privateOf(key)) rebase(replayer, frame, task, key, file, range);
  }
}

function rebase(replayer: Replayer, frame: FrameView, task: Task, key: string, file: number, range: MappedFile): void {
  replayer.shared.grow(key, range.offset + (range.end - range.start));
  const descriptor = task.descriptors.obtain(replayer.processes, task.pid, key, (send) => send(file));
  if (descriptor < 0) throw replayer.callDivergence(frame, task, 'handing over a mapped file', descriptor);
  const untouched = untouchedPages(task.pid, range);
  for (let page = 0; page < untouched.length; page++) {
    if (!untouched[page]) continue;
    let end = page + 1;
    const start = range.start + page * pageSize;
    const protection = protectionAt(task.pid, start);
    while (untouched[end] && protectionAt(task.pid, range.start + end * pageSize) === protection) end++;
    const flags = mapFlags.private | mapFlags.noReserve | mapFlags.fixed;
    const offset = range.offset + page * pageSize;
    const length = (end - page) * pageSize;
    callOrDiverge(replayer, frame, task, 'mmap', start, length, protection, flags, descriptor, offset);
    page = end - 1;
  }
}

/** For each page of the range, whether it still is the file's. */
function untouchedPages(pid: number, range: MappedFile): boolean[] {
  const pages = (range.end - range.start) / pageSize;
  const entries = Buffer.alloc(pages * 8);
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    readSync(pagemap, entries, 0, entries.length, (range.start / pageSize) * 8);
  } finally {
    closeSync(pagemap);
  }
  return Array.from({ length: pages }, (_, page) => {
    const high = entries.readUInt32LE(page * 8 + 4);
    return (high & (present | swapped)) === 0 || (high & ofFile) !== 0;
  });
}

/** The parts of the range that still are the file's. */
export function untouchedRanges(pid: number, range: MappedFile): { readonly start: number; readonly end: number }[] {
  const untouched = untouchedPages(pid, range);
  const found: { start: number; end: number }[] = [];
  for (let page = 0; page < untouched.length; page++) {
    if (!untouched[page]) continue;
    const first = page;
    while (untouched[page + 1]) page++;
    found.push({ start: range.start + first * pageSize, end: range.start + (page + 1) * pageSize });
  }
  return found;
}

/** PROT_* of the mapping at an address; 0 where there is none. */
export function protectionAt(pid: number, address: number): number {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/.exec(line);
    if (!match || Number.parseInt(match[2]!, 16) <= address) continue;
    if (Number.parseInt(match[1]!, 16) > address) return 0;
    return (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0);
  }
  return 0;
}

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
/** Entries that are read at a time. */
const pagesAtOnce = 1 << 15;

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
  const flags = mapFlags.private | mapFlags.noReserve | mapFlags.fixed;
  for (const { start, end, protection } of untouchedRanges(task.pid, range)) {
    const offset = range.offset + (start - range.start);
    callOrDiverge(replayer, frame, task, 'mmap', start, end - start, protection, flags, descriptor, offset);
  }
}

interface Part {
  readonly start: number;
  readonly end: number;
  /** PROT_* */
  readonly protection: number;
}

/** The parts of a range whose pages still are the file's, each in one mapping. The range may be larger than all memory. */
export function untouchedRanges(pid: number, range: MappedFile): readonly Part[] {
  const parts: Part[] = [];
  for (const { start, end, protection, hasOwnPages } of mappingsIn(pid, range)) {
    if (hasOwnPages) parts.push(...untouchedPages(pid, start, end).map((part) => ({ ...part, protection })));
    else parts.push({ start, end, protection });
  }
  return parts;
}

/** The kernel's mappings in a range (proc_pid_smaps(5)), and whether any of their pages was written. */
function mappingsIn(pid: number, range: MappedFile): readonly (Part & { readonly hasOwnPages: boolean })[] {
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
  const heading = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/gm;
  const found: (Part & { hasOwnPages: boolean })[] = [];
  for (let match = heading.exec(smaps); match !== null; match = heading.exec(smaps)) {
    const start = Math.max(range.start, Number.parseInt(match[1]!, 16));
    const end = Math.min(range.end, Number.parseInt(match[2]!, 16));
    if (start >= end) continue;
    const protection = (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0);
    const details = smaps.slice(match.index, smaps.indexOf('VmFlags:', match.index));
    found.push({ start, end, protection, hasOwnPages: /^(Anonymous|Swap): +[1-9]/m.test(details) });
  }
  return found;
}

/** Runs of pages that still are the file's. */
function untouchedPages(pid: number, start: number, end: number): readonly Omit<Part, 'protection'>[] {
  const runs: { start: number; end: number }[] = [];
  const entries = Buffer.alloc(Math.min(pagesAtOnce, (end - start) / pageSize) * 8);
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    for (let at = start; at < end; at += pagesAtOnce * pageSize) {
      const pages = Math.min(pagesAtOnce, (end - at) / pageSize);
      readSync(pagemap, entries, 0, pages * 8, (at / pageSize) * 8);
      for (let page = 0; page < pages; page++) {
        const high = entries.readUInt32LE(page * 8 + 4);
        if ((high & (present | swapped)) !== 0 && (high & ofFile) === 0) continue;
        const address = at + page * pageSize;
        const last = runs.at(-1);
        if (last?.end === address) last.end += pageSize;
        else runs.push({ start: address, end: address + pageSize });
      }
    }
  } finally {
    closeSync(pagemap);
  }
  return runs;
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

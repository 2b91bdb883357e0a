/**
 * Faults whose cause the replay's own address space lacks: a stack that met its limit (replay's have none), and a file
 * that was cut short under its mapping (replay's files are as large as their mappings). For the run to such a fault the
 * page is made to fault; afterwards it is what it was, or what it became.
 */
import { readFileSync } from 'node:fs';
import { dataSize, dataSpaces, type FrameView } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { pageDown, pageSize, runtimeEnd, runtimeStart, userEnd } from './address-space.ts';
import type { MappedFile } from './mapped-files.ts';
import { callOrDiverge, mapFlags } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import { signalCode } from './signal-code.ts';
import type { Task } from './task.ts';
import { sigbus, sigsegv } from './wait-status.ts';

/** si_code (asm-generic/siginfo.h): nothing is mapped at the address; the file ends before it. */
const mapError = 1;
const addressError = 2;
/** Offset in siginfo_t. */
const addressOffset = 16;

/** Puts memory right after the fault. */
export type EndGuard = () => void;

/** Reads the signal's siginfo, the first data record of the event, and prepares the page where it faulted. */
export function guardFault(replayer: Replayer, frame: FrameView, task: Task): EndGuard | undefined {
  if (frame.number !== sigsegv && frame.number !== sigbus) return undefined;
  const record = replayer.source.nextData();
  if (record === undefined) return undefined;
  if (record.space !== dataSpaces.signalInfo || record.length < addressOffset + 8) {
    throw replayer.malformedEvent(frame, 'is a signal without its siginfo');
  }
  const start = record.buffer.byteOffset + record.position + dataSize;
  const view = new DataView(record.buffer.buffer, start, addressOffset + 8);
  const code = signalCode(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const address = Number(view.getBigUint64(addressOffset, true));
  if (address >= userEnd || (address >= runtimeStart && address < runtimeEnd)) return undefined;
  const page = pageDown(address);
  if (frame.number === sigsegv) return code === mapError ? guardStack(replayer, task, page) : undefined;
  const file = task.addressSpace.files.find(page);
  if (code !== addressError || file === undefined) return undefined;
  return file.sharedKey === undefined
    ? guardPrivateFile(replayer, frame, task, page)
    : guardSharedFile(replayer, file, file.sharedKey, page);
}

/** An inaccessible page keeps the stack from growing there. It is refused where something is mapped. */
function guardStack(replayer: Replayer, task: Task, page: number): EndGuard | undefined {
  const flags = mapFlags.private | mapFlags.anonymous | mapFlags.noReserve | mapFlags.fixedNoReplace;
  const result = replayer.processes.call(task.pid, syscallNumbers.mmap, page, pageSize, 0, flags, -1, 0);
  if (result !== page) return undefined;
  return () => replayer.processes.call(task.pid, syscallNumbers.munmap, page, pageSize);
}

/** The file ended at or before the page; what lay behind is gone, and reads as zeros when the file grows again. */
function guardSharedFile(replayer: Replayer, file: MappedFile, key: string, page: number): EndGuard {
  const size = replayer.shared.cut(key, file.offset + (page - file.start));
  return () => replayer.shared.grow(key, size);
}

/** The same for a private mapping, whose own copies of the pages the kernel drops too. */
function guardPrivateFile(replayer: Replayer, frame: FrameView, task: Task, page: number): EndGuard {
  const protection = protectionAt(task.pid, page);
  const empty = replayer.shared.open('empty', 'empty', 0);
  const descriptor = task.descriptors.obtain(replayer.processes, task.pid, 'empty', (send) => send(empty));
  if (descriptor < 0) throw replayer.callDivergence(frame, task, 'handing over an empty file', descriptor);
  const map = (flags: number, from: number): number =>
    callOrDiverge(replayer, frame, task, 'mmap', page, pageSize, protection, flags | mapFlags.fixed, from, 0);
  map(mapFlags.private, descriptor);
  return () => map(mapFlags.private | mapFlags.anonymous | mapFlags.noReserve, -1);
}

/** PROT_* bits of the mapping at an address of a process. */
function protectionAt(pid: number, address: number): number {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/.exec(line);
    if (match === null || Number.parseInt(match[1]!, 16) > address || Number.parseInt(match[2]!, 16) <= address)
      continue;
    return (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0);
  }
  return 0;
}

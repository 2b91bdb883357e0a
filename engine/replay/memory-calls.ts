/**
 * System calls that change the address space, made again in the replay: docs/events.md, "What replay executes". They go
 * by the recorded registers, `replayer.expected`, in which the arguments still stand beside the result.
 */
import { type FrameView, registerIndex } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { pageUp, userEnd } from './address-space.ts';
import { mapRecords } from './map-records.ts';
import { callArguments, callFailed, register } from './registers.ts';
import { callOrDiverge, checkRange, mapFlags } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';

/** PROT_READ | PROT_WRITE. */
const readWrite = 3;
const remapFlags = { mayMove: 1, fixed: 2 } as const;
const advice = { dontNeed: 4, free: 8 } as const;
/**
 * MADV_*: DONTNEED, REMOVE, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, DONTNEED_LOCKED change what memory holds;
 * GUARD_INSTALL and GUARD_REMOVE, who may touch it. POPULATE_WRITE gives private mappings of files pages of their own.
 */
const replayedAdvice: ReadonlySet<number> = new Set([4, 9, 10, 11, 18, 19, 23, 24, 102, 103]);
/** Functions of modify_ldt(2). */
const writeTable = 1;
const writeTableNew = 0x11;
/** pkey_mprotect(2) without a key: the pages keep theirs. */
const noKey = -1;
/** -ENOMEM: mprotect and madvise met a hole, after they had worked on what lies before it (mprotect(2)). */
const metHole = 0xffff_fff4;

type MemoryCall = (replayer: Replayer, frame: FrameView, task: Task) => void;

const memoryCalls: readonly (MemoryCall | undefined)[] = (() => {
  const table: (MemoryCall | undefined)[] = new Array(512).fill(undefined);
  table[syscallNumbers.mmap] = map;
  table[syscallNumbers.shmat] = mapRecords;
  table[syscallNumbers.shmdt] = detach;
  table[syscallNumbers.munmap] = unmap;
  table[syscallNumbers.mprotect] = protect;
  table[syscallNumbers.pkey_mprotect] = protect;
  table[syscallNumbers.pkey_alloc] = allocateKey;
  table[syscallNumbers.pkey_free] = freeKey;
  table[syscallNumbers.mremap] = remap;
  table[syscallNumbers.madvise] = advise;
  table[syscallNumbers.brk] = moveHeapEnd;
  table[syscallNumbers.modify_ldt] = modifyDescriptorTable;
  return table;
})();

/** What to execute for a system call; undefined for one that is emulated. */
export function memoryCall(number: number): MemoryCall | undefined {
  return memoryCalls[number];
}

interface Range {
  readonly start: number;
  /** Bytes, whole pages; 0 for nothing. */
  readonly length: number;
}

/**
 * What a call worked on: the event's mapping records where it went around memory of the recorder's, else its arguments.
 * Those of a call that failed may be anything.
 */
function* callRanges(replayer: Replayer, frame: FrameView): Generator<Range> {
  const failed = callFailed(replayer.expected);
  if (frame.mappingCount === 0) {
    const [start = 0, size = 0] = callArguments(replayer.expected);
    const asked = { start, length: pageUp(size) };
    const range = failed ? withinUserSpace(asked) : asked;
    if (range.length !== 0) yield range;
    return;
  }
  for (let mapping = replayer.source.nextMapping(); mapping !== undefined; mapping = replayer.source.nextMapping()) {
    const told = { start: mapping.addressNumber, length: mapping.lengthNumber };
    const range = failed ? withinUserSpace(told) : told;
    if (range.length !== 0) yield range;
  }
}

/**
 * The part of a range that can be mapped. Numbers from 2^63 are negative here: an address above all user space, or a
 * length whose end wraps around, for which the kernel does nothing, or lies beyond.
 */
function withinUserSpace({ start, length }: Range): Range {
  const wraps = length < 0 && start + length >= 0;
  if (start < 0 || start >= userEnd || wraps) return { start, length: 0 };
  return { start, length: length < 0 ? userEnd - start : Math.min(length, userEnd - start) };
}

function unmap(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) return;
  for (const { start, length } of callRanges(replayer, frame)) unmapRange(replayer, frame, task, start, length);
}

function unmapRange(replayer: Replayer, frame: FrameView, task: Task, start: number, length: number): void {
  checkRange(replayer, frame, start, length);
  callOrDiverge(replayer, frame, task, 'munmap', start, length);
  task.addressSpace.files.remove(start, start + length);
  task.addressSpace.patched.removeRange(start, start + length);
  task.addressSpace.forkAdvice.remove(start, start + length);
}

/** Its mapping record tells the range. */
function detach(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) return;
  for (let mapping = replayer.source.nextMapping(); mapping !== undefined; mapping = replayer.source.nextMapping()) {
    unmapRange(replayer, frame, task, mapping.addressNumber, mapping.lengthNumber);
  }
  if (frame.mappingCount > 0) return;
  // A segment is attached as a whole: it is the file that begins where shmdt points.
  const start = register(replayer.expected, registerIndex.rdi);
  const file = task.addressSpace.files.find(start);
  if (file !== undefined) unmapRange(replayer, frame, task, file.start, file.end - file.start);
}

/** True when the recorded call did something: it worked, or it failed half-way, which mapping records tell. */
function tookEffect(replayer: Replayer, frame: FrameView): boolean {
  if (!callFailed(replayer.expected) || frame.mappingCount > 0) return true;
  return replayer.expected[2 * registerIndex.rax] === metHole;
}

function map(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) unmapRecords(replayer, frame, task);
  else mapRecords(replayer, frame, task);
}

/** What a call has unmapped to make room for a mapping, and then could not map. */
function unmapRecords(replayer: Replayer, frame: FrameView, task: Task): void {
  for (let mapping = replayer.source.nextMapping(); mapping !== undefined; mapping = replayer.source.nextMapping()) {
    unmapRange(replayer, frame, task, mapping.addressNumber, mapping.lengthNumber);
  }
}

function protect(replayer: Replayer, frame: FrameView, task: Task): void {
  if (!tookEffect(replayer, frame)) return;
  const protection = callArguments(replayer.expected)[2] ?? 0;
  // An int for the kernel.
  const key = replayer.expected[2 * registerIndex.r10]! | 0;
  const call = frame.number === syscallNumbers.pkey_mprotect && key !== noKey ? 'pkey_mprotect' : 'mprotect';
  for (const { start, length } of callRanges(replayer, frame)) {
    checkRange(replayer, frame, start, length);
    if (callFailed(replayer.expected)) {
      replayer.processes.call(task.pid, syscallNumbers[call], start, length, protection, key);
    } else {
      callOrDiverge(replayer, frame, task, call, start, length, protection, key);
    }
  }
}

/** The kernel sets the rights of the new key in the task's PKRU register, here as it did there (pkeys(7)). */
function allocateKey(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) return;
  const [flags = 0, rights = 0] = callArguments(replayer.expected);
  const key = register(replayer.expected, registerIndex.rax);
  const got = replayer.processes.call(task.pid, syscallNumbers.pkey_alloc, flags, rights);
  if (got !== key) throw replayer.callDivergence(frame, task, 'pkey_alloc', got | 0);
  task.addressSpace.keys.add(key);
}

function freeKey(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) return;
  const key = replayer.expected[2 * registerIndex.rdi]! | 0;
  const result = replayer.processes.call(task.pid, syscallNumbers.pkey_free, key);
  if (result !== 0) throw replayer.callDivergence(frame, task, 'pkey_free', result | 0);
  task.addressSpace.keys.delete(key);
}

function advise(replayer: Replayer, frame: FrameView, task: Task): void {
  if (!tookEffect(replayer, frame)) return;
  // An int for the kernel: the upper half of the register is not looked at.
  const asked = replayer.expected[2 * registerIndex.rdx]!;
  // The recorder lets the kernel do DONTNEED for FREE, which may drop pages at any time.
  const kind = asked === advice.free ? advice.dontNeed : asked;
  if (!replayedAdvice.has(kind)) return;
  for (const { start, length } of callRanges(replayer, frame)) {
    checkRange(replayer, frame, start, length);
    if (task.addressSpace.forkAdvice.note(kind, start, start + length)) continue;
    // What it is refused for (a file that cannot be punched, a locked page) leaves memory as it was; recorded effects
    // on a shared file's content come as data.
    replayer.processes.call(task.pid, syscallNumbers.madvise, start, length, kind);
  }
}

/** The segments of an address space: the program loads their selectors, as emulators of other systems do. */
function modifyDescriptorTable(replayer: Replayer, frame: FrameView, task: Task): void {
  // Ints for the kernel: the upper half of the register is not looked at, and an error is no negative one.
  const kind = replayer.expected[2 * registerIndex.rdi]!;
  if ((kind !== writeTable && kind !== writeTableNew) || register(replayer.expected, registerIndex.rax) !== 0) return;
  const [, pointer = 0, size = 0] = callArguments(replayer.expected);
  const result = replayer.processes.call(task.pid, syscallNumbers.modify_ldt, kind, pointer, size);
  if (result !== 0) throw replayer.callDivergence(frame, task, 'modify_ldt', result | 0);
}

function remap(replayer: Replayer, frame: FrameView, task: Task): void {
  if (callFailed(replayer.expected)) {
    unmapRecords(replayer, frame, task);
    return;
  }
  const [oldStart = 0, oldSize = 0, newSize = 0, flags = 0] = callArguments(replayer.expected);
  const newStart = register(replayer.expected, registerIndex.rax);
  const oldLength = pageUp(oldSize);
  const newLength = pageUp(newSize);
  checkRange(replayer, frame, newStart, newLength);
  checkRange(replayer, frame, oldStart, oldLength === 0 ? 1 : oldLength);
  const { files } = task.addressSpace;
  const file = files.find(oldStart);
  if (file?.sharedKey !== undefined) {
    replayer.shared.grow(file.sharedKey, file.offset + (oldStart - file.start) + newLength);
  }
  if (newStart === oldStart) {
    callOrDiverge(replayer, frame, task, 'mremap', oldStart, oldLength, newLength, flags & ~remapFlags.mayMove);
  } else {
    const moving = flags | remapFlags.mayMove | remapFlags.fixed;
    callOrDiverge(replayer, frame, task, 'mremap', oldStart, oldLength, newLength, moving, newStart);
  }
  if (newStart !== oldStart && oldLength > 0) {
    const { patched } = task.addressSpace;
    patched.removeRange(newStart, newStart + newLength);
    patched.trapping.move(oldStart, oldStart + Math.min(oldLength, newLength), newStart);
    patched.removeRange(oldStart, oldStart + oldLength);
  }
  if (oldLength > 0) {
    task.addressSpace.forkAdvice.move(oldStart, oldStart + oldLength, newStart, newStart + newLength);
  }
  // Old size zero: a second view of a shared mapping (mremap(2)).
  if (oldLength > 0) files.move(oldStart, oldStart + oldLength, newStart, newStart + newLength);
  else if (file !== undefined) {
    files.add({ ...file, start: newStart, end: newStart + newLength, offset: file.offset + (oldStart - file.start) });
  }
}

/** The heap is the replayer's: the kernel's own brk belongs to the stub. */
function moveHeapEnd(replayer: Replayer, frame: FrameView, task: Task): void {
  const { addressSpace } = task;
  const end = register(replayer.expected, registerIndex.rax);
  const from = pageUp(addressSpace.heapEnd ?? end);
  const to = pageUp(end);
  checkRange(replayer, frame, Math.min(from, to), Math.max(1, Math.abs(to - from)));
  addressSpace.heapEnd = end;
  if (to > from) {
    const flags = mapFlags.private | mapFlags.fixed | mapFlags.anonymous | mapFlags.noReserve;
    callOrDiverge(replayer, frame, task, 'mmap', from, to - from, readWrite, flags, -1, 0);
  } else if (to < from) {
    unmapRange(replayer, frame, task, to, from - to);
  }
  // The recorder's own, beside it.
  mapRecords(replayer, frame, task);
}

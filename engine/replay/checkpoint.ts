/**
 * A replay at an event's end or on the way to the next one, kept to go on from: a stopped copy of each address space, and what the replayer knows of it.
 * The copies are made by fork, so that memory is shared until somebody writes; a replay that goes on from a checkpoint
 * runs in copies of the copies, and the checkpoint stays.
 */
import { readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { AddressSpace } from './address-space.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import type { ReplayProcesses } from './primitives.ts';
import { untouchedRanges } from './private-mappings.ts';
import { mapFlags, memoryCallRefused } from './remote-memory.ts';
import type { Replayer, SegmentProgress } from './replayer.ts';
import { SharedFiles } from './shared-files.ts';
import type { Task } from './task.ts';

const cloneParent = 0x8000;
const shareMemory = 0x100;

interface KeptTask {
  readonly task: Task;
  readonly xsave: Uint8Array;
}

interface KeptSpace {
  readonly space: AddressSpace;
  readonly pid: number;
  readonly descriptors: DescriptorTable;
  readonly tasks: readonly KeptTask[];
}

/** Tasks, their processes and the files that these share: all that a replay is, but for its place in the trace. */
export interface World {
  readonly tasks: ReadonlyMap<number, Task>;
  readonly shared: SharedFiles;
}

export class Checkpoint implements Disposable {
  /** The last event that is behind it; 0: nothing has run. */
  readonly event: number;
  /** Within a segment: what is done of it. */
  readonly progress: SegmentProgress | undefined;
  /** Processes that it keeps. */
  readonly processCount: number;
  readonly #processes: ReplayProcesses;
  readonly #spaces: readonly KeptSpace[];
  readonly #shared: SharedFiles;

  private constructor(
    processes: ReplayProcesses,
    event: number,
    spaces: readonly KeptSpace[],
    shared: SharedFiles,
    progress?: SegmentProgress,
  ) {
    this.event = event;
    this.progress = progress === undefined ? undefined : { ...progress };
    this.#processes = processes;
    this.#shared = shared;
    this.#spaces = spaces;
    this.processCount = spaces.length;
  }

  /** Before the first event: the first task's event takes the first process itself. */
  static ofBeginning(processes: ReplayProcesses): Checkpoint {
    return new Checkpoint(processes, 0, [], new SharedFiles());
  }

  /**
   * Of a replay behind an event, whose tasks are stopped and hold nothing of a debugger's.
   * @param progress where it is on its way to the next @throws EngineError CHECKPOINT_FAILED
   */
  static of(replayer: Replayer, event: number, progress?: SegmentProgress): Checkpoint {
    const { processes } = replayer;
    const shared = replayer.shared.copy();
    const kept: KeptSpace[] = [];
    for (const space of new Set([...replayer.tasks.values()].map((task) => task.addressSpace))) {
      const tasks = [...space.tasks];
      const pid = fork(processes, tasks[0]!.pid, cloneParent);
      const copy = space.fork();
      const descriptors = tasks[0]!.descriptors.fork();
      moveShared(processes, pid, copy, descriptors, shared);
      const all = tasks.map((task) => ({
        task: task.copyInto(new AddressSpace(), pid, descriptors),
        xsave: Uint8Array.from(processes.getXsave(task.pid)),
      }));
      kept.push({ space: copy, pid, descriptors, tasks: all });
    }
    return new Checkpoint(processes, event, kept, shared, progress);
  }

  /** A task that it keeps, to look at. */
  taskOf(tid: number): Task | undefined {
    return this.#spaces.flatMap(({ tasks }) => tasks.map(({ task }) => task)).find((task) => task.tid === tid);
  }

  /** Another world like this one. @throws EngineError CHECKPOINT_FAILED */
  open(): World {
    const shared = this.#shared.copy();
    const tasks = new Map<number, Task>();
    for (const kept of this.#spaces) {
      const space = kept.space.fork();
      let maker = 0;
      for (const { task, xsave } of kept.tasks) {
        const pid =
          maker === 0
            ? fork(this.#processes, kept.pid, cloneParent)
            : fork(this.#processes, maker, cloneParent | shareMemory);
        const descriptors = kept.descriptors.fork();
        if (maker === 0) {
          moveShared(this.#processes, pid, space, descriptors, shared);
          maker = pid;
        }
        this.#processes.setXsave(pid, xsave, 0, xsave.length);
        const { tracerRegisters } = task;
        if (tracerRegisters !== undefined) {
          this.#processes.setDebugRegisters(pid, tracerRegisters, 0, tracerRegisters.length);
        }
        tasks.set(task.tid, task.copyInto(space, pid, descriptors));
      }
    }
    return { tasks, shared };
  }

  [Symbol.dispose](): void {
    for (const { pid } of this.#spaces) this.#processes.end(pid);
    this.#shared[Symbol.dispose]();
  }
}

function fork(processes: ReplayProcesses, pid: number, flags: number): number {
  const made = processes.clone(pid, flags);
  if (made > 0) return made;
  throw new EngineError(
    'CHECKPOINT_FAILED',
    `cannot copy process ${pid} of the replay (clone): errno ${-made}; fewer checkpoints need fewer processes and less memory`,
  );
}

/** Maps the copies of shared files where the process has the originals. */
function moveShared(
  processes: ReplayProcesses,
  pid: number,
  space: AddressSpace,
  descriptors: DescriptorTable,
  shared: SharedFiles,
): void {
  for (const key of shared.keys()) descriptors.forget(processes, pid, key);
  const protections = new Protections(pid);
  for (const file of space.files) {
    const key = file.sharedKey ?? file.privateKey;
    const source = key === undefined ? undefined : shared.descriptorOf(key);
    if (key === undefined || source === undefined) continue;
    const descriptor = descriptors.obtain(processes, pid, key, (send) => send(source));
    if (descriptor < 0) throw refused('handing over shared memory', descriptor);
    const isShared = file.sharedKey !== undefined;
    const type = isShared ? mapFlags.shared : mapFlags.private;
    const ranges = isShared ? [{ start: file.start, end: file.end }] : untouchedRanges(pid, file);
    for (const { start, end } of ranges) {
      for (const part of protections.within(start, end)) {
        const flags = type | mapFlags.fixed | mapFlags.noReserve;
        const offset = file.offset + (part.start - file.start);
        const result = processes.call(
          pid,
          syscallNumbers.mmap,
          part.start,
          part.end - part.start,
          part.protection,
          flags,
          descriptor,
          offset,
        );
        if (memoryCallRefused(result)) throw refused('mapping shared memory', result);
      }
    }
  }
}

function refused(what: string, result: number): EngineError {
  return new EngineError('CHECKPOINT_FAILED', `${what} in a copy of a replay process: errno ${-result}`);
}

interface ProtectedRange {
  readonly start: number;
  readonly end: number;
  readonly protection: number;
}

/** The kernel's list of mappings, read when it is first needed. */
class Protections {
  readonly #pid: number;
  #ranges: readonly ProtectedRange[] | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The mapped parts of a range. */
  *within(start: number, end: number): Generator<ProtectedRange> {
    this.#ranges ??= [...readProtections(this.#pid)];
    for (const range of this.#ranges) {
      if (range.end <= start || range.start >= end) continue;
      yield {
        start: Math.max(start, range.start),
        end: Math.min(end, range.end),
        protection: range.protection,
      };
    }
  }
}

function* readProtections(pid: number): Generator<ProtectedRange> {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/.exec(line);
    if (match === null) continue;
    yield {
      start: Number.parseInt(match[1]!, 16),
      end: Number.parseInt(match[2]!, 16),
      protection: (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0),
    };
  }
}

/** What never changes while a recording is debugged, from its trace alone. */
import { basename } from 'node:path';
import { readTaskEvent } from '../dump/read-processes.ts';
import { mappingSources } from '../generated/schema.ts';
import type { TraceReader } from '../trace/reader.ts';
import type { ProcessDescription, RecordingDescription } from './target.ts';

/** Of a wait status: the signal that a process has died of. */
const signalMask = 0x7f;

type Growing = { -readonly [Key in keyof ProcessDescription]: ProcessDescription[Key] } & {
  programs: { event: number; path: string }[];
};

/** Files that an event's mappings are of, in the order of their addresses. */
function mappedPaths(reader: TraceReader, event: number): string[] {
  const found: { address: number; path: string }[] = [];
  for (const view of reader.mappingsFrom(event)) {
    if (view.eventNumber !== event) break;
    if (view.source !== mappingSources.store) continue;
    found.push({ address: view.addressNumber, path: Buffer.from(view.payload).toString() });
  }
  return found.sort((one, other) => one.address - other.address).map(({ path }) => path);
}

/**
 * Path of the program as the kernel names it. What was executed may be a link, relative, or a script; the mappings are of
 * the program and of its dynamic linker.
 */
function programPath(executed: string, mapped: readonly string[]): string {
  const isProgram = (path: string): boolean => path === executed || basename(path) === basename(executed);
  return mapped.find(isProgram) ?? mapped.find((path) => !/\/ld[-.][^/]*$/.test(path)) ?? mapped[0] ?? executed;
}

/** The threads of a process. */
export interface Threads {
  /** Their recorded ids. */
  readonly tids: Set<number>;
  /** Events at which they end. */
  readonly ends: Set<number>;
  /** The first of these by which a signal ends all. */
  killed: number | undefined;
  /** The end of the last one is recorded. */
  haveEnded: boolean;
}

export interface DescribedRecording {
  readonly description: RecordingDescription;
  /** By process. */
  readonly threads: ReadonlyMap<number, Readonly<Threads>>;
}

/** Reads what is recorded of tasks, and of mappings at each exec: no events. What lies behind damage is left out. @throws TraceError */
export function describeRecording(reader: TraceReader): DescribedRecording {
  const processes: Growing[] = [];
  const threads = new Map<Growing, Threads>();
  /** By recorded thread id, of those that live. */
  const byTask = new Map<number, Growing>();
  for (const view of reader.allTasks()) {
    const task = readTaskEvent(view);
    if (task === undefined) continue;
    const event = view.eventNumber;
    const { kind, tid, parentTid, threadGroup, status, strings } = task;
    if (kind === 'start') {
      const parent = byTask.get(parentTid);
      const known = tid === threadGroup ? undefined : parent;
      const own = known ?? makeProcess(threadGroup, parent, event, reader.lastEvent);
      if (known === undefined) {
        processes.push(own);
        threads.set(own, { tids: new Set(), ends: new Set(), killed: undefined, haveEnded: false });
      }
      byTask.set(tid, own);
      threads.get(own)!.tids.add(tid);
      continue;
    }
    const own = byTask.get(tid) ?? byTask.get(parentTid);
    if (own === undefined) continue;
    if (kind === 'exec') {
      own.execEvent = event;
      own.program = programPath(strings[0] ?? '', mappedPaths(reader, event));
      own.executed = strings[0] ?? '';
      own.commandName = strings[1] ?? '';
      own.programs.push({ event, path: own.program });
      // The other threads have gone, and it has the id of the first.
      for (const [each, process] of byTask) if (process === own) byTask.delete(each);
      byTask.set(tid, own);
      threads.get(own)!.tids.add(tid);
    } else {
      if (tid === threadGroup) own.status = status;
      byTask.delete(tid);
      const all = threads.get(own)!;
      all.ends.add(event);
      if ((status & signalMask) !== 0) all.killed ??= event;
    }
  }
  const alive = new Set(byTask.values());
  for (const process of processes) {
    const all = threads.get(process)!;
    if (alive.has(process) || all.ends.size === 0) continue;
    all.haveEnded = true;
    process.lastEvent = [...all.ends].at(-1)!;
  }
  const description = {
    directory: reader.directory,
    firstProcess: processes[0]?.pid ?? 0,
    lastEvent: reader.lastEvent,
    isComplete: reader.complete,
    hasTicks: reader.header.counter !== undefined,
    processes,
  };
  // A number may be given again: it names the first process that had it.
  const byPid = new Map([...threads].reverse().map(([{ pid }, all]) => [pid, all] as const));
  return { description, threads: byPid };
}

function makeProcess(pid: number, parent: Growing | undefined, firstEvent: number, lastEvent: number): Growing {
  const path = parent?.programs.at(-1)?.path;
  return {
    pid,
    parent: parent?.pid,
    program: '',
    executed: '',
    commandName: '',
    programs: path === undefined ? [] : [{ event: firstEvent, path }],
    firstEvent,
    execEvent: undefined,
    lastEvent,
    status: undefined,
  };
}

/** Path of the program that a process runs behind an event; empty where it has none yet. */
export function programAt({ programs }: ProcessDescription, event: number): string {
  return programs.findLast((each) => each.event <= event)?.path ?? programs[0]?.path ?? '';
}

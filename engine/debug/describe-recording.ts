/** What never changes while a recording is debugged, from its trace alone. */
import { basename } from 'node:path';
import { readTaskEvent } from '../dump/read-processes.ts';
import { eventKinds, type FrameView, frameFlags, mappingSources } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import type { TraceReader } from '../trace/reader.ts';
import type { ProcessDescription, RecordingDescription } from './target.ts';

/** Of a wait status: the signal that a process has died of. */
const signalMask = 0x7f;

type Growing = { -readonly [Key in keyof ProcessDescription]: ProcessDescription[Key] } & {
  programs: { event: number; path: string }[];
};

/** Files that the event's mappings are of, in the order of their addresses. */
function mappedPaths(reader: TraceReader): string[] {
  const found: { address: number; path: string }[] = [];
  for (let view = reader.nextMapping(); view !== undefined; view = reader.nextMapping()) {
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

/** Reads the whole trace. What lies behind damage is left out. @throws TraceError when nothing can be read */
export function describeRecording(reader: TraceReader): RecordingDescription {
  const processes: Growing[] = [];
  /** By recorded thread id, of those that live. */
  const byTask = new Map<number, Growing>();
  /** Their threads end one after the other from here on, whatever else is recorded of them meanwhile. */
  const dying = new Set<Growing>();
  reader.seek(1);
  while (reader.event < reader.lastEvent && reader.next()) {
    const { frame, event } = reader;
    if (frame.taskCount > 0) {
      for (let view = reader.nextTask(); view !== undefined; view = reader.nextTask()) {
        const task = readTaskEvent(view);
        if (task === undefined) continue;
        const { kind, tid, parentTid, threadGroup, status, strings } = task;
        if (kind === 'start') {
          const parent = byTask.get(parentTid);
          const known = tid === threadGroup ? undefined : parent;
          const own = known ?? makeProcess(threadGroup, parent, event);
          if (known === undefined) processes.push(own);
          byTask.set(tid, own);
        } else {
          const own = byTask.get(tid) ?? byTask.get(parentTid);
          if (own === undefined) continue;
          if (kind === 'exec') {
            own.execEvent = event;
            own.program = programPath(strings[0] ?? '', mappedPaths(reader));
            own.executed = strings[0] ?? '';
            own.commandName = strings[1] ?? '';
            own.programs.push({ event, path: own.program });
            byTask.set(tid, own);
          } else {
            if (tid === threadGroup) own.status = status;
            own.lastEvent = event;
            own.endEvent ??= event;
            if ((status & signalMask) !== 0) dying.add(own);
            byTask.delete(tid);
          }
        }
      }
    }
    const own = byTask.get(frame.tid);
    if (own === undefined) continue;
    own.lastEvent = event;
    if (endsProcess(frame)) dying.add(own);
    // A thread that ended before this did so by itself.
    if (!dying.has(own)) own.endEvent = undefined;
  }
  return {
    directory: reader.directory,
    firstProcess: processes[0]?.pid ?? 0,
    lastEvent: reader.lastEvent,
    isComplete: reader.complete,
    hasTicks: reader.header.counter !== undefined,
    processes,
  };
}

/** All threads end by it. */
function endsProcess({ eventKind, flags, number }: FrameView): boolean {
  if (eventKind === eventKinds.signal) return (flags & frameFlags.fatal) !== 0;
  return eventKind === eventKinds.syscallEnter && number === syscallNumbers.exit_group;
}

function makeProcess(pid: number, parent: Growing | undefined, firstEvent: number): Growing {
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
    lastEvent: firstEvent,
    endEvent: undefined,
    status: undefined,
  };
}

/** Path of the program that a process runs behind an event; empty where it has none yet. */
export function programAt({ programs }: ProcessDescription, event: number): string {
  return programs.findLast((each) => each.event <= event)?.path ?? programs[0]?.path ?? '';
}

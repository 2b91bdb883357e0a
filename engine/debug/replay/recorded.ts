/** What the trace tells without being replayed: its processes, and of each event what it is about. */
import { EngineError } from '../../errors.ts';
import { eventKinds, type FrameView, frameFlags } from '../../generated/schema.ts';
import { StoredFiles } from '../../replay/stored-files.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { Ordinals } from '../../trace/ordinals.ts';
import { TraceReader } from '../../trace/reader.ts';
import { describeRecording, type Threads } from '../describe-recording.ts';
import type { ProcessDescription, RecordingDescription } from '../target.ts';
import { type EventPlace, placeOf } from './event-places.ts';
import type { Position } from './position.ts';

/** A reader on loan; to be given back when done. */
export interface Cursor extends Disposable {
  readonly reader: TraceReader;
}

interface EventIndex {
  readonly tasks: Int32Array;
  readonly kinds: Uint8Array;
  /** 1: all threads of the task's process end by it. */
  readonly endsProcess: Uint8Array;
}

export class Recorded {
  readonly description: RecordingDescription;
  readonly workingDirectory: string;
  /** When the recording began, seconds since 1970, to a millisecond; undefined where the trace does not tell. */
  readonly beganAt: number | undefined;
  /** Event of the first exec, with which the program begins. */
  readonly firstProgram: number;
  readonly stored: StoredFiles;
  readonly ordinals: Ordinals;
  readonly #directory: string;
  readonly #threads: ReadonlyMap<number, Readonly<Threads>>;
  readonly #endEvents = new Map<number, number | undefined>();
  /** Readers that nobody uses: opening one reads the trace's index again. */
  readonly #idle: TraceReader[] = [];
  #events: EventIndex | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    using cursor = this.open();
    const { reader } = cursor;
    const { description, threads } = describeRecording(reader);
    this.description = description;
    this.#threads = threads;
    const programs = description.processes.flatMap(({ execEvent, programs }) =>
      execEvent === undefined ? [] : programs,
    );
    this.firstProgram = Math.min(...programs.map(({ event }) => event), description.lastEvent);
    this.workingDirectory = reader.header.workingDirectory;
    const created = Date.parse(reader.header.created) / 1000;
    this.beganAt = Number.isNaN(created) ? undefined : created;
    this.stored = new StoredFiles(reader.store);
    this.ordinals = new Ordinals(reader);
  }

  /** A cursor over the trace, wherever it stands. @throws TraceError */
  open(): Cursor {
    const reader = this.#idle.pop() ?? TraceReader.open(this.#directory);
    return { reader, [Symbol.dispose]: () => void this.#idle.push(reader) };
  }

  close(): void {
    for (const reader of this.#idle.splice(0)) reader.close();
  }

  /** @throws EngineError NO_PLACE */
  process(pid: number): ProcessDescription {
    const { processes } = this.description;
    const found = processes.find((process) => process.pid === pid);
    if (found !== undefined) return found;
    const known = processes.map((process) => process.pid).join(', ');
    throw new EngineError('NO_PLACE', `the recording has no process ${pid}; it has ${known}`);
  }

  /** The first place of a process. */
  beginningOf(pid: number): Position {
    const isFirst = pid === this.description.firstProcess;
    return { event: isFirst ? this.firstProgram : this.process(pid).firstEvent, legs: [] };
  }

  /** The last place of it, with all threads that it has then: the event behind is its end. */
  endOf(pid: number): Position {
    const end = this.endEventOf(pid);
    return { event: end === undefined ? this.description.lastEvent : Math.max(1, end - 1), legs: [] };
  }

  /** Whether the process ends with that event, as `endEventOf` says, or its last thread does. */
  isEndOf(pid: number, event: number): boolean {
    const threads = this.#threads.get(pid);
    if (threads?.haveEnded !== true || !threads.ends.has(event)) return false;
    return event === this.process(pid).lastEvent || event === this.endEventOf(pid);
  }

  /**
   * The event with which a process ends: the end of the first of those threads that end with it. All are still there
   * before. Undefined where the recording does not have it.
   */
  endEventOf(pid: number): number | undefined {
    if (!this.#endEvents.has(pid)) this.#endEvents.set(pid, this.#findEnd(pid));
    return this.#endEvents.get(pid);
  }

  #findEnd(pid: number): number | undefined {
    const threads = this.#threads.get(pid);
    if (threads?.haveEnded !== true) return undefined;
    const { tids, ends, killed } = threads;
    const { tasks, endsProcess } = this.#index();
    const { firstEvent, lastEvent } = this.process(pid);
    let found: number | undefined;
    for (let event = firstEvent; event <= lastEvent; event++) {
      if (!tids.has(tasks[event]!)) continue;
      if (ends.has(event)) {
        found ??= event;
        if (event === killed) return found;
      }
      // From here on they end one after the other, whatever else is recorded of them meanwhile.
      else if (endsProcess[event] === 1) return found ?? [...ends].find((each) => each > event);
      // A thread that ended before this did so by itself.
      else found = undefined;
    }
    return found;
  }

  /** @throws EngineError NO_PLACE */
  check(position: Position): void {
    const { event } = position;
    const { lastEvent, processes } = this.description;
    if (event < 1 || event > lastEvent) {
      throw new EngineError('NO_PLACE', `there is no event ${event}: the recording has 1 to ${lastEvent}`);
    }
    // One whose end is not recorded is there to the last.
    const lastPlaces = processes.map((process) => (process.status === undefined ? lastEvent : process.lastEvent - 1));
    const last = lastPlaces.reduce((most, each) => Math.max(most, each), 0);
    if (event <= last) return;
    throw new EngineError('NO_PLACE', `nothing runs any more behind event ${event}: the last place is event ${last}`);
  }

  /** The process to look at where that event is behind: `now` if it lives there. */
  processAt(event: number, now: number): number {
    const lives = ({ firstEvent, lastEvent }: ProcessDescription): boolean => firstEvent <= event && event < lastEvent;
    if (lives(this.process(now))) return now;
    const { processes, firstProcess } = this.description;
    return processes.filter(lives).at(-1)?.pid ?? firstProcess;
  }

  /** The process whose task runs between that event and the next one; undefined where none does. */
  processBehind(event: number): number | undefined {
    const tid = this.taskOf(event + 1);
    const isIts = ({ pid, firstEvent, lastEvent }: ProcessDescription): boolean =>
      firstEvent <= event && event < lastEvent && this.#threads.get(pid)?.tids.has(tid) === true;
    return this.description.processes.find(isIts)?.pid;
  }

  /** Time of an event, nanoseconds since the recording began; 0 of one that cannot be read. */
  timeOf(event: number): number {
    return this.#frame(event, (frame) => frame.timeNumber) ?? 0;
  }

  /** Where the task of an event comes to on its way to it, by what is recorded of it. */
  placeOf(event: number): EventPlace | undefined {
    return this.#frame(event, placeOf);
  }

  /** The task of an event; 0 behind the last one. */
  taskOf(event: number): number {
    return this.#index().tasks[event] ?? 0;
  }

  /** The last event of a task up to one; undefined where it has none. */
  lastEventOf(tid: number, upTo: number): number | undefined {
    const found = this.#index().tasks.lastIndexOf(tid, upTo);
    return found > 0 ? found : undefined;
  }

  /** Where the system call was entered that an event ends; undefined where it ends none that was entered before. */
  entryOf(event: number): number | undefined {
    const { tasks, kinds } = this.#index();
    if (kinds[event] !== eventKinds.syscallExit && kinds[event] !== eventKinds.exec) return undefined;
    const tid = tasks[event]!;
    let entry = this.lastEventOf(tid, event - 1);
    // The call may be another one by now.
    while (entry !== undefined && kinds[entry] === eventKinds.registersSet) entry = this.lastEventOf(tid, entry - 1);
    return entry !== undefined && kinds[entry] === eventKinds.syscallEnter ? entry : undefined;
  }

  /** Of each event by its number: whose it is, and its kind. */
  #index(): EventIndex {
    if (this.#events !== undefined) return this.#events;
    const size = this.description.lastEvent + 1;
    const events = {
      tasks: new Int32Array(size),
      kinds: new Uint8Array(size),
      endsProcess: new Uint8Array(size),
    };
    using cursor = this.open();
    const { reader } = cursor;
    reader.seek(1);
    while (reader.event < reader.lastEvent && reader.next()) {
      events.tasks[reader.event] = reader.frame.tid;
      events.kinds[reader.event] = reader.frame.eventKind;
      if (endsProcess(reader.frame)) events.endsProcess[reader.event] = 1;
    }
    this.#events = events;
    return events;
  }

  #frame<Value>(event: number, look: (frame: FrameView) => Value): Value | undefined {
    using cursor = this.open();
    const { reader } = cursor;
    reader.seek(event);
    return reader.next() ? look(reader.frame) : undefined;
  }
}

function endsProcess({ eventKind, flags, number }: FrameView): boolean {
  if (eventKind === eventKinds.signal) return (flags & frameFlags.fatal) !== 0;
  return eventKind === eventKinds.syscallEnter && number === syscallNumbers.exit_group;
}

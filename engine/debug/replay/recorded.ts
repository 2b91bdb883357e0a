/** What the trace tells without being replayed: its processes, and of each event what it is about. */
import { EngineError } from '../../errors.ts';
import { eventKinds, type FrameView } from '../../generated/schema.ts';
import { StoredFiles } from '../../replay/stored-files.ts';
import { Ordinals } from '../../trace/ordinals.ts';
import { TraceReader } from '../../trace/reader.ts';
import { describeRecording } from '../describe-recording.ts';
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
}

export class Recorded {
  readonly description: RecordingDescription;
  readonly workingDirectory: string;
  /** Event of the first exec, with which the program begins. */
  readonly firstProgram: number;
  readonly stored: StoredFiles;
  readonly ordinals: Ordinals;
  readonly #directory: string;
  /** Readers that nobody uses: opening one reads the trace's index again. */
  readonly #idle: TraceReader[] = [];
  #events: EventIndex | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    using cursor = this.open();
    const { reader } = cursor;
    this.description = describeRecording(reader);
    this.firstProgram = firstExec(reader);
    this.workingDirectory = reader.header.workingDirectory;
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
    const { endEvent, lastEvent } = this.process(pid);
    const last = Math.min(this.description.lastEvent, (endEvent ?? lastEvent) - 1);
    return { event: Math.max(1, last), legs: [] };
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
    const last = Math.max(...lastPlaces);
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
    const events = { tasks: new Int32Array(size), kinds: new Uint8Array(size) };
    using cursor = this.open();
    const { reader } = cursor;
    reader.seek(1);
    while (reader.event < reader.lastEvent && reader.next()) {
      events.tasks[reader.event] = reader.frame.tid;
      events.kinds[reader.event] = reader.frame.eventKind;
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

/** Number of the first exec's event; the first event where there is none. */
function firstExec(reader: TraceReader): number {
  reader.seek(1);
  while (reader.event < reader.lastEvent && reader.next()) {
    if (reader.frame.eventKind === eventKinds.exec) return reader.event;
  }
  return 1;
}

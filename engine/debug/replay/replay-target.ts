/**
 * A Target over a replay (target.ts). It runs in a thread of its own and answers requests one after the other; while the
 * replay runs it is deep inside an event, and so it answers there, too: at a stop it serves the debugger until that says
 * to go on. Going elsewhere unwinds by one exception, and the abandoned replay is disposed of.
 */
import { readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { eventKinds, type FrameView, registerIndex } from '../../generated/schema.ts';
import { logger } from '../../log.ts';
import { Checkpoint, type World } from '../../replay/checkpoint.ts';
import { Echo } from '../../replay/echo.ts';
import { type ReplayProcesses, startProcesses } from '../../replay/primitives.ts';
import { newRegisters, register } from '../../replay/registers.ts';
import { Replayer } from '../../replay/replayer.ts';
import { StoredFiles } from '../../replay/stored-files.ts';
import type { Task } from '../../replay/task.ts';
import { Ordinals } from '../../trace/ordinals.ts';
import { TraceReader } from '../../trace/reader.ts';
import { conditionHolds } from '../breakpoints/agent-expression.ts';
import { describeRecording } from '../describe-recording.ts';
import { type ProcessFacts, processFile } from '../process-files.ts';
import type {
  Breakpoint,
  CheckpointDescription,
  Place,
  ProcessDescription,
  RecordingDescription,
  Resume,
  Stop,
  Target,
  TargetState,
  TaskRegisters,
} from '../target.ts';
import { Driver, type Goal, type Halt } from './driver.ts';
import { FollowGoal } from './goals.ts';
import { type Position, parsePosition, positionText, samePosition } from './position.ts';
import { type Watchpoint, watchValue } from './watched-memory.ts';

const log = logger('debug');

/** What comes from the debugger's side. */
export interface Request {
  readonly id: number;
  readonly method: keyof Target;
  readonly args: readonly unknown[];
}

/** The other end. */
export interface Client {
  /** The next request; waits for it. */
  next(): Request;
  reply(id: number, result: unknown): void;
  refuse(id: number, error: unknown): void;
  /** interrupt() was called since the last acknowledge(). */
  isInterrupted(): boolean;
  acknowledge(): void;
}

export interface ReplayTargetOptions {
  readonly directory: string;
  readonly quiet: boolean;
  readonly client: Client;
}

/** Leaves the replay under way. */
class Leave extends Error {
  readonly go: () => void;

  constructor(go: () => void) {
    super('the replay goes on elsewhere');
    this.go = go;
  }
}

/** A journey that only looks has come to its end. */
class Arrived extends Error {}

/** The debugger is done. */
class Closed extends Error {}

interface Run extends Disposable {
  readonly replayer: Replayer;
  readonly reader: TraceReader;
  readonly driver: Driver;
}

/** A halt, as the debugger is told of it. */
interface Met {
  readonly position: Position;
  readonly stop: Stop;
  /** Of a watchpoint: the instruction that did it, and how many halts of its segment come before. */
  readonly by: number | undefined;
}

/** Real time between automatic checkpoints at first, milliseconds; and how many of them are kept. */
const checkpointEvery = 400;
const mostCheckpoints = 24;

export class ReplayTarget {
  readonly #client: Client;
  readonly #directory: string;
  readonly #workingDirectory: string;
  readonly #recording: RecordingDescription;
  /** Event of the first exec, with which the program begins. */
  readonly #firstProgram: number;
  readonly #processes: ReplayProcesses;
  readonly #stored: StoredFiles;
  readonly #ordinals: Ordinals;
  readonly #echo: Echo;
  readonly #root: Checkpoint;
  #automatic: Checkpoint[] = [];
  #checkpointedAt = 0;
  #explicit: { description: CheckpointDescription; position: Position }[] = [];
  #nextCheckpoint = 1;
  #run: Run | undefined;
  #process: number;

  #breakpoints = new Map<number, readonly (readonly Uint8Array[])[]>();
  #addresses: ReadonlySet<number> = new Set();
  #watches: Watchpoint[] = [];
  #watched: readonly Breakpoint[] = [];
  #caught: readonly number[] | undefined;
  #passed: ReadonlySet<number> = new Set();

  #pending: Request | undefined;
  #resume: Resume | undefined;
  #signal: { readonly tid: number; readonly info: Uint8Array } | undefined;
  #go: (() => void) | undefined;

  constructor({ directory, quiet, client }: ReplayTargetOptions) {
    this.#client = client;
    this.#directory = directory;
    const reader = TraceReader.open(directory);
    try {
      this.#recording = describeRecording(reader);
      this.#process = this.#recording.firstProcess;
      this.#firstProgram = firstExec(reader);
      const { store } = reader.header;
      this.#workingDirectory = reader.header.workingDirectory;
      this.#stored = new StoredFiles(store);
      this.#ordinals = new Ordinals(reader);
    } finally {
      reader.close();
    }
    this.#echo = new Echo({ quiet, mark: false });
    this.#processes = startProcesses();
    this.#root = Checkpoint.ofBeginning(this.#processes);
  }

  /** Answers requests until close() is asked for. */
  serve(): void {
    this.#go = () => this.#travelTo(this.#beginning());
    for (;;) {
      try {
        const go = this.#go;
        this.#go = undefined;
        if (go === undefined) this.#serveHere();
        else go();
      } catch (error) {
        this.#endRun();
        if (error instanceof Closed) break;
        if (error instanceof Leave) {
          this.#go = error.go;
          continue;
        }
        this.#failed(error);
      }
    }
    this.#processes.close();
  }

  // Positions.

  #processOf(pid: number): ProcessDescription {
    const found = this.#recording.processes.find((process) => process.pid === pid);
    if (found !== undefined) return found;
    const known = this.#recording.processes.map((process) => process.pid).join(', ');
    throw new EngineError('NO_PLACE', `the recording has no process ${pid}; it has ${known}`);
  }

  /** The first place of the process that is looked at. */
  #beginning(): Position {
    const process = this.#processOf(this.#process);
    const isFirst = process.pid === this.#recording.firstProcess;
    return { event: isFirst ? this.#firstProgram : process.firstEvent, legs: [] };
  }

  /** The last place of it: its end is the event behind. */
  #end(): Position {
    return {
      event: Math.max(1, Math.min(this.#recording.lastEvent, this.#processOf(this.#process).lastEvent - 1)),
      legs: [],
    };
  }

  #positionOf(place: Place): Position {
    switch (place.kind) {
      case 'begin':
        return this.#beginning();
      case 'end':
        return this.#end();
      case 'event':
        return { event: place.event, legs: [] };
      case 'position':
        return parsePosition(place.text);
      case 'checkpoint': {
        const found = this.#explicit.find(({ description }) => description.number === place.number);
        if (found === undefined) throw new EngineError('NO_CHECKPOINT', `there is no checkpoint ${place.number}`);
        return found.position;
      }
      case 'process': {
        const process = this.#processOf(place.pid);
        this.#process = place.pid;
        return { event: process.execEvent ?? process.firstEvent, legs: [] };
      }
      case 'fork': {
        const process = this.#processOf(place.pid);
        this.#process = place.pid;
        return { event: process.firstEvent, legs: [] };
      }
      case 'ticks':
        throw new EngineError(
          'NO_TICKS',
          'this recording has no ticks: `when` tells an event, and `seek EVENT` goes there',
        );
    }
  }

  /** @throws EngineError NO_PLACE */
  #checkPosition(position: Position): void {
    if (position.event < 1 || position.event > this.#recording.lastEvent) {
      throw new EngineError(
        'NO_PLACE',
        `there is no event ${position.event}: the recording has 1 to ${this.#recording.lastEvent}`,
      );
    }
  }

  /** The process to look at where that event is behind: the same if it lives there. */
  #chooseProcess(event: number): void {
    const lives = ({ firstEvent, lastEvent }: ProcessDescription): boolean => firstEvent <= event && event < lastEvent;
    const now = this.#processOf(this.#process);
    if (lives(now)) return;
    const other = this.#recording.processes.filter(lives).at(-1) ?? this.#processOf(this.#recording.firstProcess);
    this.#process = other.pid;
  }

  // Runs.

  #endRun(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.[Symbol.dispose]();
  }

  #open(checkpoint: Checkpoint, goal: Goal, isQuiet: boolean): Run {
    const reader = TraceReader.open(this.#directory);
    let world: World | undefined;
    try {
      reader.seek(checkpoint.event + 1);
      world = checkpoint.open();
      const replayer = new Replayer({
        source: reader,
        stored: this.#stored,
        echo: isQuiet ? new Echo({ quiet: true, mark: false }) : this.#echo,
        ordinals: this.#ordinals,
        processes: this.#processes,
        shared: world.shared,
      });
      for (const [tid, task] of world.tasks) replayer.tasks.set(tid, task);
      replayer.onTick = () => this.#echo.flush();
      const driver = new Driver(replayer, checkpoint.event, this.#process, goal, () => this.#client.isInterrupted());
      const dispose = (): void => {
        replayer[Symbol.dispose]();
        reader.close();
      };
      return { replayer, reader, driver, [Symbol.dispose]: dispose };
    } catch (error) {
      reader.close();
      for (const task of world?.tasks.values() ?? []) this.#processes.end(task.pid);
      throw error;
    }
  }

  /** The checkpoints up to that event, the latest first. */
  #checkpointsBefore(event: number): Checkpoint[] {
    const usable = this.#automatic.filter((checkpoint) => checkpoint.event <= event);
    return [...usable.sort((one, other) => other.event - one.event), this.#root];
  }

  /** Goes there, and stays: the request under way is answered, and the debugger served from there on. */
  #travelTo(position: Position, stop?: Stop): void {
    this.#endRun();
    const [checkpoint] = this.#checkpointsBefore(position.event);
    const arrived = (task: Task | undefined): void => {
      const { driver } = this.#run!;
      driver.goal = this.#interactive;
      driver.rename(position.legs);
      this.#serve(stop, task);
    };
    const goal = new FollowGoal({ target: position, event: checkpoint!.event, arrived });
    const run = this.#open(checkpoint!, goal, true);
    this.#run = run;
    this.#drive(run, goal, true);
  }

  /** Plays events until an exception ends it. */
  #drive(run: Run, journey: FollowGoal, isKept: boolean): void {
    const { replayer, driver, reader } = run;
    let isThere = journey.target.event === reader.event && journey.target.legs.length === 0;
    if (isThere) this.#arriveAt(run, journey);
    for (;;) {
      if (isThere) this.#beforeEvent(run, reader.event + 1);
      const frame = replayer.step();
      if (frame === undefined) {
        if (!isThere) throw new EngineError('NO_PLACE', `the recording ends before ${positionText(journey.target)}`);
        this.#serve({ kind: 'end', tid: this.#anyTask()?.tid ?? 0 });
        continue;
      }
      driver.passedEvent(reader.event);
      if (driver.goal === journey) {
        const changed = driver.changedByEvent(frame);
        if (changed !== undefined) this.#metByEvent(run, journey, changed, frame);
        if (isKept) this.#maybeCheckpoint(run);
        if (journey.passedEvent(reader.event)) {
          isThere = true;
          this.#arriveAt(run, journey);
        } else if (reader.event > journey.target.event && driver.goal === journey) {
          throw new EngineError(
            'NO_PLACE',
            `there is no position ${positionText(journey.target)}: the next event comes first`,
          );
        }
      } else {
        isThere = true;
        this.#maybeCheckpoint(run);
        this.#afterEvent(run, frame);
      }
    }
  }

  #arriveAt(run: Run, journey: FollowGoal): void {
    const task = run.replayer.tasks.get(run.replayer.source.frame.tid);
    journey.arrive(task);
  }

  #metByEvent(run: Run, journey: FollowGoal, watch: Watchpoint, frame: FrameView): void {
    const task = run.replayer.tasks.get(frame.tid);
    if (task !== undefined) journey.halted({ kind: 'watchpoint', watch, by: 0 }, task);
  }

  #maybeCheckpoint(run: Run): void {
    const { event } = run.reader;
    const now = performance.now();
    if (now - this.#checkpointedAt < checkpointEvery) return;
    if (this.#automatic.some((checkpoint) => checkpoint.event >= event)) return;
    run.driver.liftAll();
    this.#automatic.push(Checkpoint.of(run.replayer, event));
    this.#checkpointedAt = performance.now();
    if (this.#automatic.length <= mostCheckpoints) return;
    // The one whose neighbours are nearest to each other goes, but for the last ones.
    const sorted = this.#automatic.sort((one, other) => one.event - other.event);
    let victim = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (let index = 0; index + 4 < sorted.length; index++) {
      const gap = sorted[index + 1]!.event - (sorted[index - 1]?.event ?? 0);
      if (gap < shortest) [shortest, victim] = [gap, index];
    }
    const [dropped] = sorted.splice(victim, 1);
    dropped![Symbol.dispose]();
    this.#automatic = sorted;
  }

  // The debugger drives.

  readonly #interactive: Goal = ((target: ReplayTarget): Goal => ({
    get breakpoints() {
      return target.#addresses;
    },
    get watchpoints() {
      return target.#watches;
    },
    steps: (task) => target.#resume?.how === 'step' && task.tid === target.#resume.tid,
    halted: (halt, task) => target.#halted(halt, task),
    beforeRun: () => undefined,
    catches: (number) => target.#catches(number),
  }))(this);

  #catches(number: number): boolean {
    return this.#caught !== undefined && (this.#caught.length === 0 || this.#caught.includes(number));
  }

  #halted(halt: Halt, task: Task): void {
    const { driver } = this.#run!;
    if (halt.kind === 'breakpoint' && !this.#holds(halt.address, task)) {
      if (!this.#isSteppingOf(task)) return;
      if (halt.isStanding) return;
      halt = { kind: 'step' };
    }
    if (halt.kind === 'step' && this.#staysInRange(task)) return;
    if (halt.kind === 'breakpoint' && !halt.isStanding && driver.position.legs.at(-1)?.kind !== 'step') {
      const count = driver.passes(halt.address);
      if (count > 0) driver.rename([...driver.position.legs, { kind: 'pass', address: halt.address, count }]);
    }
    this.#serve(this.#stopOf(halt, task), task);
  }

  #isSteppingOf(task: Task): boolean {
    return this.#resume?.how === 'step' && this.#resume.tid === task.tid;
  }

  #staysInRange(task: Task): boolean {
    const range = this.#resume?.range;
    if (range === undefined) return false;
    const rip = register(task.registers, registerIndex.rip);
    return rip >= range.start && rip < range.end && !this.#client.isInterrupted();
  }

  #stopOf(halt: Halt, task: Task): Stop {
    const { tid } = task;
    switch (halt.kind) {
      case 'breakpoint':
        return { kind: 'breakpoint', tid, address: halt.address, hardware: false };
      case 'step':
        return { kind: 'step', tid };
      case 'watchpoint':
        return { kind: 'watchpoint', tid, access: halt.watch.access, address: halt.watch.address };
      case 'syscall':
        return { kind: 'syscall', tid, number: halt.number, isEntry: halt.isEntry };
      case 'interrupted':
        return { kind: 'interrupted', tid };
    }
  }

  /** Whether a breakpoint's conditions let it count; a breakpoint without any does. */
  #holds(address: number, task: Task): boolean {
    const all = this.#breakpoints.get(address);
    if (all === undefined) return false;
    return all.some(
      (conditions) =>
        conditions.length === 0 ||
        conditions.some((condition) =>
          conditionHolds(condition, {
            register: (number) => gdbRegister(task, number),
            read: (start, length) => {
              const bytes = this.#read(task, start, length);
              return bytes.length === length ? bytes : undefined;
            },
          }),
        ),
    );
  }

  /** Before an event is played while the debugger drives. */
  #beforeEvent(run: Run, event: number): void {
    if (run.driver.goal !== this.#interactive) return;
    const process = this.#processOf(this.#process);
    if (event !== process.lastEvent || process.status === undefined) return;
    for (;;) this.#serve({ kind: 'exit', tid: this.#anyTask()?.tid ?? 0, status: process.status });
  }

  /** After one. */
  #afterEvent(run: Run, frame: FrameView): void {
    const { replayer, driver } = run;
    const task = replayer.tasks.get(frame.tid);
    this.#signal = undefined;
    if (task === undefined || task.threadGroup !== this.#process) return;
    driver.current = task;
    const watch = driver.changedByEvent(frame);
    if (watch !== undefined) {
      this.#serve({ kind: 'watchpoint', tid: task.tid, access: watch.access, address: watch.address }, task);
      return;
    }
    switch (frame.eventKind) {
      case eventKinds.exec:
        this.#serve({ kind: 'exec', tid: task.tid, program: this.#programOf(task) }, task);
        return;
      case eventKinds.signal:
        if (this.#passed.has(frame.number)) break;
        this.#signal = { tid: task.tid, info: signalInfoOf(frame.number) };
        this.#serve({ kind: 'signal', tid: task.tid, signal: frame.number }, task);
        return;
      case eventKinds.syscall:
      case eventKinds.syscallExit:
        if (this.#catches(frame.number)) {
          this.#serve({ kind: 'syscall', tid: task.tid, number: frame.number, isEntry: false }, task);
          return;
        }
        break;
      default:
    }
    const stepsOver =
      frame.eventKind !== eventKinds.syscallEnter &&
      frame.eventKind !== eventKinds.sched &&
      frame.eventKind !== eventKinds.signal;
    if (stepsOver && this.#isSteppingOf(task) && !this.#staysInRange(task)) {
      this.#serve({ kind: 'step', tid: task.tid }, task);
    } else if (this.#client.isInterrupted()) {
      this.#serve({ kind: 'interrupted', tid: task.tid }, task);
    }
  }

  /** Answers the request under way with where this is, and serves until the debugger says to go on from here. */
  #serve(stop: Stop | undefined, task?: Task): void {
    this.#echo.flush();
    const pending = this.#pending;
    this.#pending = undefined;
    this.#resume = undefined;
    const { driver } = this.#run!;
    if (task !== undefined) driver.current = task;
    if (pending !== undefined) {
      if (this.#client.isInterrupted()) this.#client.acknowledge();
      this.#client.reply(pending.id, stop);
    }
    this.#serveHere();
    const current = driver.current;
    if (current !== undefined) driver.goOn(current);
  }

  /** Answers requests until one asks to run on from here. */
  #serveHere(): void {
    for (;;) {
      const request = this.#client.next();
      try {
        if (this.#answer(request)) return;
      } catch (error) {
        if (error instanceof Leave || error instanceof Closed) throw error;
        this.#client.refuse(request.id, error);
      }
    }
  }

  /** True: the replay is to run on. */
  #answer(request: Request): boolean {
    const { id, method, args } = request;
    if (method === 'close') {
      this.#client.reply(id, undefined);
      throw new Closed();
    }
    if (method === 'resume') {
      const resume = args[0] as Resume;
      this.#client.acknowledge();
      this.#pending = request;
      if (resume.direction === 'backward') {
        const from = this.#run!.driver.position;
        throw new Leave(() => this.#backward(resume, from));
      }
      if (this.#run === undefined) throw new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
      this.#refreshWatches();
      this.#resume = resume;
      return true;
    }
    if (method === 'seek') {
      const position = this.#positionOf(args[0] as Place);
      this.#checkPosition(position);
      this.#client.acknowledge();
      this.#pending = request;
      const process = this.#process;
      throw new Leave(() => {
        this.#process = process;
        this.#chooseProcess(position.event);
        this.#travelTo(position);
      });
    }
    const calls: Partial<Record<keyof Target, (...values: never[]) => unknown>> = this.#methods;
    const call = calls[method] as ((...values: readonly unknown[]) => unknown) | undefined;
    if (call === undefined) throw new EngineError('NO_METHOD', `the replay does not know ${method}`);
    this.#client.reply(id, call(...args));
    return false;
  }

  /** The request under way cannot be done. */
  #failed(error: unknown): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) throw error;
    log.debug(() => `${pending.method} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    this.#client.refuse(pending.id, error);
    // From a place that is known; a replay that has left the recording is no place.
    const place = this.#lastPlace ?? this.#beginning();
    this.#go = () => this.#travelTo(place);
  }

  #lastPlace: Position | undefined;

  // Backwards.

  #backward(resume: Resume, from: Position): void {
    this.#lastPlace = from;
    this.#endRun();
    if (resume.how === 'step') throw new EngineError('NOT_YET', 'going back by one instruction is not available yet');
    const begin = this.#beginning();
    let until = from;
    for (const checkpoint of this.#checkpointsBefore(from.event)) {
      if (checkpoint.event > until.event || (checkpoint.event === until.event && until.legs.length === 0)) continue;
      const last = this.#lastHalt(checkpoint, until);
      if (last !== undefined && last.position.event >= begin.event) {
        this.#travelTo(last.position, last.stop);
        return;
      }
      until = { event: checkpoint.event, legs: [] };
      if (checkpoint.event <= begin.event) break;
    }
    this.#travelTo(begin, { kind: 'begin', tid: this.#process });
  }

  /** What the debugger would have stopped at last between a checkpoint and a position. */
  #lastHalt(checkpoint: Checkpoint, until: Position): Met | undefined {
    let last: Met | undefined;
    const passes = new Map<string, number>();
    const watches: Watchpoint[] = [];
    const met = (halt: Halt, task: Task): void => {
      const { driver } = this.#run!;
      const { event } = driver.position;
      if (halt.kind === 'breakpoint') {
        const key = `${event} ${halt.address}`;
        const count = (passes.get(key) ?? 0) + (halt.isStanding ? 0 : 1);
        passes.set(key, count);
        if (!this.#holds(halt.address, task)) return;
        const position: Position =
          count === 0 ? { event, legs: [] } : { event, legs: [{ kind: 'pass', address: halt.address, count }] };
        if (count === 0 && samePosition(position, until)) return;
        last = { position, stop: this.#stopOf(halt, task), by: undefined };
      }
    };
    const arrived = (): void => {
      throw new Arrived();
    };
    const goal = new FollowGoal({
      target: until,
      event: checkpoint.event,
      arrived,
      armed: this.#addresses,
      watchpoints: watches,
      met,
    });
    const run = this.#open(checkpoint, goal, true);
    this.#run = run;
    try {
      this.#drive(run, goal, false);
    } catch (error) {
      if (!(error instanceof Arrived)) throw error;
    } finally {
      this.#endRun();
    }
    // The place where it began is no place before it.
    const isThere = last !== undefined && samePosition((last as Met).position, until);
    return isThere ? undefined : last;
  }

  // Answers.

  #anyTask(): Task | undefined {
    const run = this.#run;
    if (run === undefined) return undefined;
    const { current } = run.driver;
    if (
      current !== undefined &&
      run.replayer.tasks.get(current.tid) === current &&
      current.threadGroup === this.#process
    ) {
      return current;
    }
    return [...run.replayer.tasks.values()].find((task) => task.threadGroup === this.#process);
  }

  #task(tid?: number): Task {
    const task = tid === undefined ? this.#anyTask() : this.#run?.replayer.tasks.get(tid);
    if (task !== undefined) return task;
    throw new EngineError('NO_TASK', `there is no task ${tid ?? `of process ${this.#process}`} here`);
  }

  #programOf(task: Task): string {
    return this.#processOf(task.threadGroup).program;
  }

  #read(task: Task, address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const read = this.#processes.readMemory(task.pid, address, bytes, 0, length);
    const known = bytes.subarray(0, Math.max(0, read));
    this.#run?.driver.show(task.addressSpace, address, known);
    return known;
  }

  #refreshWatches(): void {
    const task = this.#anyTask();
    const { replayer } = this.#run!;
    if (task === undefined) return;
    this.#watches = this.#watched.map(({ kind, address, length }) => ({
      access: kind as Watchpoint['access'],
      address,
      length,
      value: watchValue(replayer, task, address, length),
    }));
  }

  readonly #methods = {
    recording: (): RecordingDescription => this.#recording,
    state: (): TargetState => {
      const run = this.#run;
      if (run === undefined) throw new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
      const current = this.#anyTask();
      const { position } = run.driver;
      return {
        process: this.#process,
        tid: current?.tid ?? this.#process,
        tasks: this.#describeTasks(),
        event: position.event,
        position: positionText(position),
        ticks: undefined,
        elapsedSeconds: position.event === 0 ? 0 : this.#elapsed(run),
        absoluteSeconds: undefined,
        program: current === undefined ? '' : this.#programOf(current),
        image: this.#imageOf(current),
      };
    },
    registers: (tid: number): TaskRegisters => {
      const task = this.#task(tid);
      const general = newRegisters();
      general.set(task.registers);
      return { general, xsave: Uint8Array.from(this.#processes.getXsave(task.pid)) };
    },
    setRegisters: (tid: number, registers: TaskRegisters): void => {
      this.#task(tid).registers.set(registers.general);
    },
    readMemory: (address: number, length: number): Uint8Array => this.#read(this.#task(), address, length),
    writeMemory: (address: number, bytes: Uint8Array): number => {
      const task = this.#task();
      this.#run!.driver.written(task.addressSpace, address, bytes.length);
      return this.#processes.writeMemory(task.pid, address, bytes, 0, bytes.length);
    },
    signalInfo: (tid: number): Uint8Array | undefined => (this.#signal?.tid === tid ? this.#signal.info : undefined),
    auxiliaryVector: (): Uint8Array => this.#task().addressSpace.start?.auxiliaryVector ?? new Uint8Array(16),
    processFile: (path: string): Uint8Array | undefined => {
      const task = this.#task();
      const { parent, program } = this.#processOf(this.#process);
      const { files, start, heapEnd } = task.addressSpace;
      const facts: ProcessFacts = {
        process: this.#process,
        parent: parent ?? 0,
        tasks: this.#describeTasks(),
        program,
        workingDirectory: this.#workingDirectory,
        arguments: start?.arguments ?? [],
        auxiliaryVector: start?.auxiliaryVector ?? new Uint8Array(16),
        kernelFile: (name) => readFileSync(`/proc/${task.pid}/${name}`, 'latin1'),
        fileAt: (address) => {
          const file = files.find(address);
          return file === undefined ? undefined : { path: file.path, offset: file.offset + (address - file.start) };
        },
        labelOf: (from, to) => {
          const rsp = register(task.registers, registerIndex.rsp);
          if (rsp >= from && rsp < to && task.tid === this.#process) return '[stack]';
          return heapEnd !== undefined && heapEnd > from && heapEnd <= to ? '[heap]' : undefined;
        },
        isHidden: (from) => from >= 0x7000_0000 && from < 0x7020_0000,
      };
      return processFile(facts, path);
    },
    storedFile: (): string | undefined => undefined,
    setBreakpoints: (all: readonly Breakpoint[]): void => {
      const code = all.filter(({ kind }) => kind === 'software' || kind === 'hardware');
      const map = new Map<number, (readonly Uint8Array[])[]>();
      for (const { address, conditions } of code) {
        const known = map.get(address) ?? [];
        known.push(conditions);
        map.set(address, known);
      }
      this.#breakpoints = map;
      this.#addresses = new Set(map.keys());
      this.#watched = all.filter(({ kind }) => kind !== 'software' && kind !== 'hardware');
    },
    catchSyscalls: (numbers: readonly number[] | undefined): void => {
      this.#caught = numbers;
    },
    passSignals: (numbers: readonly number[]): void => {
      this.#passed = new Set(numbers);
    },
    checkpoint: (): CheckpointDescription => {
      const task = this.#task();
      const { position } = this.#run!.driver;
      const description: CheckpointDescription = {
        number: this.#nextCheckpoint++,
        position: positionText(position),
        event: position.event,
        process: this.#process,
        address: register(task.registers, registerIndex.rip),
      };
      this.#explicit.push({ description, position });
      return description;
    },
    checkpoints: (): readonly CheckpointDescription[] => this.#explicit.map(({ description }) => description),
    deleteCheckpoint: (number: number): void => {
      const index = this.#explicit.findIndex(({ description }) => description.number === number);
      if (index < 0) throw new EngineError('NO_CHECKPOINT', `there is no checkpoint ${number}`);
      this.#explicit.splice(index, 1);
    },
  } satisfies Omit<Target, 'resume' | 'seek' | 'close'>;

  #describeTasks(): TargetState['tasks'] {
    const tasks = [...(this.#run?.replayer.tasks.values() ?? [])];
    return tasks
      .filter((task) => task.threadGroup === this.#process)
      .map(({ tid, name }) => ({ tid, name: name.slice(0, 15) }));
  }

  #imageOf(task: Task | undefined): number {
    return (task?.threadGroup ?? 0) * 2 ** 24 + ((task?.addressSpace.start?.event ?? 0) % 2 ** 24);
  }

  #elapsed(run: Run): number {
    return run.reader.frame.timeNumber / 1e9;
  }
}

/** user_regs_struct's indices in the order of gdb's registers: general, rip, eflags, segments. */
const gdbOrder = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
  ...(['rip', 'eflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const),
].map((name) => registerIndex[name]);

function gdbRegister(task: Task, number: number): bigint | undefined {
  const index = gdbOrder[number];
  if (index === undefined) return undefined;
  return (BigInt(task.registers[2 * index + 1]!) << 32n) | BigInt(task.registers[2 * index]!);
}

/** siginfo_t with nothing but the number; where the trace has more, that is not looked at yet. */
function signalInfoOf(signal: number): Uint8Array {
  const info = new Uint8Array(128);
  new DataView(info.buffer).setInt32(0, signal, true);
  return info;
}

/** Number of the first exec's event; the first event where there is none. */
function firstExec(reader: TraceReader): number {
  reader.seek(1);
  while (reader.event < reader.lastEvent && reader.next()) {
    if (reader.frame.eventKind === eventKinds.exec) return reader.event;
  }
  return 1;
}

/**
 * A Target over a replay (target.ts). It runs in a thread of its own and answers requests one after the other; while the
 * replay runs it is deep inside an event, and so it answers there, too: at a stop it serves the debugger until that says
 * to go on. Going elsewhere unwinds by one exception, and the abandoned replay is disposed of.
 */
import { readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { eventKinds, type FrameView, frameFlags, registerIndex, trapKinds } from '../../generated/schema.ts';
import { logger } from '../../log.ts';
import { Checkpoint, type World } from '../../replay/checkpoint.ts';
import { masks, registersEqual } from '../../replay/compare.ts';
import { Echo } from '../../replay/echo.ts';
import { type RegisterWords, type ReplayProcesses, startProcesses } from '../../replay/primitives.ts';
import { newRegisters, register } from '../../replay/registers.ts';
import { Replayer } from '../../replay/replayer.ts';
import { StoredFiles } from '../../replay/stored-files.ts';
import type { Task } from '../../replay/task.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
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
import { Diversion } from './diversion.ts';
import { Driver, type Goal, type Halt } from './driver.ts';
import { runToPass, runToState } from './fast-run.ts';
import { FollowGoal } from './goals.ts';
import { checksumMemory, type RangeChecksum, sameMemory } from './memory-state.ts';
import {
  type Leg,
  legsBetween,
  type Position,
  parsePosition,
  positionText,
  samePosition,
  unstepped,
  withoutLastLeg,
  withPass,
} from './position.ts';
import { guessPredecessors } from './predecessors.ts';
import { Count, Walk, type WalkEnd } from './walk.ts';
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
  readonly from: Kept;
  readonly replayer: Replayer;
  readonly reader: TraceReader;
  readonly driver: Driver;
}

/** A halt, as the debugger is told of it. */
interface Met {
  readonly position: Position;
  readonly stop: Stop;
}

/** A checkpoint, and where it is. */
interface Kept {
  readonly checkpoint: Checkpoint;
  readonly position: Position;
  /** The task whose segment it is in, or whose event it is behind. */
  readonly tid: number;
  /** Recorded time of the event, nanoseconds. */
  readonly time: number;
}

/** What is known of a place without a name. */
type OpenPlace =
  /** Behind the so-manieth change of a watched value since the leg before, by the instruction there. */
  | { readonly kind: 'watch'; readonly by: number; readonly index: number; readonly watched: readonly Breakpoint[] }
  | { readonly kind: 'state'; readonly registers: RegisterWords; readonly checksums: readonly RangeChecksum[] };

const mostNear = 6;

/** Real time between automatic checkpoints at first, milliseconds; and how many of them are kept. */
const checkpointEvery = 400;
/** Of a walk: instructions before it is looked whether to go on, and how often. */
const stepsAtOnce = 4000;
const mostRounds = 60;
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
  readonly #root: Kept;
  #automatic: Kept[] = [];
  /** Where the debugger has just been, and is likely to come again: the latest last. */
  readonly #near: Kept[] = [];
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
    const checkpoint = Checkpoint.ofBeginning(this.#processes);
    this.#root = { checkpoint, position: { event: 0, legs: [] }, tid: 0, time: 0 };
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

  #open(from: Kept, goal: Goal): Run {
    this.#echo.flush();
    this.#echo.muted = true;
    const { checkpoint, position, tid } = from;
    const reader = TraceReader.open(this.#directory);
    let world: World | undefined;
    try {
      reader.seek(checkpoint.event + 1);
      world = checkpoint.open();
      const replayer = new Replayer({
        source: reader,
        stored: this.#stored,
        echo: this.#echo,
        ordinals: this.#ordinals,
        processes: this.#processes,
        shared: world.shared,
      });
      for (const [tid, task] of world.tasks) replayer.tasks.set(tid, task);
      if (checkpoint.progress !== undefined) replayer.resumed = { ...checkpoint.progress };
      replayer.onTick = () => this.#echo.flush();
      const driver = new Driver(replayer, checkpoint.event, this.#process, goal, () => this.#client.isInterrupted());
      if (checkpoint.progress !== undefined) driver.resumeAt(position.legs, world.tasks.get(tid));
      const dispose = (): void => {
        replayer[Symbol.dispose]();
        reader.close();
      };
      return { from, replayer, reader, driver, [Symbol.dispose]: dispose };
    } catch (error) {
      reader.close();
      for (const task of world?.tasks.values() ?? []) this.#processes.end(task.pid);
      throw error;
    }
  }

  /** Checkpoints on the way to a position, the latest first. */
  #checkpointsBefore(position: Position): Kept[] {
    const usable = [...this.#automatic, ...this.#near].filter(
      (kept) => kept.position.event <= position.event && legsBetween(kept.position, position) !== undefined,
    );
    const later = (one: Kept, other: Kept): number =>
      other.position.event - one.position.event ||
      stepsOf(legsBetween(one.position, position)) - stepsOf(legsBetween(other.position, position));
    return [...usable.sort(later), this.#root];
  }

  /** Goes there, and stays: the request under way is answered, and the debugger served from there on. */
  #travelTo(position: Position, stop?: Stop, again?: Request): void {
    this.#endRun();
    const [kept] = this.#checkpointsBefore(position);
    const arrived = (task: Task | undefined): void => {
      const { driver } = this.#run!;
      driver.goal = this.#interactive;
      this.#echo.muted = false;
      driver.rename(position.legs);
      if (position.legs.length === 0) this.#keepNear(task);
      if (again === undefined) {
        this.#serve(stop, task);
        return;
      }
      // A resume that was asked for here goes on at once.
      if (task !== undefined) driver.goOn(task);
      this.#refreshWatches();
      this.#resume = again.args[0] as Resume;
    };
    const goal = new FollowGoal({ target: position, from: kept!.position, arrived, runToPass: this.#runToPass });
    const run = this.#open(kept!, goal);
    this.#run = run;
    this.#drive(run, goal, true);
  }

  /** Goes there, does `goal` from there on, and ends when that throws Arrived. */
  #explore(position: Position, makeGoal: (run: Run) => Goal, keeps = false): void {
    this.#endRun();
    const [kept] = this.#checkpointsBefore(position);
    const arrived = (task: Task | undefined): void => {
      const { driver } = this.#run!;
      driver.rename(position.legs);
      if (keeps) this.#keepNear(task);
      if (task !== undefined) driver.goOn(task);
      driver.goal = makeGoal(this.#run!);
    };
    const journey = new FollowGoal({ target: position, from: kept!.position, arrived, runToPass: this.#runToPass });
    const run = this.#open(kept!, journey);
    this.#run = run;
    try {
      this.#drive(run, journey, false);
    } catch (error) {
      if (!(error instanceof Arrived)) throw error;
    } finally {
      this.#endRun();
    }
  }

  readonly #runToPass = (task: Task, address: number, count: number): void => {
    const { replayer, driver } = this.#run!;
    driver.liftAll();
    runToPass(replayer, task, address, count, () => this.#client.isInterrupted());
    driver.goOn(task);
  };

  /** Makes a checkpoint of where the replay stands. */
  #keepNear(task: Task | undefined): void {
    const { replayer, driver, reader } = this.#run!;
    const { position } = driver;
    if (position.event < this.#firstProgram) return;
    if ([...this.#near, ...this.#automatic].some((kept) => samePosition(kept.position, position))) return;
    const isWithin = position.legs.length > 0;
    if (isWithin && !isResumable(reader.frame)) return;
    driver.liftAll();
    const checkpoint = Checkpoint.of(replayer, position.event, isWithin ? replayer.progress : undefined);
    this.#near.push({ checkpoint, position, tid: task?.tid ?? 0, time: this.#timeOf(this.#run!) });
    if (this.#near.length > mostNear) this.#near.shift()!.checkpoint[Symbol.dispose]();
  }

  /** Plays events until an exception ends it. */
  #drive(run: Run, journey: FollowGoal, isKept: boolean): void {
    const { replayer, driver, reader } = run;
    let isThere = journey.isThere && replayer.resumed === undefined;
    if (isThere) this.#arriveAt(run, journey);
    else if (journey.isThere) driver.arriveBeforeRun = (task) => journey.arrive(task);
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
      } else if (driver.goal === this.#interactive) {
        isThere = true;
        this.#maybeCheckpoint(run);
        this.#afterEvent(run, frame);
      } else {
        driver.goal.passedEvent?.(reader.event);
      }
    }
  }

  #arriveAt(run: Run, journey: FollowGoal): void {
    const hasPlayed = run.reader.event > run.from.position.event;
    const tid = hasPlayed ? run.reader.frame.tid : run.from.tid;
    journey.arrive(run.replayer.tasks.get(tid));
  }

  #metByEvent(run: Run, journey: FollowGoal, watch: Watchpoint, frame: FrameView): void {
    const task = run.replayer.tasks.get(frame.tid);
    if (task !== undefined) journey.halted({ kind: 'watchpoint', watch, by: 0 }, task);
  }

  #maybeCheckpoint(run: Run): void {
    const { event } = run.reader;
    const now = performance.now();
    if (now - this.#checkpointedAt < checkpointEvery) return;
    if (this.#automatic.some(({ position }) => position.event >= event)) return;
    run.driver.liftAll();
    const checkpoint = Checkpoint.of(run.replayer, event);
    const { tid, timeNumber } = run.reader.frame;
    this.#automatic.push({ checkpoint, position: { event, legs: [] }, tid, time: timeNumber });
    this.#checkpointedAt = performance.now();
    if (this.#automatic.length <= mostCheckpoints) return;
    // The one whose neighbours are nearest to each other goes, but for the last ones.
    const sorted = this.#automatic.sort((one, other) => one.position.event - other.position.event);
    let victim = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (let index = 0; index + 4 < sorted.length; index++) {
      const gap = sorted[index + 1]!.position.event - (sorted[index - 1]?.position.event ?? 0);
      if (gap < shortest) [shortest, victim] = [gap, index];
    }
    const [dropped] = sorted.splice(victim, 1);
    dropped!.checkpoint[Symbol.dispose]();
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
    get catchesAny() {
      return target.#caught !== undefined;
    },
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
      if (count > 0) driver.rename(withPass(driver.position.legs, halt.address, count));
    }
    if (halt.kind === 'watchpoint') {
      if (driver.position.legs.at(-1)?.kind !== 'step' || !this.#isSteppingOf(task)) {
        const watched = this.#watched;
        this.#leaveOpen({ kind: 'watch', by: halt.by, index: driver.watchHalts, watched }, task);
      }
    } else if (halt.kind === 'interrupted' && task.threadGroup === this.#process && !driver.standsAtLeg) {
      const registers = task.registers.slice();
      this.#leaveOpen({ kind: 'state', registers, checksums: checksumMemory(this.#processes, task) }, task);
    }
    this.#serve(this.#stopOf(halt, task), task);
  }

  /** The replay stands where no name leads to: a checkpoint keeps the place. */
  #leaveOpen(place: OpenPlace, task: Task): void {
    const { driver } = this.#run!;
    this.#places.push(place);
    driver.rename([...driver.position.legs, { kind: 'open', number: this.#places.length, count: 1 }]);
    this.#keepNear(task);
  }

  /** The same position with names for all of its legs. @throws EngineError NO_PLACE */
  #named(position: Position): Position {
    const known: Leg[] = [];
    for (const leg of position.legs) {
      if (leg.kind !== 'open') known.push(leg);
      else known.push(...this.#nameOf({ event: position.event, legs: [...known] }, leg.number));
    }
    return { event: position.event, legs: known };
  }

  /** Legs from a position to the place without a name that comes next. */
  #nameOf(base: Position, number: number): readonly Leg[] {
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const place = this.#places[number - 1]!;
    const found = place.kind === 'watch' ? this.#nameOfWatch(base, place) : this.#nameOfState(base, place);
    if (found === undefined)
      throw new EngineError('NO_PLACE', `the way to ${positionText(base)}+?${number} is not found again`);
    this.#names.set(number, found);
    return found;
  }

  #nameOfWatch(
    base: Position,
    { by, index, watched }: Extract<OpenPlace, { kind: 'watch' }>,
  ): readonly Leg[] | undefined {
    const count = this.#countToWatch(base, index, by, watched);
    if (count === undefined) return undefined;
    const step: Leg = { kind: 'step', count: 1 };
    return count === 0 ? [step] : [{ kind: 'pass', address: by, count }, step];
  }

  /** The first arrival with that state, which is where it was, or as good as that: all that follows is the same. */
  #nameOfState(base: Position, place: Extract<OpenPlace, { kind: 'state' }>): readonly Leg[] | undefined {
    const address = register(place.registers, registerIndex.rip);
    let found: readonly Leg[] | undefined;
    this.#explore(base, (run) => ({
      breakpoints: new Set(),
      watchpoints: [],
      steps: () => false,
      halted: () => undefined,
      catches: () => false,
      beforeRun: (task) => {
        run.driver.liftAll();
        const isIt = (): boolean => sameMemory(this.#processes, task, place.checksums);
        const count = runToState(run.replayer, task, place.registers, isIt, () => this.#client.isInterrupted());
        found = count === 0 ? [] : [{ kind: 'pass', address, count }];
        throw new Arrived();
      },
    }));
    return found;
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
      if (this.#change !== undefined && !this.#hasOwnRegisters() && resume.direction === 'forward') {
        this.#divert(request, resume);
        return false;
      }
      this.#pending = request;
      if (this.#change !== undefined && resume.direction === 'forward') {
        // The registers are the recording's again: all that was changed is dropped.
        const { position } = this.#change;
        this.#change = undefined;
        throw new Leave(() => this.#travelTo(position, undefined, request));
      }
      this.#change = undefined;
      if (resume.direction === 'backward') {
        const from = this.#run!.driver.position;
        throw new Leave(() => {
          this.#lastPlace = from;
          this.#backward(resume, this.#named(from));
        });
      }
      if (this.#run === undefined) throw new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
      this.#refreshWatches();
      this.#resume = resume;
      return true;
    }
    if (method === 'seek') {
      const position = this.#positionOf(args[0] as Place);
      this.#checkPosition(position);
      this.#change = undefined;
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
    if (method === 'setRegisters' && this.#change?.hasRun && this.#hasOwnRegisters()) {
      // The call is over, and with it all that it has done.
      const { position } = this.#change;
      this.#change = undefined;
      throw new Leave(() => this.#travelTo(position));
    }
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
  /** The debugger has changed registers or memory: where, and what they were. */
  #change:
    | {
        readonly position: Position;
        readonly registers: ReadonlyMap<number, RegisterWords>;
        /** The changed program has run. */
        readonly hasRun: boolean;
      }
    | undefined;
  readonly #places: OpenPlace[] = [];
  readonly #names = new Map<number, readonly Leg[]>();

  // Backwards.

  #backward(resume: Resume, from: Position): void {
    this.#endRun();
    const begin = this.#beginning();
    if (resume.how === 'step') {
      const before = from.event <= begin.event && from.legs.length === 0 ? undefined : this.#before(from);
      if (before === undefined || before.event < begin.event) {
        this.#travelTo(begin, { kind: 'begin', tid: resume.tid });
      } else {
        this.#travelTo(before, { kind: 'step', tid: resume.tid });
      }
      return;
    }
    let until = from;
    for (const kept of this.#checkpointsBefore({ event: from.event, legs: [] })) {
      const { event } = kept.position;
      if (kept.position.legs.length > 0 || event > until.event) continue;
      if (event === until.event && until.legs.length === 0) continue;
      const last = this.#lastHalt(kept, until);
      if (last !== undefined && last.position.event >= begin.event) {
        this.#travelTo(last.position, last.stop);
        return;
      }
      until = { event, legs: [] };
      if (event <= begin.event) break;
    }
    this.#travelTo(begin, { kind: 'begin', tid: resume.tid });
  }

  /** What the debugger would have stopped at last between a checkpoint and a position. */
  #lastHalt(kept: Kept, until: Position): Met | undefined {
    let last: Met | undefined;
    let lastWatch: { event: number; index: number; by: number; stop: Stop } | undefined;
    let segment = -1;
    let passes = new Map<number, number>();
    let watchHalts = 0;
    const watchpoints: Watchpoint[] = [];
    const met = (halt: Halt, task: Task): void => {
      const { event } = this.#run!.driver.position;
      if (event !== segment) {
        segment = event;
        passes = new Map();
        watchHalts = 0;
      }
      if (halt.kind === 'watchpoint') {
        watchHalts++;
        lastWatch = { event, index: watchHalts, by: halt.by, stop: this.#stopOf(halt, task) };
        last = undefined;
        return;
      }
      if (halt.kind !== 'breakpoint') return;
      const count = (passes.get(halt.address) ?? 0) + (halt.isStanding ? 0 : 1);
      passes.set(halt.address, count);
      if (!this.#holds(halt.address, task)) return;
      const legs: Position['legs'] = count === 0 ? [] : [{ kind: 'pass', address: halt.address, count }];
      if (samePosition({ event, legs }, until)) return;
      last = { position: { event, legs }, stop: this.#stopOf(halt, task) };
      lastWatch = undefined;
    };
    const arrived = (): void => {
      throw new Arrived();
    };
    const goal = new FollowGoal({
      target: until,
      from: kept.position,
      arrived,
      armed: this.#addresses,
      watchpoints,
      met,
    });
    const run = this.#open(kept, goal);
    this.#run = run;
    const [task] = run.replayer.tasks.values();
    if (task !== undefined) watchpoints.push(...watchesOf(run.replayer, task, this.#watched));
    try {
      this.#drive(run, goal, false);
    } catch (error) {
      if (!(error instanceof Arrived)) throw error;
    } finally {
      this.#endRun();
    }
    if (lastWatch === undefined) return last;
    const { event, index, by, stop } = lastWatch;
    // What the kernel wrote: before that event.
    const place = by === 0 ? this.#before({ event, legs: [] }) : this.#storePosition(event, index, by);
    return place === undefined ? undefined : { position: place, stop };
  }

  /** Where the store stands that was the so-manieth change of a watched value behind an event. */
  #storePosition(event: number, index: number, by: number): Position | undefined {
    const base: Position = { event, legs: [] };
    const count = this.#countToWatch(base, index, by, this.#watched);
    if (count === undefined) return undefined;
    return count === 0 ? base : { event, legs: [{ kind: 'pass', address: by, count }] };
  }

  /** Arrivals at an instruction up to the so-manieth change of a watched value, which is its. */
  #countToWatch(base: Position, index: number, by: number, watched: readonly Breakpoint[]): number | undefined {
    let found: number | undefined;
    let halts = 0;
    this.#explore(base, (run) => {
      const [task] = [...run.replayer.tasks.values()].filter(({ threadGroup }) => threadGroup === this.#process);
      return new Count({
        addresses: [by],
        watchpoints: task === undefined ? [] : watchesOf(run.replayer, task, watched),
        halted: (halt, _task, counts) => {
          if (halt.kind !== 'watchpoint') return;
          halts++;
          if (halts < index) return;
          found = counts.of(by);
          throw new Arrived();
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
    });
    return found;
  }

  /** The place one instruction before another; undefined at the beginning. @throws EngineError NO_PREDECESSOR */
  #before(position: Position): Position | undefined {
    const unsteppedOne = unstepped(position);
    if (unsteppedOne !== undefined) return unsteppedOne;
    const last = position.legs.at(-1);
    if (last?.kind === 'pass') return this.#beforePass(position, last.address);
    return this.#beforeEffect(position.event);
  }

  /** The place before an event. */
  #beforeEffect(event: number): Position | undefined {
    if (event <= this.#beginning().event) return undefined;
    const base: Position = { event: event - 1, legs: [] };
    const place = this.#placeOfEvent(event);
    if (place === undefined) return base;
    let count = 0;
    this.#explore(base, () => {
      return new Count({
        addresses: [place.address],
        halted: (halt) => {
          if (halt.kind === 'breakpoint' && !halt.isStanding) count++;
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
    });
    if (place.isExecuted) {
      return count === 0 ? base : { event: base.event, legs: [{ kind: 'pass', address: place.address, count }] };
    }
    if (count === 0) return this.#before(base);
    return this.#before({ event: base.event, legs: [{ kind: 'pass', address: place.address, count }] });
  }

  /** Where the task of an event comes to on its way to it; undefined for one that is no place in the code. */
  #placeOfEvent(event: number): { readonly address: number; readonly isExecuted: boolean } | undefined {
    const reader = TraceReader.open(this.#directory);
    try {
      reader.seek(event);
      reader.next();
      return placeOf(reader.frame);
    } finally {
      reader.close();
    }
  }

  /** The place one instruction before an arrival at an address. */
  #beforePass(position: Position, address: number): Position | undefined {
    const base = withoutLastLeg(position);
    const count = position.legs.at(-1)!.count;
    // What is on the stack there tells who called.
    let guesses = new Set<number>();
    this.#explore(position, (run) => {
      const task = run.driver.current!;
      const word = this.#read(task, register(task.registers, registerIndex.rsp), 8);
      const onStack = word.length === 8 ? Number(Buffer.from(word).readBigUInt64LE(0) & 0x7fff_ffff_ffffn) : 0;
      guesses = guessPredecessors(address, onStack, (from, length) => this.#read(task, from, length));
      throw new Arrived();
    });
    let pivot: Position = base;
    let arrivals = count;
    this.#explore(base, () => {
      return new Count({
        addresses: [...guesses, address],
        halted: (halt, _task, counts) => {
          if (halt.kind !== 'breakpoint' || halt.address !== address || counts.of(address) < count) return;
          const [first] = counts.recent;
          if (first !== undefined) {
            arrivals = 1 + counts.recent.slice(1).filter((each) => each.address === address).length;
            pivot = { event: base.event, legs: withPass(base.legs, first.address, first.count) };
          }
          throw new Arrived();
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
    });
    let enters = false;
    for (let rounds = 0; rounds < mostRounds; rounds++) {
      const end = this.#walk(pivot, address, arrivals, enters);
      switch (end?.kind) {
        case 'found':
          return end.before;
        case 'inCall':
          pivot = end.call;
          ({ arrivals } = end);
          enters = true;
          break;
        case 'far':
          if (this.#client.isInterrupted()) throw new EngineError('INTERRUPTED', 'interrupted');
          pivot = end.at;
          ({ arrivals } = end);
          enters = false;
          break;
        default:
          rounds = mostRounds;
      }
    }
    throw new EngineError(
      'NO_PREDECESSOR',
      `the instruction before 0x${address.toString(16)} is too far from all places that are known: set a breakpoint before it and use reverse-continue`,
    );
  }

  #walk(pivot: Position, target: number, arrivals: number, enters: boolean): WalkEnd | undefined {
    let found: WalkEnd | undefined;
    const ended = (end: WalkEnd): never => {
      found = end;
      throw new Arrived();
    };
    const read = (task: Task, from: number, length: number): Uint8Array => this.#read(task, from, length);
    this.#explore(
      pivot,
      ({ driver }) => new Walk({ driver, target, mostSteps: stepsAtOnce, arrivals, enters, read, ended }),
      true,
    );
    return found;
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
    this.#watches = watchesOf(replayer, task, this.#watched);
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
        elapsedSeconds: this.#timeOf(run) / 1e9,
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
      this.#beginChange();
      const task = this.#task(tid);
      task.registers.set(registers.general);
      this.#processes.setXsave(task.pid, registers.xsave, 0, registers.xsave.length);
    },
    readMemory: (address: number, length: number): Uint8Array => this.#read(this.#task(), address, length),
    writeMemory: (address: number, bytes: Uint8Array): number => {
      this.#beginChange();
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
      this.#keepNear(task);
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

  /** The debugger is about to change something: what there was stays in a checkpoint. */
  #beginChange(): void {
    if (this.#change !== undefined) return;
    const { replayer, driver } = this.#run!;
    const { position } = driver;
    this.#keepNear(driver.current);
    if (this.#near.every((kept) => !samePosition(kept.position, position))) {
      throw new EngineError('NOT_HERE', 'nothing can be changed at this place: step or continue a little first');
    }
    const registers = new Map([...replayer.tasks].map(([tid, task]) => [tid, task.registers.slice()]));
    this.#change = { position, registers, hasRun: false };
  }

  /** True when the tasks' registers are what they were before the debugger changed something. */
  #hasOwnRegisters(): boolean {
    const { replayer } = this.#run!;
    return [...this.#change!.registers].every(([tid, registers]) => {
      const task = replayer.tasks.get(tid);
      return task !== undefined && registersEqual(task.registers, registers, masks.signal);
    });
  }

  /** Runs the changed program; what it does is thrown away. */
  #divert(request: Request, resume: Resume): void {
    const run = this.#run!;
    const task = this.#task(resume.how === 'step' ? resume.tid : undefined);
    this.#change = { ...this.#change!, hasRun: true };
    run.driver.liftAll();
    this.#echo.muted = false;
    const stop = new Diversion(run.replayer, this.#echo).run(task, this.#addresses, resume.how === 'step', () =>
      this.#client.isInterrupted(),
    );
    run.driver.current = task;
    this.#client.acknowledge();
    this.#client.reply(request.id, stop);
  }

  #imageOf(task: Task | undefined): number {
    return (task?.threadGroup ?? 0) * 2 ** 24 + ((task?.addressSpace.start?.event ?? 0) % 2 ** 24);
  }

  /** Recorded time of the last event, nanoseconds. */
  #timeOf({ reader, from, driver }: Run): number {
    return driver.position.event > from.position.event && reader.event === driver.position.event
      ? reader.frame.timeNumber
      : this.#lastTime(driver.position.event, from);
  }

  #lastTime(event: number, from: Kept): number {
    if (event === from.position.event) return from.time;
    const reader = TraceReader.open(this.#directory);
    try {
      reader.seek(event);
      return reader.next() ? reader.frame.timeNumber : 0;
    } finally {
      reader.close();
    }
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

/** How far legs lead, roughly: to compare ways of one place to another. */
function stepsOf(legs: readonly Leg[] | undefined): number {
  return (legs ?? []).reduce((sum, leg) => sum + leg.count + (leg.kind === 'pass' ? 1000 : 0), 0);
}

/** Whether a checkpoint on the way to that event can be gone on from: nothing of the replay's own is in the memory. */
function isResumable(frame: FrameView): boolean {
  switch (frame.eventKind) {
    case eventKinds.syscall:
    case eventKinds.syscallEnter:
      return (frame.flags & frameFlags.vsyscall) === 0;
    case eventKinds.trap:
    case eventKinds.sched:
      return true;
    default:
      return false;
  }
}

const rdtscpKind = trapKinds.rdtscp;

/** Where a task comes to on its way to an event, by its recorded registers. */
function placeOf(frame: FrameView): { readonly address: number; readonly isExecuted: boolean } | undefined {
  const rip = frame.registerLow(registerIndex.rip) + frame.registerHigh(registerIndex.rip) * 0x1_0000_0000;
  switch (frame.eventKind) {
    case eventKinds.syscall:
      // Its registers are those of where it returned to.
      if (frame.number === syscallNumbers.rt_sigreturn) return undefined;
      return { address: rip - 2, isExecuted: true };
    case eventKinds.syscallEnter:
      return { address: rip - 2, isExecuted: true };
    case eventKinds.trap:
      return frame.number === trapKinds.random
        ? undefined
        : { address: rip - (frame.number === rdtscpKind ? 3 : 2), isExecuted: true };
    case eventKinds.signal:
    case eventKinds.sched:
      return { address: rip, isExecuted: false };
    default:
      return undefined;
  }
}

/** Watchpoints with what is there now. */
function watchesOf(replayer: Replayer, task: Task, watched: readonly Breakpoint[]): Watchpoint[] {
  return watched.map(({ kind, address, length }) => ({
    access: kind as Watchpoint['access'],
    address,
    length,
    value: watchValue(replayer, task, address, length),
  }));
}

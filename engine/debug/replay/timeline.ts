/**
 * The replay that stands somewhere, and the means to have it stand elsewhere: each journey opens a new one at the
 * checkpoint before its target, and goes on from there.
 */
import { EngineError } from '../../errors.ts';
import { eventKinds, type FrameView, registerIndex } from '../../generated/schema.ts';
import { Checkpoint, type World } from '../../replay/checkpoint.ts';
import type { Echo } from '../../replay/echo.ts';
import type { ReplayProcesses } from '../../replay/primitives.ts';
import { register } from '../../replay/registers.ts';
import { Replayer } from '../../replay/replayer.ts';
import type { Task } from '../../replay/task.ts';
import type { TraceReader } from '../../trace/reader.ts';
import { Arrived, type Client } from './client.ts';
import { Driver, type Goal } from './driver.ts';
import { isResumable } from './event-places.ts';
import { type CountedSite, countPasses, type PassRun, recordPasses, runToPass, type SitePasses } from './fast-run.ts';
import { FollowGoal } from './goals.ts';
import { type Kept, KeptCheckpoints } from './kept-checkpoints.ts';
import { type Position, positionText } from './position.ts';
import type { Recorded } from './recorded.ts';
import { SecondGuess } from './second-guess.ts';
import type { Watchpoint } from './watched-memory.ts';

/** A replay under way. */
export interface Run extends Disposable {
  readonly from: Kept;
  readonly replayer: Replayer;
  readonly reader: TraceReader;
  readonly driver: Driver;
}

/** Who has the replay once it is where it was to go. */
export interface Pilot {
  readonly goal: Goal;
  beforeEvent(run: Run, event: number): void;
  afterEvent(run: Run, frame: FrameView): void;
  /** There is no event any more. */
  atEnd(run: Run): void;
}

/** Places with two texts that are remembered. */
const mostAliases = 10_000;

export class Timeline {
  readonly recorded: Recorded;
  readonly processes: ReplayProcesses;
  readonly checkpoints: KeptCheckpoints;
  readonly echo: Echo;
  readonly client: Client;
  readonly #withoutCpuidFaulting: boolean;
  /** Recorded id of the process that is looked at. */
  process: number;
  /** The replay that stands somewhere now. */
  run: Run | undefined;
  /** Names of places that are gone to from one without a name on the way, by their texts. */
  readonly aliases = new Map<string, Position>();
  /** The replay is on its way, at a place that a checkpoint is to keep. */
  onPause: (task: Task) => void = () => undefined;
  /** The same position by a way that can be gone. */
  reachable: (position: Position) => Position = (position) => position;
  /** The place on the way before one on the way, if the program does not come to any of the addresses in between. */
  quietBefore: (position: Position, addresses: ReadonlySet<number>) => Position | undefined = () => undefined;
  /** Shorter ways to places, by their names. */
  readonly #ways = new Map<string, Position>();
  readonly #secondGuess: SecondGuess;
  /** While this has the replay, places on the way are kept. */
  #keepsFor: Goal | undefined;

  constructor(parts: {
    readonly recorded: Recorded;
    readonly processes: ReplayProcesses;
    readonly echo: Echo;
    readonly client: Client;
    readonly withoutCpuidFaulting: boolean;
  }) {
    this.#withoutCpuidFaulting = parts.withoutCpuidFaulting;
    this.recorded = parts.recorded;
    this.processes = parts.processes;
    this.echo = parts.echo;
    this.client = parts.client;
    this.process = parts.recorded.description.firstProcess;
    this.checkpoints = new KeptCheckpoints(parts.processes);
    this.#secondGuess = new SecondGuess(parts.recorded.ordinals);
  }

  /** The first place of the process that is looked at. */
  get beginning(): Position {
    return this.recorded.beginningOf(this.process);
  }

  endRun(): void {
    const run = this.run;
    this.run = undefined;
    if (run?.driver.hasWrittenCode) this.#secondGuess.hasChangedCode = true;
    run?.[Symbol.dispose]();
  }

  /** Another replay, from a checkpoint on; it becomes the one that stands somewhere. */
  open(from: Kept, goal: Goal): Run {
    this.endRun();
    this.echo.flush();
    this.echo.muted = true;
    const { checkpoint, position, tid } = from;
    const cursor = this.recorded.open();
    const { reader } = cursor;
    let world: World | undefined;
    try {
      reader.seek(checkpoint.event + 1);
      world = checkpoint.open();
      const replayer = new Replayer({
        source: reader,
        stored: this.recorded.stored,
        echo: this.echo,
        ordinals: this.recorded.ordinals,
        weakPoints: this.#secondGuess.weakPoints,
        processes: this.processes,
        shared: world.shared,
      });
      replayer.keepsCode = this.#secondGuess.keepsCode;
      replayer.withoutCpuidFaulting = this.#withoutCpuidFaulting;
      for (const [each, task] of world.tasks) replayer.tasks.set(each, task);
      if (checkpoint.progress !== undefined) replayer.resumed = { ...checkpoint.progress };
      replayer.onTick = () => this.echo.flush();
      const driver = new Driver(replayer, checkpoint.event, this.process, goal, () => this.client.isInterrupted());
      if (checkpoint.progress !== undefined) driver.resumeAt(position.legs, world.tasks.get(tid));
      this.#keepsFor = undefined;
      driver.wantsPause = () =>
        driver.goal === this.#keepsFor && this.checkpoints.isPauseDue() && isResumable(reader.frame);
      driver.paused = (task) => this.onPause(task);
      const dispose = (): void => {
        replayer[Symbol.dispose]();
        cursor[Symbol.dispose]();
      };
      this.run = { from, replayer, reader, driver, [Symbol.dispose]: dispose };
      return this.run;
    } catch (error) {
      cursor[Symbol.dispose]();
      for (const task of world?.tasks.values() ?? []) this.processes.end(task.pid);
      throw error;
    }
  }

  /**
   * The replay has left the recording at an event. The one from which on all is to be replayed anew, with what may have led
   * it astray done otherwise; undefined: nothing is left to try.
   */
  guessAgain(diverged: number): number | undefined {
    const from = this.#secondGuess.after(diverged);
    if (from === undefined) return undefined;
    this.checkpoints.drop(from);
    this.aliases.clear();
    this.#ways.clear();
    return from;
  }

  /** The way to a position from the latest checkpoint before it; `arrived` is called there. */
  journey(position: Position, arrived: (task: Task | undefined) => void): FollowGoal {
    const target = this.checkpoints.reaches(position) ? position : this.reachable(position);
    const [from] = this.checkpoints.before(target);
    return new FollowGoal({ target, from: from!, arrived, runToPass: this.#runToPass, keep: this.#keep });
  }

  /** Goes there, does `goal` from there on, and ends when that throws Arrived. */
  explore(position: Position, makeGoal: (run: Run) => Goal, keeps = false): void {
    const journey = this.journey(position, (task) => {
      const run = this.run!;
      run.driver.arriveAt(position.legs);
      if (keeps) this.keepNear(task);
      if (task !== undefined) run.driver.goOn(task);
      run.driver.goal = makeGoal(run);
    });
    this.look(journey);
  }

  /** Goes until the journey, or what it has led to, throws Arrived. Nothing stays of it. */
  look(journey: FollowGoal, begin: (run: Run) => void = () => undefined): void {
    const run = this.open(journey.from, journey);
    try {
      begin(run);
      this.follow(run, journey);
    } catch (error) {
      if (!(error instanceof Arrived)) throw error;
    } finally {
      this.endRun();
    }
  }

  /** Plays events until an exception ends it. */
  follow(run: Run, journey: FollowGoal, pilot?: Pilot): never {
    const { replayer, driver, reader } = run;
    this.#keepsFor = pilot?.goal;
    let hasArrived = journey.isThere && replayer.resumed === undefined;
    if (hasArrived) this.#arriveAt(run, journey);
    else if (journey.isThere) driver.arriveBeforeRun = (task) => journey.arrive(task);
    for (;;) {
      if (hasArrived && driver.goal === pilot?.goal) pilot.beforeEvent(run, reader.event + 1);
      const frame = replayer.step();
      if (frame === undefined) {
        if (!hasArrived || pilot === undefined) {
          throw new EngineError('NO_PLACE', `the recording ends before ${positionText(journey.target)}`);
        }
        pilot.atEnd(run);
        continue;
      }
      driver.passedEvent(reader.event);
      if (driver.goal === journey) {
        const changed = driver.changedByEvent(frame);
        if (changed !== undefined) metByEvent(run, journey, changed, frame);
        if (pilot !== undefined) this.#maybeKeep(run);
        const isThere = journey.passedEvent(reader.event);
        const task = replayer.tasks.get(frame.tid);
        if (task !== undefined) journey.metEvent(frame, task);
        if (journey.keepAt === reader.event) this.keepNear(task);
        if (isThere) {
          hasArrived = true;
          this.#arriveAt(run, journey);
        } else if (reader.event > journey.target.event && driver.goal === journey) {
          throw new EngineError(
            'NO_PLACE',
            `there is no position ${positionText(journey.target)}: the next event comes first`,
          );
        }
      } else if (driver.goal === pilot?.goal) {
        hasArrived = true;
        this.#maybeKeep(run);
        pilot.afterEvent(run, frame);
      } else {
        driver.goal.passedEvent?.(reader.event);
      }
    }
  }

  /** Makes a checkpoint of where the replay stands, if one can be gone on from there. */
  keepNear(task: Task | undefined): void {
    this.#keep(task, this.run!.driver.position);
  }

  /** Makes a checkpoint of where the replay is on its way. */
  keepOnTheWay(task: Task): void {
    const begun = performance.now();
    const run = this.run!;
    const { replayer, driver } = run;
    const { position } = driver;
    driver.liftAll();
    const checkpoint = Checkpoint.of(replayer, position.event, replayer.progress);
    const worked = this.processes.processorTime(task.pid) * 1e9;
    const time = Math.max(run.from.time + worked, this.timeOf(run));
    this.checkpoints.addAutomatic({ checkpoint, position, tid: task.tid, time, isPause: true }, begun);
  }

  /** The text of a position; one that means the same in other sessions, where that is known. */
  textOf(position: Position): string {
    const text = positionText(position);
    const named = this.aliases.get(text);
    return named === undefined ? text : positionText(named);
  }

  /** Tells two texts of a place, the second of which means the same in other sessions. */
  alias(position: Position, named: Position): void {
    const [text, name] = [positionText(position), positionText(named)];
    if (text === name) return;
    if (this.aliases.size >= mostAliases) {
      this.aliases.clear();
      this.#ways.clear();
    }
    this.aliases.set(text, named);
    this.#ways.set(name, position);
  }

  /** The same place by a shorter way, where one is known. */
  nearer(position: Position): Position {
    const way = this.#ways.get(positionText(position));
    return way !== undefined && this.checkpoints.reaches(way) ? way : position;
  }

  /** Recorded time of the last event behind a replay, nanoseconds. */
  timeOf({ reader, from, driver }: Run): number {
    const { event } = driver.position;
    if (event === from.position.event) return from.time;
    return reader.event === event ? reader.frame.timeNumber : this.recorded.timeOf(event);
  }

  // Tasks.

  /** The task that stands at the position, or another one of the process. */
  anyTask(): Task | undefined {
    const { run } = this;
    if (run === undefined) return undefined;
    const { current } = run.driver;
    const isOurs = current !== undefined && current.threadGroup === this.process;
    if (isOurs && run.replayer.tasks.get(current.tid) === current) return current;
    return [...run.replayer.tasks.values()].find((task) => task.threadGroup === this.process);
  }

  /** @throws EngineError NO_TASK */
  task(tid?: number): Task {
    const task = tid === undefined ? this.anyTask() : this.run?.replayer.tasks.get(tid);
    if (task !== undefined) return task;
    throw new EngineError('NO_TASK', `there is no task ${tid ?? `of process ${this.process}`} here`);
  }

  /** The program's own bytes; fewer where memory ends. */
  read(task: Task, address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const read = this.processes.readMemory(task.pid, address, bytes, 0, length);
    const known = bytes.subarray(0, Math.max(0, read));
    this.run?.driver.show(task.addressSpace, address, known);
    return known;
  }

  /** Makes a checkpoint where the replay stands, at that position: on its way the driver does not know it. */
  readonly #keep = (task: Task | undefined, position: Position): void => {
    const run = this.run!;
    const { replayer, driver, reader } = run;
    if (position.event < this.recorded.firstProgram || this.checkpoints.has(position)) return;
    const isWithin = position.legs.length > 0;
    if (isWithin && !isResumable(reader.frame)) return;
    driver.liftAll();
    const checkpoint = Checkpoint.of(replayer, position.event, isWithin ? replayer.progress : undefined);
    this.checkpoints.addNear({ checkpoint, position, tid: task?.tid ?? 0, time: this.timeOf(run) });
  };

  /** Returns how many passes are left: something else may come first, and comes again when the task runs on. */
  readonly #runToPass = (task: Task, address: number, count: number): number => {
    const { replayer, driver } = this.run!;
    driver.liftAll();
    this.#secondGuess.hasChangedCode = true;
    const left = runToPass(replayer, task, address, count, () => this.client.isInterrupted());
    driver.hasJumped(task);
    return left;
  };

  /**
   * Runs a task on its way to the next event over at most so many arrivals at an address, without a stop at them; other
   * breakpoints stop it. Undefined where that cannot be.
   */
  countPasses(task: Task, address: number, most: number): number | undefined {
    const { replayer, driver, reader } = this.run!;
    const { eventKind } = reader.frame;
    if (eventKind === eventKinds.sched || task.threadGroup !== this.process || replayer.keepsCode) return undefined;
    this.#secondGuess.hasChangedCode = true;
    if (!driver.armAround(task, [address])) return undefined;
    const { passes, isThere } = countPasses(replayer, task, address, most, () => this.client.isInterrupted());
    driver.hasGone(task, isThere || register(task.registers, registerIndex.rip) === address);
    return passes;
  }

  /**
   * Runs a task on its way to the next event while the passes of addresses are counted by stubs, to the first match that
   * is to end it, or to what stops it before. Undefined where that cannot be: nothing has run then.
   * @param isOnTheWay the debugger goes this way: arrivals count for the names of places, and an interrupt stops it here
   */
  recordPasses(task: Task, sites: readonly CountedSite[], isOnTheWay = false): PassRun | undefined {
    const { replayer, driver, reader } = this.run!;
    const { files } = task.addressSpace;
    if (task.threadGroup !== this.process || replayer.keepsCode) return undefined;
    this.#secondGuess.hasChangedCode = true;
    if (!sites.every(({ address }) => files.find(address) !== undefined)) return undefined;
    const bounded = reader.frame.eventKind === eventKinds.sched ? boundBySched(replayer, sites) : sites;
    if (bounded === undefined) return undefined;
    if (
      !driver.armBeside(
        task,
        bounded.map(({ address }) => address),
      )
    )
      return undefined;
    const before = replayer.progress.passesLeft;
    const stops = (): boolean => this.client.isInterrupted();
    const run = recordPasses(replayer, task, bounded, stops, isOnTheWay ? 'stay' : 'leave');
    if (run === undefined) return undefined;
    if (isOnTheWay) {
      const passes = sites.map(({ address }, index) => [address, run.sites[index]!.passes] as const);
      driver.hasCounted(task, run.isDone, passes);
    } else {
      driver.hasGone(task, run.isDone);
    }
    if (reader.frame.eventKind !== eventKinds.sched) return run;
    const stop = register(replayer.expected, registerIndex.rip);
    const last = bounded.findIndex(({ address }) => address === stop);
    const { passes } = run.sites[last]!;
    replayer.progress.passesLeft = (before as number) - passes;
    const isWanted = run.trappedAt !== last || endsBy(sites[last], run.sites[last]!);
    return { ...run, sites: run.sites.slice(0, sites.length), trappedAt: isWanted ? run.trappedAt : undefined };
  }

  #arriveAt(run: Run, journey: FollowGoal): void {
    const hasPlayed = run.reader.event > run.from.position.event;
    const tid = hasPlayed ? run.reader.frame.tid : run.from.tid;
    journey.arrive(run.replayer.tasks.get(tid));
  }

  #maybeKeep(run: Run): void {
    const { event } = run.reader;
    if (!this.checkpoints.isDue(event)) return;
    const begun = performance.now();
    run.driver.liftAll();
    const checkpoint = Checkpoint.of(run.replayer, event);
    const { tid, timeNumber } = run.reader.frame;
    this.checkpoints.addAutomatic({ checkpoint, position: { event, legs: [] }, tid, time: timeNumber }, begun);
  }
}

/** The same, and the forced stop's address among them, so that the run ends there; undefined where that cannot be. */
function boundBySched({ progress, expected }: Replayer, sites: readonly CountedSite[]): CountedSite[] | undefined {
  const { passesLeft } = progress;
  if (typeof passesLeft !== 'number' || passesLeft === 0) return undefined;
  const address = register(expected, registerIndex.rip);
  const same = sites.find((site) => site.address === address);
  if (same === undefined) return [...sites, { address, trapAt: passesLeft, isNeeded: true }];
  const limit = Math.min(same.limit ?? passesLeft, passesLeft);
  return sites.map((site) => (site === same ? { ...same, limit, isNeeded: true } : site));
}

/** Whether a site ends a run by itself after these passes, of which the last is the one where the run has ended. */
function endsBy(site: CountedSite | undefined, { passes, lastMatch }: SitePasses): boolean {
  if (site === undefined) return false;
  if (passes === site.limit) return true;
  const { trapAt } = site;
  if (trapAt === undefined) return false;
  // Of those with a filter the first match traps.
  return isFiltered(site) ? lastMatch === passes : passes === trapAt;
}

function isFiltered({ filter, conditions }: CountedSite): boolean {
  return filter !== undefined || conditions !== undefined;
}

function metByEvent(run: Run, journey: FollowGoal, watch: Watchpoint, frame: FrameView): void {
  const task = run.replayer.tasks.get(frame.tid);
  if (task !== undefined) journey.halted({ kind: 'watchpoint', watch, by: 0 }, task);
}

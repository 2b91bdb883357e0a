/**
 * The debugger drives: the replay runs as the last resume has asked, and each halt that it wants to see is served. A
 * debugger is served from deep inside an event, until it says to go on from there.
 */
import { eventKinds, type FrameView, registerIndex } from '../../generated/schema.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import type { Resume, Stop } from '../target.ts';
import { CountedChanges } from './counted-changes.ts';
import type { Goal, Halt } from './driver.ts';
import { FalseHits } from './false-hits.ts';
import { stopOf } from './halt-stops.ts';
import { checksumMemory } from './memory-state.ts';
import type { OpenPlaces } from './open-places.ts';
import { findRangeLoop, type RangeLoop } from './range-loop.ts';
import type { Requests } from './requests.ts';
import type { Pilot, Run, Timeline } from './timeline.ts';
import { eventStop, type WantedStops, watchesOf } from './wanted-stops.ts';
import type { Watchpoint } from './watched-memory.ts';

export class Interactive implements Pilot {
  readonly goal: Goal;
  /** What runs now. */
  resume: Resume | undefined;
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  readonly #places: OpenPlaces;
  readonly #requests: Requests;
  readonly #serve: (stop: Stop, task?: Task) => void;
  #watches: Watchpoint[] = [];
  readonly #falseHits: FalseHits;
  readonly #changes: CountedChanges;
  /** What the step under way runs over, and all that is armed for it. */
  #loop: RangeLoop | undefined;
  #armed: ReadonlySet<number> = new Set();

  constructor(parts: {
    readonly timeline: Timeline;
    readonly wanted: WantedStops;
    readonly places: OpenPlaces;
    readonly requests: Requests;
    /** Answers the resume under way, and returns when the replay is to go on from here; it throws to leave. */
    readonly serve: (stop: Stop, task?: Task) => void;
  }) {
    this.#timeline = parts.timeline;
    this.#wanted = parts.wanted;
    this.#places = parts.places;
    this.#requests = parts.requests;
    this.#serve = parts.serve;
    this.#changes = new CountedChanges((position) => this.#places.baseOf(position));
    this.#falseHits = new FalseHits(this.#timeline, this.#wanted);
    const breakpoints = (): ReadonlySet<number> => (this.#loop === undefined ? this.#wanted.addresses : this.#armed);
    const watchpoints = (): readonly Watchpoint[] => this.#watches;
    const catchesAny = (): boolean => this.#wanted.caught !== undefined;
    this.goal = {
      get breakpoints() {
        return breakpoints();
      },
      get watchpoints() {
        return watchpoints();
      },
      get catchesAny() {
        return catchesAny();
      },
      steps: (task) => this.#isSteppingOf(task) && !this.#runsOver(task),
      halted: (halt, task) => this.#halted(halt, task),
      beforeRun: (task) => this.#passFalseHits(task),
      catches: (number) => this.#wanted.catches(number),
    };
  }

  /** The replay is to run from where it stands. */
  begin(resume: Resume): void {
    const task = this.#timeline.anyTask();
    const run = this.#timeline.run!;
    this.#changes.begin(run, this.#wanted.watchedText);
    if (task !== undefined) this.#watches = watchesOf(run.replayer, task, this.#wanted.watched);
    this.resume = resume;
    this.#loop = this.#loopOf(resume);
    this.#armed = new Set([...this.#wanted.addresses, ...(this.#loop?.exits ?? [])]);
  }

  /** The loop that a step is to run over; undefined: it has none, or its code is not a file's. */
  #loopOf({ range, tid }: Resume): RangeLoop | undefined {
    const { replayer } = this.#timeline.run!;
    const task = replayer.tasks.get(tid);
    if (range === undefined || task === undefined || replayer.keepsCode) return undefined;
    const rip = register(task.registers, registerIndex.rip);
    if (task.addressSpace.files.find(rip) === undefined) return undefined;
    return findRangeLoop(range, rip, (address, length) => this.#timeline.read(task, address, length));
  }

  #runsOver(task: Task): boolean {
    return this.#loop?.quiet.has(register(task.registers, registerIndex.rip)) === true;
  }

  beforeEvent(_run: Run, event: number): void {
    const { recorded, process } = this.#timeline;
    const { status } = recorded.process(process);
    if (status === undefined || !recorded.isEndOf(process, event)) return;
    for (;;) this.#serve({ kind: 'exit', tid: this.#timeline.anyTask()?.tid ?? 0, status });
  }

  atEnd(): void {
    this.#serve({ kind: 'end', tid: this.#timeline.anyTask()?.tid ?? 0 });
  }

  afterEvent({ replayer, driver }: Run, frame: FrameView): void {
    const task = replayer.tasks.get(frame.tid);
    if (task === undefined || task.threadGroup !== this.#timeline.process) return;
    driver.current = task;
    const watch = driver.changedByEvent(frame);
    if (watch !== undefined) {
      this.#serve({ kind: 'watchpoint', tid: task.tid, access: watch.access, address: watch.address }, task);
      return;
    }
    const stop = this.#stopAfter(frame, task) ?? eventStop(this.#wanted, frame, task, this.#isSteppingOf(task));
    if (stop !== undefined) {
      this.#serve(stop, task);
      return;
    }
    const stepsOver =
      frame.eventKind !== eventKinds.syscallEnter &&
      frame.eventKind !== eventKinds.sched &&
      frame.eventKind !== eventKinds.signal;
    if (stepsOver && this.#isSteppingOf(task) && !this.#staysInRange(task)) {
      this.#serve({ kind: 'step', tid: task.tid }, task);
    } else if (this.#timeline.client.isInterrupted()) {
      this.#serve({ kind: 'interrupted', tid: task.tid }, task);
    }
  }

  /** What the debugger must know of an event. */
  #stopAfter(frame: FrameView, task: Task): Stop | undefined {
    if (frame.eventKind !== eventKinds.exec) return undefined;
    return { kind: 'exec', tid: task.tid, program: this.#requests.programOf(task) };
  }

  #halted(halt: Halt, task: Task): void {
    const { driver } = this.#timeline.run!;
    const { processes } = this.#timeline;
    const arrival = halt.kind === 'breakpoint' && !halt.isStanding ? halt.address : undefined;
    if (halt.kind === 'breakpoint' && !this.#holds(halt.address, task)) {
      if (arrival !== undefined) this.#wanted.counted(arrival, 1);
      if (!this.#isSteppingOf(task)) {
        if (this.#wanted.addresses.has(halt.address)) this.#falseHits.note(halt.address);
        return;
      }
      if (halt.isStanding) return;
      halt = { kind: 'step' };
    }
    if (arrival !== undefined && !driver.standsAtLeg) {
      const { legs, named } = driver.legsOfArrival(arrival);
      driver.rename(legs);
      if (named !== undefined) this.#timeline.alias(driver.position, { event: driver.position.event, legs: named });
    }
    if (halt.kind === 'step' && this.#staysInRange(task)) return;
    if (halt.kind === 'syscall' && halt.isEntry && !driver.standsAtLeg) {
      // It stands behind the instruction, as the kernel sees it.
      this.#places.addCall(driver.position.event + 1);
    } else if (halt.kind === 'watchpoint') {
      const { since, count } = this.#changes.add(driver.position);
      if (!driver.standsAtLeg) {
        this.#places.add({ kind: 'watch', by: halt.by, index: count, watched: this.#wanted.watched }, task, since);
      }
    } else if (halt.kind === 'interrupted' && !driver.standsAtLeg) {
      if (task.threadGroup !== this.#timeline.process) this.#places.add({ kind: 'elsewhere' }, task);
      else {
        const registers = task.registers.slice();
        this.#places.add({ kind: 'state', registers, checksums: checksumMemory(processes, task) }, task);
      }
    }
    if (task.threadGroup === this.#timeline.process) this.#serve(stopOf(halt, task), task);
    else this.#serve({ kind: 'interrupted', tid: this.#timeline.anyTask()?.tid ?? this.#timeline.process });
  }

  /** Stubs judge conditions, where nothing else is to be seen on the way. */
  #passFalseHits(task: Task): void {
    if (this.resume?.how !== 'continue' || this.#watches.length > 0 || this.#wanted.caught !== undefined) return;
    const { driver } = this.#timeline.run!;
    const address = this.#falseHits.pass(task);
    if (address !== undefined) this.#halted({ kind: 'breakpoint', address, isStanding: false }, task);
    else if (this.#timeline.client.isInterrupted()) this.#halted({ kind: 'interrupted' }, task);
    else return;
    driver.goOn(task);
  }

  /** Of an address that is armed for a step alone: no. */
  #holds(address: number, task: Task): boolean {
    if (!this.#wanted.addresses.has(address)) return false;
    return this.#wanted.holds(address, task, (...where) => this.#timeline.read(...where));
  }

  #isSteppingOf(task: Task): boolean {
    return this.resume?.how === 'step' && this.resume.tid === task.tid;
  }

  #staysInRange(task: Task): boolean {
    const range = this.resume?.range;
    if (range === undefined) return false;
    const rip = register(task.registers, registerIndex.rip);
    return rip >= range.start && rip < range.end && !this.#timeline.client.isInterrupted();
  }
}

/**
 * The replay of one trace: takes its events in order, brings the task of each there, and applies it. What each kind of
 * event means is in events/, one file a kind; docs/events.md is the contract.
 */
import { EngineError } from '../errors.ts';
import { eventKinds, type FrameView, frameFlags, registerIndex } from '../generated/schema.ts';
import { logger } from '../log.ts';
import type { CounterSpec } from '../machine/native-probes.ts';
import type { Ordinals } from '../trace/ordinals.ts';
import { checkMappings } from './check-mappings.ts';
import { differences, type RegisterMask, takeRegisters } from './compare.ts';
import type { Controller } from './controller.ts';
import { type DivergenceDetails, makeDivergence } from './divergence.ts';
import type { Echo } from './echo.ts';
import type { EventSource } from './event-source.ts';
import { replayExec } from './events/exec.ts';
import { replayExit } from './events/exit.ts';
import { replaySched } from './events/sched.ts';
import { replaySignal, replaySignalHandler } from './events/signal.ts';
import { replaySyscall, replaySyscallEnter, replaySyscallExit } from './events/syscall.ts';
import { replayTaskStart } from './events/task-start.ts';
import { replayRegistersSet, replayStep } from './events/traced.ts';
import { replayTrap } from './events/trap.ts';
import { PointCosts } from './point-costs.ts';
import { type RegisterWords, type ReplayProcesses, resumeKinds, startProcesses, waitBroken } from './primitives.ts';
import { eventText, RecentEvents } from './recent-events.ts';
import { callNumber, newRegisters, register } from './registers.ts';
import { SharedFiles } from './shared-files.ts';
import { codeOfStop } from './signal-code.ts';
import type { StoredFiles } from './stored-files.ts';
import { checkBufferUsed, loadBuffer, showProgramAddress, showProgramTime, stepOverStub } from './syscall-buffer.ts';
import type { Task } from './task.ts';
import { Ticks } from './ticks.ts';
import {
  endSignal,
  exitCode,
  isStopped,
  signalText,
  sigtrap,
  stopEvent,
  stopSignal,
  syscallStop,
  syscallText,
} from './wait-status.ts';
import { Watchdog } from './watchdog.ts';
import type { WeakPoints } from './weak-points.ts';

const log = logger('replay');

const sigsys = 31;
/** EIO: of the values that ptrace was to set. */
const inputOutputError = 5;
/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: what an instruction can raise. */
const synchronousSignals: ReadonlySet<number> = new Set([4, 5, 7, 8, 11, 31]);

/** What has been done of the way to an event, but for the task's own registers and memory. */
export interface SegmentProgress {
  /** The buffered calls are in the process. */
  isLoaded: boolean;
  /** And the task is behind them, where the event has no instruction of its own. */
  isBehind: boolean;
  /**
   * Of a forced stop: how often the task has still to come to its address. Undefined: not counted yet; 'unknown': no
   * more, since the task has gone on where nobody counted.
   */
  passesLeft: number | 'unknown' | undefined;
  /** Of a `cpuid` that does not trap by itself: where an instruction that traps stands in its place. */
  trapAt?: number | undefined;
}

export class Replayer implements Disposable {
  readonly processes: ReplayProcesses;
  readonly source: EventSource;
  readonly stored: StoredFiles;
  readonly shared: SharedFiles;
  readonly echo: Echo;
  /** Undefined: passes are neither known nor kept. */
  readonly ordinals: Ordinals | undefined;
  /** Undefined: no counter is in use. */
  readonly ticks: Ticks | undefined;
  /** By recorded tid. */
  readonly tasks = new Map<number, Task>();
  /** The first one has been there: its process may be gone by now. */
  hadTasks = false;
  /** Registers at the last stop. */
  readonly found: RegisterWords = newRegisters();
  /** Registers of the current frame: the task's when the event is done. */
  readonly expected: RegisterWords = newRegisters();
  /** The trace's last event has been replayed, and says whether the recording was whole. */
  end: { readonly status: number; readonly incomplete: boolean } | undefined;
  /** Forced stops are found by breakpoints alone (RR_ORACLE=1): slow, and what the stubs are compared with. */
  oracleOnly = process.env.RR_ORACLE === '1';
  /** Nothing of ours is to stand in the program's code: it is read there. */
  keepsCode = false;
  /** Stubs count each pass even where that costs more than the pass (RR_COUNT_PASSES=1): to compare with the oracle's. */
  countPasses = process.env.RR_COUNT_PASSES === '1';
  /** `cpuid` is not made to trap, as on a processor that cannot. */
  withoutCpuidFaulting = false;
  /** Mapped files are compared with the kernel's list after each event. */
  checksMappings = false;
  /** Undefined: nobody wants to know. */
  readonly costs: PointCosts | undefined;
  /** Called several times a second while a process computes. */
  onTick: () => void = () => undefined;
  /** Undefined: a point that looks like the recorded one is it. */
  readonly weakPoints: WeakPoints | undefined;
  /** What is done of the segment that leads to the current event: a checkpoint in it has a copy. */
  progress: SegmentProgress = { isLoaded: false, isBehind: false, passesLeft: undefined };
  /** The first segment goes on from there. */
  resumed: SegmentProgress | undefined;
  /** Undefined: nobody drives it from inside its events. */
  controller: Controller | undefined;
  private readonly recent = new RecentEvents();
  private readonly watchdog: Watchdog;
  private readonly ownsProcesses: boolean;

  /** @throws EngineError REPLAY_START, ADDON_MISSING */
  constructor(parts: {
    readonly source: EventSource;
    readonly stored: StoredFiles;
    readonly echo: Echo;
    readonly ordinals?: Ordinals;
    readonly counter?: CounterSpec;
    readonly weakPoints?: WeakPoints;
    /** Shared with others of the session, who close it; without it the replayer has its own. */
    readonly processes?: ReplayProcesses;
    readonly shared?: SharedFiles;
  }) {
    this.weakPoints = parts.weakPoints;
    this.ordinals = parts.ordinals;
    this.source = parts.source;
    this.stored = parts.stored;
    this.echo = parts.echo;
    this.ownsProcesses = parts.processes === undefined;
    this.processes = parts.processes ?? startProcesses();
    this.shared = parts.shared ?? new SharedFiles();
    this.costs = PointCosts.ifWanted(this.processes);
    this.ticks = parts.counter === undefined ? undefined : new Ticks(this.processes, parts.counter);
    this.watchdog = new Watchdog(this.processes, this.oracleOnly);
  }

  /**
   * Replays the next event, and returns its frame; undefined when there is none.
   * @throws Divergence, and EngineError for a trace that cannot be read or makes no sense
   */
  step(): FrameView | undefined {
    if (!this.source.next()) return undefined;
    const { frame } = this.source;
    this.progress = this.resumed ?? { isLoaded: false, isBehind: false, passesLeft: undefined };
    this.resumed = undefined;
    this.recent.remember(frame);
    const buffered = (frame.flags & frameFlags.buffered) !== 0;
    const runsFirst = (frame.flags & frameFlags.buffered) !== 0 || runsToEvent(frame.eventKind);
    if (!runsFirst) this.controller?.beforeEffects(frame);
    const task = buffered ? loadBuffer(this, frame) : undefined;
    this.replayEvent(frame);
    if (task !== undefined) checkBufferUsed(this, frame, task);
    if (this.ticks !== undefined) this.checkTicks(this.ticks, frame);
    if (this.checksMappings) this.checkMappings(frame);
    return frame;
  }

  /** @throws Divergence */
  private checkMappings(frame: FrameView): void {
    const task = this.tasks.get(frame.tid);
    if (task !== undefined && frame.eventKind !== eventKinds.traceEnd) checkMappings(this, frame, task);
  }

  /** @throws Divergence */
  private checkTicks(ticks: Ticks, frame: FrameView): void {
    const task = this.tasks.get(frame.tid);
    if (task === undefined || frame.eventKind === eventKinds.traceEnd) return;
    const difference = ticks.settle(frame, task);
    if (difference === undefined) return;
    throw this.divergence(frame, task, {
      expected: `${difference.recorded} ticks since the task's last event`,
      found: `${difference.counted} ticks, and the recorded registers`,
    });
  }

  private replayEvent(frame: FrameView): void {
    switch (frame.eventKind) {
      case eventKinds.syscall:
        replaySyscall(this, frame);
        break;
      case eventKinds.syscallEnter:
        replaySyscallEnter(this, frame);
        break;
      case eventKinds.syscallExit:
        replaySyscallExit(this, frame);
        break;
      case eventKinds.signal:
        replaySignal(this, frame);
        break;
      case eventKinds.signalHandler:
        replaySignalHandler(this, frame);
        break;
      case eventKinds.trap:
        replayTrap(this, frame);
        break;
      case eventKinds.taskStart:
        replayTaskStart(this, frame);
        break;
      case eventKinds.exec:
        replayExec(this, frame);
        break;
      case eventKinds.exit:
        replayExit(this, frame);
        break;
      case eventKinds.sched:
        replaySched(this, frame);
        break;
      case eventKinds.step:
        replayStep(this, frame);
        break;
      case eventKinds.registersSet:
        replayRegistersSet(this, frame);
        break;
      case eventKinds.traceEnd:
        this.end = { status: frame.number, incomplete: (frame.flags & 4) !== 0 };
        break;
      default:
        throw this.malformedEvent(frame, `is of kind ${frame.eventKind}, which this version does not know`);
    }
  }

  /** The task of a frame. @throws EngineError BAD_EVENT */
  taskOf(frame: FrameView, tid = frame.tid): Task {
    const task = this.tasks.get(tid);
    if (task === undefined) throw this.malformedEvent(frame, `names task ${tid}, which is not there`);
    return task;
  }

  /**
   * Runs the task until something of its own stops it: a system call, a signal that its instruction raised, or its end.
   * Returns the wait status; the registers are in `found`. Signals from outside are dropped.
   */
  run(frame: FrameView, task: Task): number {
    this.prepareToRun(task);
    this.watchdog.begin();
    for (;;) {
      const steps = this.controller?.beforeRun(task, frame) === 'step';
      const how = steps ? resumeKinds.sysemuStep : resumeKinds.sysemu;
      let status = this.processes.resume(task.pid, how, 0, task.registers, this.found);
      while (status === waitBroken) {
        this.tick(frame, task);
        status = this.processes.wait(task.pid, this.found);
      }
      if (this.controller?.takesStop(task, frame, status)) {
        // Who stops it often needs time.
        this.watchdog.begin();
        continue;
      }
      if (status === syscallStop) {
        showProgramAddress(this, frame, task);
        return status;
      }
      if (status < 0) throw this.ptraceFailure(task, -status);
      if (!isStopped(status)) return status;
      if (this.isOwnSignal(task, status)) {
        showProgramTime(this, task);
        if (stopSignal(status) !== sigtrap || !stepOverStub(this, task)) return status;
        task.registers.set(this.found);
        continue;
      }
      log.debug(() => `event ${frame.eventNumber}: dropped a stop from outside (status 0x${status.toString(16)})`);
      takeRegisters(task, this.found);
    }
  }

  /** What is to be done before the task's next instruction. */
  prepareToRun(task: Task): void {
    task.interrupted = undefined;
  }

  /** A wait was broken by the timer: time to show that we live, and to ask whether this can still end. @throws Divergence */
  tick(frame: FrameView, task: Task): void {
    this.onTick();
    this.checkWatchdog(frame, task);
  }

  /** The watchdog's count begins anew. */
  beginWatch(): void {
    this.watchdog.begin();
  }

  /** True when a stop is a signal that the task's own instruction raised. */
  isOwnSignal(task: Task, status: number): boolean {
    return stopEvent(status) === 0 && this.raisedItself(task, stopSignal(status));
  }

  /** The process for the first task: the stub itself, or a copy where others need it, too. -errno when that failed. */
  takeFirst(): number {
    const cloneParent = 0x8000;
    return this.ownsProcesses ? this.processes.first : this.processes.clone(this.processes.first, cloneParent);
  }

  /** Ends the task's process and forgets the task. */
  drop(task: Task): void {
    this.tasks.delete(task.tid);
    task.addressSpace.tasks.delete(task);
    this.processes.end(task.pid);
  }

  /** The frame's registers, read into `expected`, become the task's. */
  adopt(frame: FrameView, task: Task): void {
    task.registers.set(this.expected);
    task.time = frame.timeNumber;
    const { eventKind } = frame;
    task.inMidCode = eventKind === eventKinds.sched || eventKind === eventKinds.signal;
  }

  /** What to throw when the process did something else than the recording. */
  divergence(frame: FrameView, task: Task, details: DivergenceDetails): Error {
    return makeDivergence(this.processes, this.recent, frame, task, details);
  }

  /** It stopped as expected, but with other registers. */
  registerDivergence(frame: FrameView, task: Task, mask: RegisterMask): Error {
    return this.divergence(frame, task, {
      expected: 'the recorded registers',
      found: 'others',
      registers: differences(this.expected, this.found, mask),
      address: register(this.found, registerIndex.rip),
    });
  }

  /** It stopped somewhere else, or not at all. */
  stopDivergence(frame: FrameView, task: Task, expected: string, status: number): Error {
    return this.divergence(frame, task, {
      expected,
      found: this.describeStop(status),
      ...(isStopped(status) ? { address: register(this.found, registerIndex.rip) } : {}),
    });
  }

  /** A system call of the tracer failed that the recording saw succeed. */
  callDivergence(frame: FrameView, task: Task, call: string, error: number): Error {
    return this.divergence(frame, task, {
      expected: `${call} succeeds`,
      found: `the kernel refuses it: errno ${-error}`,
    });
  }

  /** What to throw where an event cannot be of a recording. */
  malformedEvent(frame: FrameView, what: string): EngineError {
    return new EngineError('BAD_EVENT', `the trace is damaged: event ${frame.eventNumber} ${what}`);
  }

  [Symbol.dispose](): void {
    if (this.ownsProcesses) this.processes.close();
    else for (const task of this.tasks.values()) this.processes.end(task.pid);
    this.shared[Symbol.dispose]();
  }

  private raisedItself(task: Task, signal: number): boolean {
    if (!synchronousSignals.has(signal)) return false;
    // si_code: positive for what the kernel found, zero or negative for what somebody sent (sigaction(2)).
    const code = codeOfStop(this.processes, task.pid);
    const isStray = signal === sigtrap && this.ticks?.isStray(register(this.found, registerIndex.rip), code) === true;
    return code > 0 && !isStray;
  }

  private checkWatchdog(frame: FrameView, task: Task): void {
    const recorded = Math.max(0, frame.timeNumber - task.time) / 1e9;
    const used = this.watchdog.overrun(task.pid, recorded);
    if (used === undefined) return;
    throw this.divergence(frame, task, {
      expected: `${eventText(frame.eventKind, frame.number)}, after ${recorded.toFixed(3)} s in the recording`,
      found: `the task still computes after ${used.toFixed(0)} s of processor time`,
    });
  }

  private describeStop(status: number): string {
    if (status === syscallStop) return `system call ${syscallText(callNumber(this.found))}`;
    if (status < 0) return `the kernel refuses it: errno ${-status}`;
    if (endSignal(status) === sigsys && !isStopped(status)) {
      return 'a system call that no replay makes, for which its process was ended: do not trust this trace';
    }
    if (isStopped(status)) return `signal ${signalText(stopSignal(status))} raised by its instruction`;
    if (endSignal(status) !== 0) return `its process was ended from outside by ${signalText(endSignal(status))}`;
    return `its process exited with status ${exitCode(status)}`;
  }

  private ptraceFailure(task: Task, error: number): EngineError {
    if (error === inputOutputError) {
      const what = `the kernel refuses the registers of task ${task.tid}, which no program can have`;
      return new EngineError('BAD_EVENT', `the trace is damaged: ${what}`);
    }
    return new EngineError(
      'PTRACE_FAILED',
      `the kernel refuses to resume process ${task.pid} (task ${task.tid}): errno ${error}; is another debugger attached?`,
    );
  }
}

/** Kinds of events to which their task runs. */
function runsToEvent(kind: number): boolean {
  return (
    kind === eventKinds.syscall ||
    kind === eventKinds.syscallEnter ||
    kind === eventKinds.signal ||
    kind === eventKinds.trap ||
    kind === eventKinds.sched ||
    kind === eventKinds.step
  );
}

/**
 * One client's session: what it has selected, which breakpoints it wants, and whether the replay runs on its behalf. The
 * commands (commands/) act on it; the server (server.ts) hands it packets one at a time.
 */
import { EngineError } from '../../errors.ts';
import { LongCommand } from '../monitor/long-command.ts';
import type { Place, RecordingDescription, RemoteTarget, Resume, Stop, TargetState } from '../target.ts';
import { AfterStepBack } from './after-step-back.ts';
import { BreakpointSet } from './breakpoint-set.ts';
import { describeDiversionEnd, describeEnd } from './exit-text.ts';
import { KnownLibraries } from './known-libraries.ts';
import { OpenFiles } from './open-files.ts';
import { PacketError, type Reply } from './reply.ts';
import { Snapshot } from './snapshot.ts';
import {
  arrivedReason,
  execReason,
  interruptedReason,
  libraryReason,
  type StopReason,
  stopReason,
  stopReply,
} from './stop-reply.ts';
import { SymbolLookup } from './symbol-lookup.ts';
import { allThreads, anyThread, formatThreadId, type ThreadId } from './thread-id.ts';
import { WrittenState } from './written-state.ts';

export interface SessionOptions {
  readonly target: RemoteTarget;
  readonly recording: RecordingDescription;
  /** Whether files of this machine that the trace does not have may be read. */
  readonly servesFiles: boolean;
  /** Where the program is begun again. */
  readonly start: Place;
  /** Text for the client to show; only while it waits for an answer. */
  readonly print: (text: string) => void;
}

/** Milliseconds in which a Ctrl-C that comes between two packets stops the next resume, of a client that shows nothing. */
const interruptLife = 5000;

export class DebugSession {
  readonly target: RemoteTarget;
  readonly recording: RecordingDescription;
  readonly snapshot: Snapshot;
  readonly breakpoints = new BreakpointSet();
  readonly afterStepBack = new AfterStepBack();
  readonly files: OpenFiles;
  readonly symbols = new SymbolLookup();
  readonly libraries = new KnownLibraries();
  readonly written = new WrittenState();
  readonly longCommand = new LongCommand(() => this.target.interrupt());
  readonly print: (text: string) => void;
  /** Where `run` goes: to the first instruction of the program that is looked at. */
  start: Place;
  /** What QStartNoAckMode, D and k ask of the server once they are answered. */
  acknowledges = true;
  ended = false;
  /** The client has selected a process that was looked at before: breakpoints in it mean nothing. */
  selectsFormer = false;
  /** Tells the client that it has arrived at another place. */
  arrival: StopReason = arrivedReason;
  /** Whether the replay runs on this client's behalf: the one time at which an interrupt means something. */
  running = false;

  /** When the client sent a Ctrl-C that has not stopped anything yet. */
  #interruptedAt = Number.NEGATIVE_INFINITY;

  /** `Hg` and `Hc`; undefined: the task at which the replay stands. */
  #selected: { general: number | undefined; resumed: number | undefined } = {
    general: undefined,
    resumed: undefined,
  };
  #stopped: { reason: StopReason; tid: number | undefined } = { reason: arrivedReason, tid: undefined };
  /** Processes that were looked at before: the client may have an inferior of each, until it lets go of it. */
  readonly #former = new Set<number>();
  #pending: Place | undefined;
  /** What resumes are answered with, without running anything, until the client has arrived at another place. */
  #answers: StopReason[] = [];

  constructor({ target, recording, servesFiles, start, print }: SessionOptions) {
    this.target = target;
    this.recording = recording;
    this.print = print;
    this.start = start;
    this.snapshot = new Snapshot(target);
    this.files = new OpenFiles(target, servesFiles);
  }

  // Threads.

  /** Whether an id names a process that was looked at before. */
  async isFormer({ process }: ThreadId): Promise<boolean> {
    return process !== undefined && this.#former.has(process) && process !== (await this.snapshot.state()).process;
  }

  /** The task that an id names. @throws PacketError ESRCH */
  async taskOf({ process, tid }: ThreadId): Promise<number> {
    const state = await this.snapshot.state();
    if (process !== undefined && process !== allThreads && process !== anyThread && process !== state.process) {
      throw new PacketError('ESRCH', `process ${process} is not the one that is looked at, ${state.process}`);
    }
    if (tid === allThreads || tid === anyThread) return state.tid;
    if (state.tasks.some((task) => task.tid === tid)) return tid;
    throw new PacketError('ESRCH', `no task ${tid} in process ${state.process} here`);
  }

  select(which: 'general' | 'resumed', tid: number | undefined): void {
    this.#selected[which] = tid;
  }

  /** The task that register packets are about, or that `s`, `bs` step. */
  async selectedTask(which: 'general' | 'resumed' = 'general'): Promise<number> {
    const { tid, tasks } = await this.snapshot.state();
    const selected = this.#selected[which];
    return selected !== undefined && tasks.some((task) => task.tid === selected) ? selected : tid;
  }

  async threadIdText(tid: number): Promise<string> {
    return formatThreadId((await this.snapshot.state()).process, tid);
  }

  // Running.

  /** The last stop again: `?`. */
  async lastStop(): Promise<Reply> {
    const { tid } = await this.snapshot.state();
    return stopReply(this.#stopped.reason, this.#stopped.tid ?? tid, this.snapshot);
  }

  /** The next resume runs nothing: it is answered with the way to that place. */
  goOnNextResume(place: Place): void {
    this.#pending = place;
    this.#answers = [];
  }

  /** Goes to a place at once, as `vRun` does; the resume that follows it stays there. */
  async goNow(place: Place): Promise<Reply> {
    await this.#whileRunning(() => this.target.seek(place));
    this.breakpoints.clear();
    this.symbols.forget();
    this.libraries.forget();
    this.#answers = [this.arrival];
    return this.#answer(this.arrival, undefined);
  }

  /**
   * Ctrl-C: ends what runs, or the resume that comes next. One command of a client's may be many steps, and it does not know
   * between which of them it was sent. Behind the last of them it would stop the user's next command (showsStop).
   */
  interrupt(): void {
    this.#interruptedAt = performance.now();
    if (this.running) this.target.interrupt();
  }

  /** The client asks for what it shows the user where its command is over; gdb asks so for the threads. */
  showsStop(): void {
    this.#interruptedAt = Number.NEGATIVE_INFINITY;
  }

  /** Whether the client has not been told all of where it is: its next resume runs nothing. */
  get isArriving(): boolean {
    return this.#answers.length > 0;
  }

  /** Runs, or goes where the client was sent, and gives the stop reply. */
  async resume(resume: Resume): Promise<Reply> {
    try {
      if (this.#pending !== undefined) {
        const place = this.#pending;
        this.#pending = undefined;
        this.#answers = await this.#seek(place);
      }
      const answer = this.#answers.shift();
      if (answer !== undefined) return await this.#answer(answer, undefined);
      return await this.#run(resume);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.code !== 'INTERRUPTED') this.print(`rr: ${error.message}\n`);
      this.#answers = [];
      return this.#answer(error.code === 'INTERRUPTED' ? interruptedReason : this.arrival, undefined);
    }
  }

  async #run(resume: Resume): Promise<Reply> {
    const before = await this.snapshot.state();
    const forward = before.isCopy ? 'on' : 'forward';
    this.#remark(this.written.remark(resume.direction === 'forward' ? forward : 'elsewhere'));
    await this.breakpoints.apply(this.target);
    // Forwards the client sees libraries come and go by a breakpoint of its own.
    const goesBack = resume.direction === 'backward' && resume.how === 'continue';
    const librariesBefore = goesBack ? await this.#mappedFiles(before) : undefined;
    if (this.#takeInterrupt()) return this.#answer(interruptedReason, undefined);
    const entry = goesBack ? this.afterStepBack.entry : undefined;
    this.afterStepBack.forget();
    const wanted: Resume = entry === undefined ? resume : { ...resume, entry };
    const stop = await this.#whileRunning(() => this.target.resume(wanted));
    if (resume.direction === 'backward' && stop.kind === 'step') this.afterStepBack.stepped();
    if (stop.kind === 'interrupted') this.#takeInterrupt();
    const after = await this.snapshot.state();
    if (stop.kind === 'exit' || stop.kind === 'end') this.print(await this.#endText(stop));
    if (stop.kind === 'diversionEnd') this.print(describeDiversionEnd(stop));
    const isOther = hasOtherImage(before, after);
    if (isOther) this.#changeImage(before, after);
    const answers = [stopReason(stop)];
    if (stop.kind !== 'exec') {
      // What the client knows of the place comes before why it is there.
      if (isOther || (goesBack && (await this.#mappedFiles(after)) !== librariesBefore)) answers.unshift(libraryReason);
      if (isOther) answers.unshift(execReason(after.program));
    }
    const first = answers.shift()!;
    this.#answers = answers;
    return this.#answer(first, stop.tid);
  }

  #remark(text: string): void {
    if (text !== '') this.print(text);
  }

  /** Breakpoints in the former program mean nothing in this one. */
  #changeImage(before: TargetState, after: TargetState): void {
    if (after.process !== before.process) this.#former.add(before.process);
    this.breakpoints.clear();
    this.symbols.forget();
    this.libraries.forget();
  }

  async #endText(stop: Stop & { kind: 'exit' | 'end' }): Promise<string> {
    const { process } = await this.snapshot.state();
    return describeEnd(process, stop, this.recording);
  }

  /** @returns the answers that take the client there */
  async #seek(place: Place): Promise<StopReason[]> {
    this.#remark(this.written.remark('elsewhere'));
    const before = await this.snapshot.state();
    const librariesBefore = await this.#mappedFiles(before);
    await this.#whileRunning(() => this.target.seek(place));
    const after = await this.snapshot.state();
    const answers: StopReason[] = [];
    const isOther = hasOtherImage(before, after);
    if (isOther) {
      this.#changeImage(before, after);
      answers.push(execReason(after.program));
    }
    if (isOther || (await this.#mappedFiles(after)) !== librariesBefore) answers.push(libraryReason);
    return [...answers, this.arrival];
  }

  /** Names and addresses of mapped files: where they are the same, so are the libraries. */
  async #mappedFiles({ process }: TargetState): Promise<string> {
    const maps = await this.target.processFile(`/proc/${process}/maps`);
    if (maps === undefined) return '';
    const lines = Buffer.from(maps).toString('latin1').split('\n');
    return lines
      .filter((line) => line.includes(' /'))
      .map((line) => `${line.slice(0, line.indexOf('-'))} ${line.slice(line.indexOf(' /'))}`)
      .join('\n');
  }

  /** True: a Ctrl-C is to stop what the client wants now; it has done so. */
  #takeInterrupt(): boolean {
    const isFresh = performance.now() - this.#interruptedAt < interruptLife;
    this.#interruptedAt = Number.NEGATIVE_INFINITY;
    return isFresh;
  }

  async #whileRunning<Result>(run: () => Promise<Result>): Promise<Result> {
    this.snapshot.forget();
    this.running = true;
    try {
      return await run();
    } finally {
      this.running = false;
      this.snapshot.forget();
    }
  }

  async #answer(reason: StopReason, tid: number | undefined): Promise<Reply> {
    const at = tid ?? (await this.snapshot.state()).tid;
    this.#stopped = { reason, tid: at };
    this.#selected = { general: undefined, resumed: undefined };
    return stopReply(reason, at, this.snapshot);
  }
}

function hasOtherImage(before: TargetState, after: TargetState): boolean {
  return after.image !== before.image || after.process !== before.process;
}

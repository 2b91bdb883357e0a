/**
 * Drives a replay from inside its events (replay/controller.ts): keeps a debugger's breakpoints in the code, steps tasks
 * over them, counts arrivals, and knows at each moment which position this is. What to do at a stop is its goal's.
 */

import { eventKinds, type FrameView, registerIndex } from '../../generated/schema.ts';
import type { AddressSpace } from '../../replay/address-space.ts';
import { takeRegisters } from '../../replay/compare.ts';
import type { Controller } from '../../replay/controller.ts';
import { showCpuid } from '../../replay/events/trap.ts';
import { memoryCall } from '../../replay/memory-calls.ts';
import { goToStub } from '../../replay/patched-code.ts';
import { instructionKinds } from '../../replay/primitives.ts';
import { register, resumeFlag, setRegister } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
import { codeOfKernel, codeOfStop, codesOfHardware, stopOfStandIn } from '../../replay/signal-code.ts';
import { showProgramAddress } from '../../replay/syscall-buffer.ts';
import type { Task } from '../../replay/task.ts';
import {
  interruptEvent,
  isStopped,
  sigsegv,
  sigtrap,
  stopEvent,
  stopSignal,
  syscallStop,
} from '../../replay/wait-status.ts';
import { Arrivals } from './arrivals.ts';
import { CodeBreakpoints } from './code-breakpoints.ts';
import { hasOpenLeg, type Leg, type Position, stepped, withPass } from './position.ts';
import { decodeAt } from './predecessors.ts';
import { hideStep, hideStepInCall, stepsItself } from './stepped-flags.ts';
import { mayWriteCode, UnwrittenBreakpoints } from './unwritten-breakpoints.ts';
import { changedWatches, WatchedMemory, type Watchpoint } from './watched-memory.ts';

/** preload/layout.h: where the runtime's hook returns to. */
const returnAddressAt = 0x7000_8000 + 16;
/** A jump of a search's stub reaches so far. */
const stubReach = 16;
const longestInstruction = 15;
const noWatches: readonly Watchpoint[] = [];
const noAddresses: ReadonlySet<number> = new Set();
/** Our pages, the runtime and its buffers. */
const oursStart = 0x7000_0000;
const oursEnd = 0x7020_0000;
/** Bytes of `syscall`. */
const callLength = 2;

/** What a stop of the debugger's is about. The task stands at `driver.position`. */
export type Halt =
  /** `isStanding`: it stood there already when this began, by an event or by being told so. */
  | { readonly kind: 'breakpoint'; readonly address: number; readonly isStanding: boolean }
  | { readonly kind: 'step' }
  /** `by`: the instruction that changed it, or reached it. `arrival`: the breakpoint's address that it has led to. */
  | {
      readonly kind: 'watchpoint';
      readonly watch: Watchpoint;
      readonly by: number;
      readonly arrival?: number | undefined;
    }
  | { readonly kind: 'syscall'; readonly number: number; readonly isEntry: boolean }
  | { readonly kind: 'interrupted' };

/** The address that a task has come to with a halt, where a breakpoint is. */
export function arrivalOf(halt: Halt): number | undefined {
  if (halt.kind === 'watchpoint') return halt.arrival;
  return halt.kind === 'breakpoint' && !halt.isStanding ? halt.address : undefined;
}

export interface Goal {
  /** Addresses where int3 stands in code of the process that is looked at: another set when they are others. */
  readonly breakpoints: ReadonlySet<number>;
  readonly watchpoints: readonly Watchpoint[];
  /** Whether the task is to execute one instruction only; asked before each run. Left out: never. */
  steps?(task: Task): boolean;
  /** Called at each; it may throw to leave the replay, or block. */
  halted(halt: Halt, task: Task): void;
  /** The task is about to run; for goals that end at a place. */
  beforeRun?(task: Task): void;
  /** True when system calls of that number are to be halted at. Left out: at none. */
  catches?(number: number): boolean;
  /** Whether there are such calls at all. */
  readonly catchesAny?: boolean;
  /** An instruction has written to a page that holds something watched, or reached it. */
  touched?(by: number): void;
  /** An event is done; for goals that are about the segment before it. */
  passedEvent?(event: number): unknown;
}

interface CodeAt {
  readonly length: number;
  /** A string instruction that runs on where it stands. */
  readonly isRepeated: boolean;
  /** The instruction, and what follows it. */
  readonly bytes: Uint8Array;
}

export class Driver implements Controller {
  goal: Goal;
  /** Thread group that is looked at. */
  process: number;
  /** Set from another thread's word: the next possibility to halt is taken. */
  interruptWanted: () => boolean;
  readonly #replayer: Replayer;
  readonly #code: CodeBreakpoints;
  readonly #watched: WatchedMemory;
  readonly #unwritten: UnwrittenBreakpoints;
  #event: number;
  #legs: readonly Leg[] = [];
  /** Arrivals at addresses since the last leg ended. */
  readonly #passes = new Map<number, number>();
  readonly #arrivals = new Arrivals();
  /** The next entry of a system call has been shown already. */
  entryIsKnown = false;
  /** Address of the forced stop that comes next. `isArmed`: a breakpoint of ours shows each pass. */
  #site: { readonly address: number; readonly always: boolean; readonly isArmed: boolean } | undefined;
  /** Where a task stands since a halt, without an instruction executed since: its breakpoint is done. */
  readonly #done = new WeakMap<Task, number>();
  /** The last run was broken by our interrupt: what was under way goes on. */
  #isBroken = false;
  /** A breakpoint of ours behind a patched instruction that is stepped over. */
  #behind: { readonly space: AddressSpace; readonly address: number } | undefined;
  /** A replaced call that was halted at: where it ends. */
  #caught: { readonly address: number; readonly number: number; readonly position: Position } | undefined;
  /** As #behind, while the hook of the instruction `by` runs on by itself. */
  #hookEnds: { readonly space: AddressSpace; readonly address: number; readonly by: number } | undefined;
  #isStepping = false;
  /** The goal has asked for that one instruction. */
  #isGoalStep = false;
  #hasRun = false;
  /** Of the instruction that is stepped. */
  #stepped: Uint8Array = new Uint8Array();
  /** Where the task began to run. */
  #from = 0;
  /**
   * The process that an interrupt was sent to, which has not stopped by it yet. It may never do: one that waits for its
   * turn. Another one is interrupted all the same.
   */
  #interrupting: number | undefined;
  /** The process of the current task is a copy that is thrown away: no place on its way can be kept. */
  #isCopy = false;
  /** When it was sent, as performance.now() has it. */
  #sentAt = 0;
  /** Which search was called back last, behind which event, and after how many milliseconds. */
  #calledBack: { readonly event: number; readonly after: number } | undefined;
  /** The instruction there raises a signal: it is executed with nothing of ours in its way. */
  #raisesAt: number | undefined;
  /** Called once, before the next run: the replay stands within a segment where it is to be. */
  arriveBeforeRun: ((task: Task) => void) | undefined;
  /** At a system call's entry: the registers there. */
  entry: Task | undefined;
  /** Where the event's own instruction is, or the next one when the event has none; of the last that its task ran to. */
  endedAt: number | undefined;
  /** The task that ran last. */
  current: Task | undefined;

  constructor(replayer: Replayer, event: number, process: number, goal: Goal, interruptWanted: () => boolean) {
    this.#replayer = replayer;
    this.#code = new CodeBreakpoints(
      replayer.processes,
      (space, address) => !replayer.keepsCode && mayWriteCode(replayer.processes, space, address),
    );
    this.#unwritten = new UnwrittenBreakpoints(replayer.processes);
    this.#watched = new WatchedMemory(replayer, this.#code);
    this.#event = event;
    this.process = process;
    this.goal = goal;
    this.interruptWanted = interruptWanted;
    replayer.controller = this;
    const usual = replayer.onTick;
    replayer.onTick = () => {
      usual();
      this.#interrupt();
    };
  }

  /** Whether a place on the way is to be kept now; and how that is done. */
  wantsPause: () => boolean = () => false;
  paused: (task: Task) => void = () => undefined;

  /** Instructions of ours have stood in the code. */
  get hasWrittenCode(): boolean {
    return this.#code.hasWritten;
  }

  /** No instruction has been executed since the last leg, or event, ended. */
  get standsAtLeg(): boolean {
    return !this.#hasRun;
  }

  get position(): Position {
    return { event: this.#event, legs: this.#legs };
  }

  /** The rest of the position is this, which is the same place. */
  rename(legs: readonly Leg[]): void {
    this.#legs = legs;
    this.#passes.clear();
    this.#hasRun = false;
  }

  /** A way that was not named on the way has led to this place. */
  arriveAt(legs: readonly Leg[]): void {
    this.rename(legs);
    this.#arrivals.restart();
  }

  /** Where a checkpoint within a segment was made; its task's breakpoint is done. */
  resumeAt(legs: readonly Leg[], task: Task | undefined): void {
    this.rename(legs);
    // What has been passed on the way here was not counted.
    this.#arrivals.lose();
    if (task !== undefined) this.goOn(task);
  }

  /** How often the task has come to an armed address since the last leg ended. */
  passes(address: number): number {
    return this.#passes.get(address) ?? 0;
  }

  /** What is armed is counted from here on: a place that was kept on the way. */
  restartArrivals(): void {
    this.#arrivals.restart();
  }

  /**
   * Legs to where the task is, which has just come to an armed address; from the last place that was kept on the way, if
   * there is one. `named`: from the event, where that is known.
   */
  legsOfArrival(address: number): { readonly legs: readonly Leg[]; readonly named: readonly Leg[] | undefined } {
    const ofEvent = this.#arrivals.ofEvent(address);
    const named = ofEvent === undefined ? undefined : ([{ kind: 'pass', address, count: ofEvent }] as const);
    if (named !== undefined && !hasOpenLeg(this.#legs)) return { legs: named, named };
    return { legs: this.#arrivals.legsTo(address) ?? withPass(this.#legs, address, this.passes(address)), named };
  }

  /** An event is done. */
  passedEvent(event: number): void {
    this.#event = event;
    this.rename([]);
    this.#arrivals.passedEvent();
    this.entryIsKnown = false;
    this.entry = undefined;
  }

  /** The halt is over: the breakpoint where the task stands does not halt it again. */
  goOn(task: Task): void {
    this.#done.set(task, register(task.registers, registerIndex.rip));
  }

  /** A breakpoint where the task stands halts it. */
  meetAgain(task: Task): void {
    this.#done.delete(task);
  }

  /** The task has come here on its way without a stop of ours. */
  hasJumped(task: Task): void {
    this.#hasRun = true;
    this.#arrivals.lose();
    const { progress } = this.#replayer;
    progress.passesLeft = 'unknown';
    this.goOn(task);
  }

  /**
   * Breakpoints are in the code but at these addresses. False: one, or a jump of the recorder's, is too near to them for a
   * stub, or a breakpoint is where the task stands: it would be met a second time.
   */
  armAround(task: Task, addresses: readonly number[]): boolean {
    const space = task.addressSpace;
    return (
      this.armBeside(task, addresses) && addresses.every((address) => !this.#code.isNear(space, address, stubReach))
    );
  }

  /** The same for stubs that other breakpoints may be near to. */
  armBeside(task: Task, addresses: readonly number[]): boolean {
    const space = task.addressSpace;
    const rip = register(task.registers, registerIndex.rip);
    if (!addresses.includes(rip) && this.#wanted(task).has(rip)) return false;
    this.#code.write(space, this.#wanted(task));
    for (const address of addresses) this.#code.remove(space, address);
    this.#arm(task, this.goal.watchpoints);
    return addresses.every((address) => !isPatched(space, address));
  }

  /** The task has gone on, and was stopped there. `isDone`: at a breakpoint that has been counted. */
  hasGone(task: Task, isDone: boolean): void {
    this.hasJumped(task);
    if (!isDone) this.#done.delete(task);
  }

  /** The same, where all that is armed has been met or counted on the way. */
  hasCounted(task: Task, isDone: boolean, passes: readonly (readonly [address: number, passes: number])[]): void {
    this.#arrivals.arm(this.#wanted(task), this.#hasRun ? undefined : this.#legs, false);
    this.#hasRun = true;
    for (const [address, count] of passes) {
      this.#passes.set(address, this.passes(address) + count);
      this.#arrivals.add(address, count);
    }
    const { progress } = this.#replayer;
    progress.passesLeft = 'unknown';
    if (isDone) this.goOn(task);
    else this.#done.delete(task);
  }

  /** The breakpoint where the task stands, if there is one, has been met. */
  isDone(task: Task): boolean {
    return this.#done.get(task) === register(task.registers, registerIndex.rip);
  }

  /** What is read from the program's memory, without what is ours. */
  show(space: AddressSpace, address: number, bytes: Uint8Array): void {
    this.#code.show(space, address, bytes);
    space.patched.show(address, bytes);
    showCpuid(this.#replayer, address, bytes);
  }

  /** The debugger writes to the program's memory. */
  written(space: AddressSpace, address: number, length: number): void {
    this.#code.overwritten(space, address, length);
  }

  // Controller.

  jump(task: Task): void {
    if (this.#isBroken) {
      if (!this.interruptWanted() || this.#mustRunOn(task)) return;
      this.#isBroken = false;
    }
    this.current = task;
    const arrive = this.arriveBeforeRun;
    this.arriveBeforeRun = undefined;
    arrive?.(task);
    if (this.interruptWanted()) this.#halt({ kind: 'interrupted' }, task);
    // One that has come to its end by that leaves the task to another one.
    for (let asked: Goal | undefined; asked !== this.goal; ) {
      asked = this.goal;
      asked.beforeRun?.(task);
    }
  }

  beforeRun(task: Task, _frame: FrameView): 'run' | 'step' {
    if (this.#isBroken) {
      this.#isBroken = false;
      const at = register(task.registers, registerIndex.rip);
      if (this.#isStepping && !this.#isOnItsWay) return 'step';
      if (this.#isOnItsWay || this.#trapIsToCome(task, at)) {
        this.#armSite(task);
        return 'run';
      }
      const code = this.#codeAt(task, at);
      if (this.#isWithinString(task, code)) {
        this.#runBehind(task, at, at + code.length);
        this.#from = at;
        return 'run';
      }
      if (this.#isLookedAt(task) && this.wantsPause()) this.paused(task);
    }
    this.jump(task);
    const isLookedAt = this.#isLookedAt(task);
    if (isLookedAt && this.#hookEnds !== undefined) {
      this.#isStepping = false;
      this.#armSite(task);
      return 'run';
    }
    let rip = register(task.registers, registerIndex.rip);
    const isDone = (): boolean => this.#done.get(task) === rip;
    if (this.#isArrival(task, rip) && !isDone()) {
      // Something else has stopped it where its own instructions have brought it.
      if (this.#hasRun) this.#arrive(task, rip, false);
      else if (isLookedAt && this.goal.breakpoints.has(rip) && !task.inMidCode) {
        this.#halt({ kind: 'breakpoint', address: rip, isStanding: true }, task);
      }
      rip = register(task.registers, registerIndex.rip);
    }
    if (isLookedAt && this.goal.catchesAny && !isDone()) this.#catchEntry(task, rip);
    this.#chooseSite(task);
    if (!isLookedAt && !this.stopsAtSite) {
      // Code of other processes is as the program has it, also where they share its memory (vfork).
      if (this.#code.standsIn(task.addressSpace) || this.#watched.isArmed(task.addressSpace))
        this.lift(task.addressSpace);
      this.#done.delete(task);
      this.#isStepping = false;
      this.#hasRun = true;
      return 'run';
    }
    const wanted = this.#wanted(task);
    const steps = isLookedAt && (this.goal.steps?.(task) ?? false);
    this.#isGoalStep = steps;
    const isOneInstruction = steps || wanted.has(rip);
    // gdb takes a breakpoint away to step over it.
    this.#arrivals.arm(wanted, this.#hasRun ? undefined : this.#legs, isOneInstruction);
    this.#done.delete(task);
    const raises = this.#raisesAt === rip;
    this.#raisesAt = undefined;
    if (raises) this.lift(task.addressSpace);
    else {
      this.#code.write(task.addressSpace, wanted);
      this.#arm(task, isLookedAt ? this.goal.watchpoints : noWatches);
    }
    this.#from = rip;
    this.#hasRun = true;
    this.#isStepping = isOneInstruction;
    if (!this.#isStepping) return 'run';
    const site = task.addressSpace.patched.at(rip);
    if (site !== undefined) {
      this.#runBehind(task, rip, rip + site.own.length);
      setRegister(task.registers, registerIndex.rip, site.stub);
      return 'run';
    }
    const code = this.#codeAt(task, rip);
    if (!steps && code.isRepeated) {
      this.#runBehind(task, rip, rip + code.length);
      return 'run';
    }
    if (this.#code.isUnwritten(task.addressSpace, rip)) task.registers[2 * registerIndex.eflags]! |= resumeFlag;
    else this.#code.remove(task.addressSpace, rip);
    this.#stepped = code.bytes;
    return 'step';
  }

  /** Where an interrupt has broken the last run the task cannot be shown. */
  #mustRunOn(task: Task): boolean {
    const at = register(task.registers, registerIndex.rip);
    if (this.#isStepping || this.#isOnItsWay || this.#trapIsToCome(task, at)) return true;
    return this.#isWithinString(task, this.#codeAt(task, at));
  }

  /** To behind a hook, or an instruction. */
  get #isOnItsWay(): boolean {
    return this.#hookEnds !== undefined || this.#behind !== undefined;
  }

  /** The task has met a breakpoint, or is about to; until its trap it stands nowhere. */
  #trapIsToCome(task: Task, at: number): boolean {
    return this.#code.has(task.addressSpace, at - 1) || this.#wanted(task).has(at) || isOurs(task, at);
  }

  /** The middle of a string instruction has no name: it goes on to its end. */
  #isWithinString(task: Task, { isRepeated }: CodeAt): boolean {
    return isRepeated && this.#isLookedAt(task);
  }

  /** The instruction of the program's own there. */
  #codeAt(task: Task, address: number): CodeAt {
    const bytes = new Uint8Array(longestInstruction);
    const length = this.#replayer.processes.readMemory(task.pid, address, bytes, 0, bytes.length);
    this.show(task.addressSpace, address, bytes);
    const decoded = decodeAt(bytes.subarray(0, Math.max(0, length)), 0);
    return {
      length: decoded?.length ?? 1,
      isRepeated: decoded?.kind === instructionKinds.repeatedString,
      bytes,
    };
  }

  takesStop(task: Task, frame: FrameView, status: number): boolean {
    const { found, processes } = this.#replayer;
    if (status >= 0 && isStopped(status) && stopEvent(status) === interruptEvent) {
      this.#interrupting = undefined;
      this.#isBroken = true;
      takeRegisters(task, found);
      return true;
    }
    const wasStepping = this.#isStepping;
    this.#isStepping = false;
    const behind = this.#hookEnds ?? this.#behind;
    const by = this.#hookEnds?.by ?? this.#from;
    this.#behind = this.#hookEnds = undefined;
    if (behind !== undefined) this.#code.remove(behind.space, behind.address);
    if (status < 0 || !isStopped(status)) return false;
    if (status === syscallStop) {
      if (wasStepping) hideStepInCall(task.registers, found);
      if (this.#redirect(task, 'call')) return true;
      this.#end(task, frame);
      return false;
    }
    const signal = stopSignal(status);
    if (stopEvent(status) === 0 && signal === sigsegv) {
      const rip = register(found, registerIndex.rip);
      const wanted = this.#wanted(task);
      if (this.#isLookedAt(task) && this.#watched.isBarred(task, rip) && !(wasStepping && rip === this.#from)) {
        if (behind?.address === rip || wanted.has(rip)) {
          this.#comeTo(task, rip, behind?.address === rip, by);
          return true;
        }
        if (
          !wasStepping &&
          behind === undefined &&
          this.#unwritten.fits(task, this.#code.unwritten(task.addressSpace), rip)
        ) {
          // The debug registers are for that page now.
          task.registers.set(found);
          return true;
        }
      }
      const goesOn = (next: number): boolean =>
        !wasStepping && !this.#isArrival(task, next) && behind?.address !== next && !this.interruptWanted();
      const verdict = this.#watched.takesFault(task, found, this.#isLookedAt(task), goesOn);
      if (verdict.taken) {
        task.registers.set(found);
        if (verdict.isInterrupted) this.#interrupting = undefined;
        if (verdict.raises) {
          this.#raisesAt = verdict.from;
          // It has not been executed: its breakpoint is not met a second time.
          this.goOn(task);
        }
        if (verdict.byRuntime) {
          this.#finishHook(task);
          return true;
        }
        if (verdict.moved) {
          this.goal.touched?.(verdict.from);
          this.#moved(task, wasStepping, verdict.changed, verdict.from);
        }
        return true;
      }
      if (stopOfStandIn(processes, task.pid, status) === 'fault' && this.#redirect(task, 'fault')) return true;
    }
    if (stopEvent(status) === 0 && signal === sigtrap) {
      const code = codeOfStop(processes, task.pid);
      const rip = register(found, registerIndex.rip);
      const isOurs = this.#code.has(task.addressSpace, rip - 1) || behind?.address === rip - 1;
      if (code === codeOfKernel && isOurs) {
        setRegister(found, registerIndex.rip, rip - 1);
        this.#comeTo(task, rip - 1, behind?.address === rip - 1, by);
        return true;
      }
      if (codesOfHardware.has(code) && this.#unwritten.has(task, rip)) {
        this.#comeTo(task, rip, behind?.address === rip, by);
        return true;
      }
      // Of a program that steps itself it is its own trap, too: the event that comes next.
      if (wasStepping && code !== codeOfKernel && !stepsItself(task.registers)) {
        hideStep(processes, task.pid, { code: this.#stepped, before: task.registers, found });
        task.registers.set(found);
        this.#moved(task, true, []);
        return true;
      }
    }
    this.#end(task, frame);
    return false;
  }

  beforeEffects(frame: FrameView): void {
    const task = this.#replayer.tasks.get(frame.tid);
    if (task === undefined || changesAddressSpace(frame)) this.liftAll();
  }

  wroteMemory(task: Task, address: number, length: number): void {
    this.#code.overwritten(task.addressSpace, address, length);
  }

  lift(space: AddressSpace): void {
    this.#code.removeAll(space);
    this.#unwritten.lift(space);
    this.#watched.disarm(space);
  }

  /** Pages have the program's own protection. */
  openPages(): void {
    this.#watched.everywhere();
  }

  /** Nothing of ours is anywhere. */
  liftAll(): void {
    this.#code.everywhere();
    this.#unwritten.everywhere();
    this.#watched.everywhere();
  }

  /** After an event: watched memory that the kernel has changed. */
  changedByEvent(frame: FrameView): Watchpoint | undefined {
    if (this.goal.watchpoints.length === 0) return undefined;
    const task = this.#replayer.tasks.get(frame.tid);
    if (task === undefined || !this.#isLookedAt(task)) return undefined;
    return changedWatches(this.#replayer, task, this.goal.watchpoints)[0];
  }

  sentAhead(isAway: boolean): void {
    this.#isCopy = isAway;
    if (isAway) this.#sentAt = performance.now();
    // An interrupt of the copy was for the copy.
    if (!isAway) this.#interrupting = undefined;
  }

  callsBack(): boolean {
    this.#interrupting = undefined;
    if (!this.#wantsBack()) return false;
    this.#calledBack = { event: this.#event, after: performance.now() - this.#sentAt };
    return true;
  }

  watchSite(address: number | undefined, always: boolean): void {
    if (address === undefined) this.#site = undefined;
    else this.#site = { address, always, isArmed: this.#site?.address === address && this.#site.isArmed };
  }

  metSite(task: Task): void {
    this.goOn(task);
  }

  get stopsAtSite(): boolean {
    return this.#site?.isArmed === true;
  }

  // What is ours.

  /** What is no instruction in the code. */
  #arm(task: Task, watches: readonly Watchpoint[]): void {
    const barred = this.#unwritten.arm(task, this.#code.unwritten(task.addressSpace));
    this.#watched.arm(task, watches, barred);
  }

  /** Where instructions of ours are to stand in a task's code. */
  #wanted(task: Task): ReadonlySet<number> {
    const wanted = this.#wantedByGoal(task);
    return this.#site?.isArmed === true ? new Set([...wanted, this.#site.address]) : wanted;
  }

  #wantedByGoal(task: Task): ReadonlySet<number> {
    if (!this.#isLookedAt(task)) return noAddresses;
    const { breakpoints, catchesAny } = this.goal;
    // Buffered calls are no events: they are met at the instructions that have been replaced.
    return catchesAny ? new Set([...breakpoints, ...task.addressSpace.patched.calls()]) : breakpoints;
  }

  /** The task has come to where its passes are counted, or to what the goal wants. */
  #isArrival(task: Task, address: number): boolean {
    return this.#site?.address === address || this.#wantedByGoal(task).has(address);
  }

  /** What is wanted is known, and nothing of it is in the code yet: whether a stub could be at the site. */
  #chooseSite(task: Task): void {
    const site = this.#site;
    if (site === undefined) return;
    const isNear = (address: number): boolean => Math.abs(address - site.address) < stubReach;
    const isUnknown = typeof this.#replayer.progress.passesLeft !== 'number';
    const isArmed = site.always || isUnknown || [...this.#wantedByGoal(task)].some(isNear);
    if (!isArmed) this.#code.remove(task.addressSpace, site.address);
    this.#site = { ...site, isArmed };
  }

  /** The task is about to run, with breakpoints besides those of #chooseSite, or as it was before an interrupt. */
  #armSite(task: Task): void {
    const site = this.#site;
    if (site === undefined) return;
    const { addressSpace, registers } = task;
    const isArmed = site.always || site.isArmed || this.#code.isNear(addressSpace, site.address, stubReach);
    this.#site = { ...site, isArmed };
    // Where the task stands it is met when it comes back.
    if (isArmed && register(registers, registerIndex.rip) !== site.address) this.#code.add(addressSpace, site.address);
  }

  #isLookedAt(task: Task): boolean {
    return task.threadGroup === this.process;
  }

  #interrupt(): void {
    const pid = this.current?.pid;
    if (pid === undefined || this.#interrupting === pid) return;
    if (this.#isCopy ? !this.#wantsBack() : !this.interruptWanted() && !this.wantsPause()) return;
    if (this.#replayer.processes.interrupt(pid) === 0) this.#interrupting = pid;
  }

  /** Whether the copy is to be left. A search that was left is given twice the time when it is made anew: it ends at last. */
  #wantsBack(): boolean {
    if (this.#isBroken || !this.interruptWanted()) return false;
    const isAnew = this.#calledBack?.event === this.#event;
    return !isAnew || performance.now() - this.#sentAt >= 2 * this.#calledBack!.after;
  }

  /** The instruction, or its hook, is to run on by itself until it is over. */
  #runBehind(task: Task, address: number, behind: number): void {
    this.#code.add(task.addressSpace, behind);
    this.#code.remove(task.addressSpace, address);
    this.#behind = { space: task.addressSpace, address: behind };
    this.#armSite(task);
    this.#arm(task, this.#isLookedAt(task) ? this.goal.watchpoints : noWatches);
  }

  /** The runtime writes what a buffered call gave: the program has it when the call is over. */
  #finishHook(task: Task): void {
    const word = new Uint8Array(8);
    this.#replayer.processes.readMemory(task.pid, returnAddressAt, word, 0, 8);
    const behind = Number(new DataView(word.buffer).getBigUint64(0, true) & 0x7fff_ffff_ffffn);
    this.#watched.disarm(task.addressSpace);
    this.#code.add(task.addressSpace, behind);
    this.#arm(task, noWatches);
    const by = task.addressSpace.patched.endingAt(behind)?.address ?? this.#from;
    this.#hookEnds = { space: task.addressSpace, address: behind, by };
  }

  /** A stand-in is at a patched site for a breakpoint behind it: what it is to do is the runtime's. */
  #redirect(task: Task, by: 'call' | 'fault'): boolean {
    const { found } = this.#replayer;
    const site = task.addressSpace.patched.stoppedAt(register(found, registerIndex.rip), by);
    if (site === undefined) return false;
    task.registers.set(found);
    goToStub(task.registers, site);
    return true;
  }

  /** The task has executed an instruction, or the hook of one. */
  #moved(task: Task, wasStep: boolean, changed: readonly Watchpoint[], by = this.#from): void {
    const rip = register(task.registers, registerIndex.rip);
    if (changed.length === 0 && wasStep && this.#isLookedAt(task)) {
      changed = this.goal.watchpoints.length === 0 ? [] : changedWatches(this.#replayer, task, this.goal.watchpoints);
    }
    const isStep = wasStep && this.#isGoalStep;
    if (isStep) this.rename(stepped(this.position).legs);
    const isWithin = rip === by && this.#codeAt(task, rip).isRepeated;
    const isArrival = !isWithin && this.#isArrival(task, rip);
    if (!isWithin && !isArrival && this.#arrivals.counts(rip)) this.#arrivals.add(rip);
    if (changed.length > 0) {
      if (isArrival) this.#countArrival(task, rip, isStep);
      const arrival = isArrival && this.goal.breakpoints.has(rip) ? { arrival: rip } : {};
      this.#halt({ kind: 'watchpoint', watch: changed[0]!, by, ...arrival }, task);
      if (isArrival && this.goal.catchesAny) this.#catchEntry(task, rip);
      return;
    }
    if (isArrival) this.#arrive(task, rip, isStep);
    else if (isStep) this.#halt({ kind: 'step' }, task);
    else if (isWithin) this.goOn(task);
  }

  /** The task has come to a breakpoint of ours, or behind what was to run on by itself; its registers are in `found`. */
  #comeTo(task: Task, address: number, isBehind: boolean, by: number): void {
    task.registers.set(this.#replayer.found);
    if (!isBehind) {
      this.#arrive(task, address, false);
      return;
    }
    this.#moved(task, true, [], by);
    this.#catchExit(task, address);
  }

  #catchExit(task: Task, address: number): void {
    const caught = this.#caught;
    this.#caught = undefined;
    if (caught?.address !== address) return;
    this.rename(stepped(caught.position).legs);
    this.#halt({ kind: 'syscall', number: caught.number, isEntry: false }, task);
  }

  #countArrival(task: Task, address: number, byStep: boolean): void {
    // A step is a leg of its own, which ends here.
    if (!byStep) this.#passes.set(address, this.passes(address) + 1);
    this.#arrivals.add(address);
    const { progress } = this.#replayer;
    if (this.#site?.address === address && typeof progress.passesLeft === 'number') progress.passesLeft--;
    this.goOn(task);
  }

  /** The task has come to an address where a breakpoint of ours is wanted; its instruction has not been executed. */
  #arrive(task: Task, address: number, byStep: boolean): void {
    this.#countArrival(task, address, byStep);
    if (!this.#isLookedAt(task)) return;
    if (this.goal.breakpoints.has(address)) this.#halt({ kind: 'breakpoint', address, isStanding: false }, task);
    else if (byStep) this.#halt({ kind: 'step' }, task);
    if (this.goal.catchesAny) this.#catchEntry(task, address);
  }

  /** At a replaced system call: halts where its number is one that is wanted, and again behind it. */
  #catchEntry(task: Task, address: number): void {
    const site = task.addressSpace.patched.at(address);
    const number = task.registers[2 * registerIndex.rax]! | 0;
    if (site === undefined || this.goal.catches?.(number) !== true) return;
    if (this.#hasRun) this.rename(this.legsOfArrival(address).legs);
    const { position } = this;
    if (!this.entryIsKnown) this.#halt({ kind: 'syscall', number, isEntry: true }, task);
    this.entryIsKnown = false;
    this.#caught = { address: address + site.own.length, number, position };
  }

  #halt(halt: Halt, task: Task): void {
    this.current = task;
    this.goal.halted(halt, task);
    this.goOn(task);
  }

  /** The event takes the task over. */
  #end(task: Task, frame: FrameView): void {
    const { found } = this.#replayer;
    const isCall = frame.eventKind === eventKinds.syscall || frame.eventKind === eventKinds.syscallEnter;
    if (isCall) showProgramAddress(this.#replayer, frame, task);
    this.endedAt = register(found, registerIndex.rip) - (isCall ? callLength : 0);
    // One that was halted at where it has been replaced is passed on by the runtime.
    const isShown = this.#caught !== undefined || this.entryIsKnown;
    this.#caught = undefined;
    this.entryIsKnown = false;
    if (isCall && !isShown && this.#isLookedAt(task) && this.goal.catches?.(frame.number) === true) {
      const before = task.registers.slice();
      task.registers.set(found);
      this.#halt({ kind: 'syscall', number: frame.number, isEntry: true }, task);
      task.registers.set(before);
    }
    if (changesAddressSpace(frame)) this.liftAll();
  }
}

/** Whether the recorder's code stands there, or takes the bytes there for part of a jump. */
function isPatched({ patched }: AddressSpace, address: number): boolean {
  return [patched.at(address), patched.within(address), patched.borrowing(address)].some((site) => site !== undefined);
}

/** Whether an event maps memory, or copies or ends an address space. */
function changesAddressSpace(frame: FrameView): boolean {
  if (frame.mappingCount > 0) return true;
  switch (frame.eventKind) {
    case eventKinds.syscall:
    case eventKinds.syscallExit:
    case eventKinds.syscallEnter:
      return memoryCall(frame.number) !== undefined;
    case eventKinds.taskStart:
    case eventKinds.exec:
    case eventKinds.exit:
    case eventKinds.step:
    case eventKinds.signal:
      return true;
    default:
      return false;
  }
}

/** Whether the task is in code of the recorder's, where the program does not see itself. */
function isOurs(task: Task, rip: number): boolean {
  return (rip >= oursStart && rip < oursEnd) || task.addressSpace.patched.isStub(rip);
}

/**
 * Runs of a task by a stub in its own code, which counts or compares each pass of an address in a nanosecond where a
 * breakpoint takes forty microseconds (native/replay/point-search.h). Nothing of a debugger's may be in the code.
 */

import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { takeRegisters } from '../../replay/compare.ts';
import { codeFlags } from '../../replay/events/sched.ts';
import { goToStub, type PatchedSite } from '../../replay/patched-code.ts';
import {
  type PointStart,
  passFields,
  passFilters,
  passResults,
  passRuns,
  pointFlags,
  pointResults,
  pointStarts,
  type RegisterWords,
  type ReplayProcesses,
  searchFor,
  waitBroken,
} from '../../replay/primitives.ts';
import { newRegisters, register, setRegister } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
import { codeOfKernel, codeOfStop, codesOfHardware, stopOfStandIn } from '../../replay/signal-code.ts';
import type { Task } from '../../replay/task.ts';
import { interruptEvent, isStopped, sigtrap, stopEvent, stopSignal, syscallStop } from '../../replay/wait-status.ts';

/** Passes at which a stub can be told to stop. */
const longestCount = 2 ** 31 - 1;
/** Bytes of `syscall`. */
const callLength = 2;

/**
 * To the so-manieth arrival at an address from here, or to what stops the task before: it stands where it meets that
 * again. Returns how many arrivals are left.
 * @throws EngineError NO_PLACE when it ends; INTERRUPTED
 */
export function runToPass(
  replayer: Replayer,
  task: Task,
  address: number,
  count: number,
  stops: () => boolean,
): number {
  const target = newRegisters();
  setRegister(target, registerIndex.rip, address);
  const { passes, status } = search(replayer, task, target, count, pointFlags.ordinalIsSure, stops);
  if (status === pointResults.found) return 0;
  if (!standBefore(replayer.processes, task, status)) throw otherStop(target, status);
  return count - passes;
}

/**
 * To what stops the task before so many arrivals at an address, or to the last of these. Returns how many there were, and
 * whether it was that; else the task stands where it meets again what has stopped it. @throws as runToPass
 */
export function countPasses(
  replayer: Replayer,
  task: Task,
  address: number,
  most: number,
  stops: () => boolean,
): { readonly passes: number; readonly isThere: boolean } {
  const left = runToPass(replayer, task, address, most, stops);
  return { passes: most - left, isThere: left === 0 };
}

/**
 * To the first place from here with these registers where `isIt` holds, too; or to what stops the task before, which it
 * meets again. Returns the number of arrivals at its address up to then; none, and there: the task stood there. Where
 * something else has stopped the task it goes on if `stopped` says so, which has seen to it that it does not meet that again.
 * @throws as runToPass
 */
export function runToState(
  replayer: Replayer,
  task: Task,
  target: RegisterWords,
  { isIt, isInterrupted, stopped }: { isIt(): boolean; isInterrupted(): boolean; stopped(): boolean },
): { readonly passes: number; readonly isThere: boolean } {
  let passes = 0;
  for (let start: PointStart = pointStarts.standing; ; ) {
    const { status, passes: passed } = search(replayer, task, target, 0, pointFlags.countAll, isInterrupted, start);
    passes += passed;
    if (status === pointResults.found) {
      if (isIt()) return { passes, isThere: true };
      start = pointStarts.behind;
    } else if (!standBefore(replayer.processes, task, status)) {
      throw otherStop(target, status);
    } else if (stopped()) {
      start = pointStarts.standing;
    } else {
      return { passes, isThere: false };
    }
  }
}

/** An address whose passes are counted. */
export interface CountedSite {
  readonly address: number;
  /** Of the passes, which ones match; without: all. */
  readonly filter?: StackFilter;
  /** Instead of it: gdb's bytecode, of which one is to hold. What cannot be computed matches. */
  readonly conditions?: readonly Uint8Array[];
  /** The pass at which the run ends, matching or not. */
  readonly limit?: number;
  /** The match at which the run ends. */
  readonly trapAt?: number;
  /** Others may be left out, where two lie too near to each other. */
  readonly isNeeded: boolean;
}

export interface StackFilter {
  /** rsp is a value; or it is that or above, so that the frame is not within another one. */
  readonly kind: 'stackIs' | 'stackAtLeast';
  readonly value: number;
}

export interface SitePasses {
  readonly isCounted: boolean;
  readonly passes: number;
  /** The number of the last one that matches; 0: none does. */
  readonly lastMatch: number;
  /** Of that one among the matches of all sites. */
  readonly order: number;
}

export interface PassRun {
  /** In the order of the sites. */
  readonly sites: readonly SitePasses[];
  /** The site at whose match the run has ended; undefined: something else stops the task, and it meets that again. */
  readonly trappedAt: number | undefined;
  /** The pass of the address where it stands is counted. */
  readonly isDone: boolean;
}

/**
 * Runs a task while the passes of several addresses, all in code of files, are counted. Undefined where one that is needed
 * cannot have a stub: nothing has run then.
 * @param atInterrupt whether an interrupt leaves the replay, or the task stays where it has come to @throws as runToPass
 */
export function recordPasses(
  { processes, found }: Replayer,
  task: Task,
  sites: readonly CountedSite[],
  stops: () => boolean,
  atInterrupt: 'leave' | 'stay' = 'leave',
): PassRun | undefined {
  const told = new Float64Array(sites.length * passFields.size);
  const results = new Float64Array(sites.length * passResults.size + 1);
  for (const [index, { address, filter, conditions, trapAt, isNeeded, limit }] of sites.entries()) {
    const kind = passFilters[conditions === undefined ? (filter?.kind ?? 'all') : 'condition'];
    told.set(
      [address, kind, filter?.value ?? 0, trapAt ?? 0, isNeeded ? 1 : 0, Math.min(limit ?? 0, longestCount)],
      index * passFields.size,
    );
  }
  const conditions = sites.map((site) => site.conditions);
  let status = waitBroken as number;
  for (let isRunning = false; status === waitBroken; isRunning = true) {
    if (isRunning && stops()) processes.interrupt(task.pid);
    status = processes.recordPasses(task.pid, isRunning, task.registers, told, results, found, conditions);
  }
  if (status === passRuns.noStub) return undefined;
  takeRegisters(task, found);
  const isTrap = status === passRuns.trapped;
  if (!isTrap && atInterrupt === 'leave' && stops())
    throw new EngineError('INTERRUPTED', 'interrupted while passes were counted');
  const standsAt = results[sites.length * passResults.size]!;
  const isInterrupted = status >= 0 && isStopped(status) && stopEvent(status) === interruptEvent;
  if (!isTrap && !isInterrupted && !standBefore(processes, task, status)) throw otherStop(task.registers, status);
  const rip = register(task.registers, registerIndex.rip);
  return {
    sites: sites.map((_site, index) => {
      const of = (field: number): number => results[index * passResults.size + field]!;
      return {
        isCounted: of(passResults.isCounted) === 1,
        passes: of(passResults.passes),
        lastMatch: of(passResults.lastMatch),
        order: of(passResults.order),
      };
    }),
    trappedAt: isTrap ? standsAt : undefined,
    isDone: standsAt >= 0 && sites[standsAt]!.address === rip,
  };
}

/** The task, which something has stopped, is to meet that again. False where it cannot. */
function standBefore(processes: ReplayProcesses, task: Task, status: number): boolean {
  const { registers } = task;
  const rip = register(registers, registerIndex.rip);
  if (status === syscallStop) {
    const [low, high] = [2 * registerIndex.orig_rax, 2 * registerIndex.orig_rax + 1];
    registers.set([registers[low]!, registers[high]!], 2 * registerIndex.rax);
    registers.fill(0xffff_ffff, low, high + 1);
    setRegister(registers, registerIndex.rip, rip - callLength);
    return true;
  }
  if (status < 0 || !isStopped(status) || stopEvent(status) !== 0) return false;
  if (stopSignal(status) !== sigtrap) return true;
  const code = codeOfStop(processes, task.pid);
  if (code === codeOfKernel) setRegister(registers, registerIndex.rip, rip - 1);
  return code === codeOfKernel || codesOfHardware.has(code);
}

function otherStop(target: RegisterWords, status: number): EngineError {
  return new EngineError(
    'NO_PLACE',
    `the way to 0x${register(target, registerIndex.rip).toString(16)} is not as it was: another stop (0x${status.toString(16)}) came first`,
  );
}

/** Runs to the next match, or another stop; passes are counted up to there. @throws EngineError INTERRUPTED */
function search(
  replayer: Replayer,
  task: Task,
  target: RegisterWords,
  ordinal: number,
  flags: number,
  stops: () => boolean,
  first: PointStart = pointStarts.standing,
): { readonly passes: number; readonly status: number } {
  const { processes, found } = replayer;
  const { patched } = task.addressSpace;
  const address = register(target, registerIndex.rip);
  const replaced = patched.at(address);
  if (replaced !== undefined) return searchStub(replayer, task, target, replaced, ordinal, flags, stops, first);
  const site = patched.borrowing(address);
  // A stub there would make another jump of the recorder's: its stand-in is there meanwhile, and stops.
  if (site !== undefined) processes.writeMemory(task.pid, site.address, site.standIn, 0, site.standIn.length);
  const point = { registers: target, ordinal, flags: flags | codeFlags(replayer, task, address), ticks: -1 };
  const search = searchFor(processes, task.pid, point);
  let hasEnded = false;
  using _jump = restoring(() => {
    if (site !== undefined && !hasEnded) processes.writeMemory(task.pid, site.address, site.jump, 0, site.jump.length);
  });
  for (let start = first; ; ) {
    const status = search.run(start, task.registers, found);
    if (status === waitBroken) {
      if (stops()) processes.interrupt(task.pid);
      start = pointStarts.running;
      continue;
    }
    takeRegisters(task, found);
    hasEnded = status >= 0 && !isStopped(status);
    if (status === pointResults.goOn) {
      start = pointStarts.behind;
      continue;
    }
    if (site !== undefined && leadToStub(processes, task, status, site)) {
      start = pointStarts.behind;
      continue;
    }
    if (status !== pointResults.found && stops()) {
      throw new EngineError('INTERRUPTED', 'interrupted on the way to another place');
    }
    return { passes: search.counts.passes, status };
  }
}

/**
 * The same for an instruction that the recorder has replaced. A jump of ours there would be longer than it, and lie where
 * its hook goes back to; but each pass of it is one of the recorder's stub, with the same registers.
 */
function searchStub(
  replayer: Replayer,
  task: Task,
  target: RegisterWords,
  { address, stub }: PatchedSite,
  ordinal: number,
  flags: number,
  stops: () => boolean,
  first: PointStart,
): { readonly passes: number; readonly status: number } {
  const { registers } = task;
  if (register(registers, registerIndex.rip) === address) setRegister(registers, registerIndex.rip, stub);
  const inStub = target.slice();
  setRegister(inStub, registerIndex.rip, stub);
  const found = search(replayer, task, inStub, ordinal, flags | pointFlags.codeStays, stops, first);
  if (register(registers, registerIndex.rip) === stub) setRegister(registers, registerIndex.rip, address);
  return found;
}

/** Where the stand-in of a replaced instruction has stopped the task, the recorder's stub does what that is to do. */
function leadToStub(processes: ReplayProcesses, task: Task, status: number, site: PatchedSite): boolean {
  const by = stopOfStandIn(processes, task.pid, status);
  const { addressSpace, registers } = task;
  if (by === undefined || addressSpace.patched.stoppedAt(register(registers, registerIndex.rip), by) !== site) {
    return false;
  }
  goToStub(registers, site);
  return true;
}

function restoring(restore: () => void): Disposable {
  return { [Symbol.dispose]: restore };
}

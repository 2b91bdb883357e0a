/**
 * The replay's native primitives (native/replay/), typed. They are mechanism: each does what it says to one process of
 * the replay. All calls of a session come from the thread that made its ReplayProcesses, because ptrace is bound to
 * the thread that attached.
 *
 * Process ids are those of the running replay, addresses and lengths are numbers (user space ends below 2^47), results
 * of system calls are numbers too: -errno on failure. Where nothing else is said, a failure throws an Error with
 * `code` (`ESRCH`) like those of node:fs.
 */
import { join } from 'node:path';
import { loadAddon } from '../addon.ts';
import { EngineError } from '../errors.ts';
import { logger } from '../log.ts';
import type { CounterSpec } from '../machine/native-probes.ts';
import { packageRoot } from '../package-root.ts';

const log = logger('replay');

/**
 * How a process is resumed: ptrace's request numbers (linux/ptrace.h). There are no others: by these two the kernel makes
 * none of the program's system calls.
 */
export const resumeKinds = { sysemu: 31, sysemuStep: 32 } as const;
export type ResumeKind = (typeof resumeKinds)[keyof typeof resumeKinds];

/** 27 registers of 64 bits (engine/generated/schema.ts, registerIndex), low and high halves in turn. */
export type RegisterWords = Uint32Array;
export const registerWordCount = 54;

/** A signal broke the wait; the process still runs. The process-wide timer sees to it that a wait lasts 250 ms. */
export const waitBroken = -4;

/** native/replay/point-search.h, PointResult. */
export const pointResults = { found: -2001, goOn: -2002, badState: -2003, notThere: -2004 } as const;
/** native/replay/pass-recorder.h, PassRun. */
export const passRuns = { trapped: -2201, noStub: -2202 } as const;
/** native/patch/pass-stub.h, PassFilter. */
export const passFilters = { all: 0, stackIs: 1, stackAtLeast: 2, condition: 3 } as const;
/** Fields of a site and of its results, in the arrays of recordPasses. */
export const passFields = { address: 0, filter: 1, value: 2, trapAt: 3, isNeeded: 4, limit: 5, size: 6 } as const;
export const passResults = { isCounted: 0, passes: 1, lastMatch: 2, order: 3, size: 4 } as const;
/** native/replay/tick-target.h, TickResult. */
export const tickResults = { near: -2101, passed: -2102 } as const;
/** native/replay/point-search.h, PointStart. */
export const pointStarts = { standing: 0, behind: 1, running: 2 } as const;
export type PointStart = (typeof pointStarts)[keyof typeof pointStarts];
/** What is recorded of a point, beside its registers. */
export const pointParts = { memory: 0, xsave: 1, checksums: 2 } as const;
/**
 * How a point is searched for: by breakpoints alone; with every pass counted, even where that costs more than the pass;
 * whether the code there is a file's, so that it is there already and hardly changes, or one of several mappings'; whether the checksums are of all
 * that may differ between two passes with the same registers; and whether the ordinal alone names the point: nothing is
 * compared then, and the program runs in its own code but for the instruction at the site.
 */
export const pointFlags = {
  oracleOnly: 1,
  countAll: 2,
  codeStays: 4,
  checksumsTell: 8,
  ordinalIsSure: 16,
  sharedCode: 32,
} as const;
export interface RuntimeAddresses {
  readonly afterTraced: number;
  readonly afterStop: number;
  readonly timeTrap: number;
  readonly afterTimeStop: number;
  readonly end: number;
}

export interface ReplayProcesses {
  /** The first process, stopped, with the stub's memory. */
  readonly first: number;
  /** Why no seccomp filter is around the processes, as the kernel said it; empty when there is one. */
  readonly unconfined: string;
  /** rdtsc traps in this thread as it does in the processes, so that a stop costs less (native/tracee/time-trap.h). */
  readonly trapsTime: boolean;
  /**
   * Sets `registers` (but orig_rax = -1), resumes, delivering `signal` unless 0, waits, and fills `found` with the
   * registers at the stop. Returns the wait status of waitpid(2), or -errno; `waitBroken`: go on with `wait`. A status
   * that says the process has ended also means that it is reaped and forgotten here.
   */
  resume(pid: number, how: ResumeKind, signal: number, registers: RegisterWords, found: RegisterWords): number;
  wait(pid: number, found: RegisterWords): number;
  getRegisters(pid: number, found: RegisterWords): void;
  /**
   * A system call made in the process. Its registers are lost: every resume sets them. -ESRCH: it may be dead. -EPERM for
   * a call that no replay needs, or one that would work on our pages (native/replay/own-pages.h).
   */
  call(pid: number, number: number, ...args: number[]): number;
  /** clone(flags) in the process: the new process, stopped with our page as its place. -errno on failure. */
  clone(pid: number, flags: number): number;
  /** Gives the process a copy of our descriptor; its number there, or -errno (-EMFILE: it has too many). */
  sendDescriptor(pid: number, descriptor: number): number;
  /** Maps the in-tracee runtime, in its replaying form. 0, or -errno. */
  installRuntime(pid: number): number;
  /**
   * Where the runtime's system call instruction, and its trap behind a buffered call, leave rip; the same two for rdtsc;
   * and its end.
   */
  readonly runtimeAddresses: RuntimeAddresses;
  /** Bytes copied into `into` from `offset` on: fewer than `length` where memory ends. Protection does not matter. */
  readMemory(pid: number, address: number, into: Uint8Array, offset: number, length: number): number;
  /** Bytes written: fewer than `length` where memory ends, at our pages, or at a shared mapping that must not be written. */
  writeMemory(pid: number, address: number, from: Uint8Array, offset: number, length: number): number;
  /** PROT_* of the mapping there; -1: there is none. */
  protectionAt(pid: number, address: number): number;
  /**
   * The hash of what a call sends, and its bytes, by the registers with which it ended, or was entered (rax: an error).
   * Hash 0: some of that memory cannot be read.
   */
  sentHash(pid: number, number: number, registers: RegisterWords): readonly [hash: number, length: number];
  /** docs/events.md, "Memory checksums". `sparse`: pages never touched are zero, true of anonymous memory only. */
  checksum(pid: number, start: number, length: number, sparse: boolean): bigint;
  /**
   * Compares memory with the entries of a checksum record from number `from` on. The number of the first that is not
   * equal, or that is of more than some pages and was not looked at; -1: all are equal.
   */
  firstUnequal(pid: number, entries: Uint8Array, from: number): number;
  /** The XSAVE area in the kernel's standard format, made canonical (native/tracee/tracee.h). */
  getXsave(pid: number): Uint8Array;
  setXsave(pid: number, from: Uint8Array, offset: number, length: number): void;
  /** The recorded tracer's breakpoints and watchpoints: DR0 to DR7 as it set them, 64 bytes. */
  setDebugRegisters(pid: number, from: Uint8Array, offset: number, length: number): void;
  /** Debug registers stop the process at these addresses, at most three. False: there are none here. */
  armCode(pid: number, addresses: readonly number[]): boolean;
  /**
   * The next step of the process tells which of these ranges, address and length of each, it reads or writes.
   * False: there are no such debug registers here, or too few.
   */
  armAccess(pid: number, ranges: readonly number[]): boolean;
  /** Behind that step: a bit for each range that it accessed; -1: nothing tells. */
  disarmAccess(pid: number): number;
  /**
   * Runs the process while stubs count its passes of several addresses (native/replay/pass-recorder.h). One of passRuns, or
   * a status as of `resume` when something else stopped it; `waitBroken`: again, with `isRunning`.
   * @param sites passFields of each, one behind the other
   * @param conditions of each site with that filter: gdb's bytecode of its conditions, one of which is to hold
   * @param results passResults of each; behind them the number of the site where the process stands, when that pass is
   * counted, else -1
   */
  recordPasses(
    pid: number,
    isRunning: boolean,
    registers: RegisterWords,
    sites: Float64Array,
    results: Float64Array,
    found: RegisterWords,
    conditions: readonly (readonly Uint8Array[] | undefined)[],
  ): number;
  /** Where the stubs of searches lie in the process: start and end of each range, in turn. */
  stubRanges(pid: number): Float64Array;
  /**
   * Counts the process's ticks from now on. Gives what went wrong, or nothing.
   */
  openCounter(pid: number, spec: CounterSpec): string;
  /** The count, exact while the process is stopped; -1: no counter is open for it, -2: the counter has failed. */
  ticks(pid: number): number;
  /**
   * Runs the process until it is at most `skid` ticks before the count `value`. A value of tickResults, or a status as of
   * `resume`; `waitBroken`: again, with `running`.
   */
  runNearTicks(
    pid: number,
    running: boolean,
    registers: RegisterWords,
    value: number,
    skid: number,
    found: RegisterWords,
  ): number;
  /** siginfo_t of the signal that stopped the process. */
  signalInfo(pid: number): Uint8Array;
  /** Seconds of processor time that the process has used. */
  processorTime(pid: number): number;
  /** The same in microseconds, and our own behind it: written to `into` from `at` on. */
  processorTimes(pid: number, into: Float64Array, at: number): void;
  /** Asks a process that runs to stop (PTRACE_INTERRUPT): the next wait gives a stop of event 128. 0, or -errno. */
  interrupt(pid: number): number;
  /** Kills and reaps. */
  end(pid: number): void;
  /** Kills and reaps all. */
  close(): void;
}

/** What is known of a point. */
export interface SoughtPoint {
  /** The program's there. */
  readonly registers: RegisterWords;
  /** How often the process comes there, where it is known from before; else 0. */
  readonly ordinal: number;
  /** Of pointFlags. */
  readonly flags: number;
  /** The count of the process's counter there; -1 where it is not to be looked at. */
  readonly ticks: number;
}

export interface PointCounts {
  /** Stops at its address. */
  readonly hits: number;
  readonly stubs: number;
  readonly stubTraps: number;
  /** Stops with the recorded registers but another state. */
  readonly sameRegisters: number;
  /** The address where memory differed at the last of those; 0: the vector state did. */
  readonly differsAt: number;
  /** How often the task came to the address; some may be missing where it was not counted. */
  readonly passes: number;
  readonly isUncounted: boolean;
  /** The number of the first checksum that differs where the task stands, or is of much memory and was not looked at; -1: none. */
  readonly unequalChecksum: number;
}

/** The search for a point in one process (native/replay/point-search.h): one of a replay's at a time. */
export interface PointSearch {
  /** The next bytes of one of the recorded parts, a value of pointParts; they are copied. Before the first run. */
  addData(part: number, from: Uint8Array, offset: number, length: number): void;
  /** The bytes of its checksum records. */
  readonly checksums: Uint8Array;
  /** Of all its runs. */
  readonly counts: PointCounts;
  /**
   * Runs the process to the next point with that state, and what addData has told. A value of pointResults, or a status as
   * of ReplayProcesses.resume when something else stopped it; `found` has the registers.
   */
  run(start: PointStart, registers: RegisterWords, found: RegisterWords): number;
}

/** Some of native/patch/instruction.h, InstructionKind. */
export const instructionKinds = {
  /** None of those that lead elsewhere, or do what nobody else may. */
  plain: 0,
  relativeJump: 1,
  conditionalJump: 2,
  loop: 3,
  relativeCall: 4,
  indirectJump: 5,
  indirectCall: 6,
  nearReturn: 7,
  farBranch: 8,
  repeatedString: 15,
} as const;

interface Primitives {
  /** Starts the first process with the launcher at that path; throws an Error that tells what failed. */
  readonly ReplayProcesses: new (
    launcher: string,
  ) => ReplayProcesses;
  readonly PointSearch: new (processes: ReplayProcesses, pid: number, point: SoughtPoint) => PointSearch;
  /** A file in memory (memfd_create(2)); the descriptor is the caller's to close. */
  createMemoryFile(name: string): number;
  /** Where the open file has data, from that offset on; -1 where only a hole is left. The offset, where nobody knows. */
  nextData(descriptor: number, offset: number): number;
  /** Length of the machine instruction there, and 256 times its kind, a value of instructionKinds; 0: there is none. */
  instructionAt(bytes: Uint8Array, offset: number): number;
  /** The calling thread's id, for breakWait. */
  threadId(): number;
  /** Ends a wait of that thread of this process, as its timer does: at once, if it waits. */
  breakWait(threadId: number): void;
  /** Binds the calling thread, and the processes that it makes from now on. */
  bindToProcessor(number: number): void;
}

/** @throws EngineError ADDON_MISSING when the native addon is not built or cannot be loaded. */
export function primitives(): Primitives {
  return loadAddon<Primitives>();
}

export function searchFor(processes: ReplayProcesses, pid: number, point: SoughtPoint): PointSearch {
  const { PointSearch } = primitives();
  return new PointSearch(processes, pid, point);
}

/**
 * Starts the process from which all tasks of a replay are made. Warns where no seccomp filter can be put around it.
 * @throws EngineError REPLAY_START, WARNING_IS_FATAL
 */
export function startProcesses(): ReplayProcesses {
  const processes = newProcesses();
  const { unconfined } = processes;
  if (unconfined === '') return processes;
  try {
    log.warnEnvironment(
      `no seccomp filter is around the replayed program (seccomp: ${unconfined}): replay no trace here that you do not trust`,
    );
  } catch (fatal) {
    processes.close();
    throw fatal;
  }
  return processes;
}

function newProcesses(): ReplayProcesses {
  const launcher = join(packageRoot, 'build/Release/rr-launch');
  const { ReplayProcesses } = primitives();
  try {
    return new ReplayProcesses(launcher);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('REPLAY_START', `cannot start the replay: ${reason}`, { cause });
  }
}

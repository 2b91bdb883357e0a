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
import type { CounterSpec } from '../machine/native-probes.ts';
import { packageRoot } from '../package-root.ts';

/** How a process is resumed: ptrace's request numbers (linux/ptrace.h). */
export const resumeKinds = { cont: 7, step: 9, syscall: 24, sysemu: 31, sysemuStep: 32 } as const;
export type ResumeKind = (typeof resumeKinds)[keyof typeof resumeKinds];

/** 27 registers of 64 bits (engine/generated/schema.ts, registerIndex), low and high halves in turn. */
export type RegisterWords = Uint32Array;
export const registerWordCount = 54;

/** A signal broke the wait; the process still runs. The process-wide timer sees to it that a wait lasts 250 ms. */
export const waitBroken = -4;

/** native/replay/point-search.h, PointResult. */
export const pointResults = { found: -2001, goOn: -2002, badState: -2003, notThere: -2004 } as const;
/** native/replay/tick-target.h, TickResult. */
export const tickResults = { near: -2101, passed: -2102 } as const;
/** native/replay/point-search.h, PointStart. */
export const pointStarts = { standing: 0, behind: 1, running: 2 } as const;
export type PointStart = (typeof pointStarts)[keyof typeof pointStarts];

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
  /**
   * Sets `registers` (but orig_rax = -1), resumes, delivering `signal` unless 0, waits, and fills `found` with the
   * registers at the stop. Returns the wait status of waitpid(2), or -errno; `waitBroken`: go on with `wait`. A status
   * that says the process has ended also means that it is reaped and forgotten here.
   */
  resume(pid: number, how: ResumeKind, signal: number, registers: RegisterWords, found: RegisterWords): number;
  wait(pid: number, found: RegisterWords): number;
  getRegisters(pid: number, found: RegisterWords): void;
  /** A system call made in the process. Its registers are lost: every resume sets them. -ESRCH: it may be dead. */
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
  /** Bytes written: fewer than `length` where memory ends, or at a shared mapping that must not be written. */
  writeMemory(pid: number, address: number, from: Uint8Array, offset: number, length: number): number;
  /** docs/events.md, "Memory checksums". `sparse`: pages never touched are zero, true of anonymous memory only. */
  checksum(pid: number, start: number, length: number, sparse: boolean): bigint;
  /**
   * Compares memory with the entries of a checksum record from number `from` on. The number of the first that is not
   * equal, or that is longer than `limit` bytes and was not looked at; -1: all are equal.
   */
  firstUnequal(pid: number, entries: Uint8Array, from: number, limit: number): number;
  /** The XSAVE area in the kernel's standard format, made canonical (native/tracee/tracee.h). */
  getXsave(pid: number): Uint8Array;
  setXsave(pid: number, from: Uint8Array, offset: number, length: number): void;
  /** The recorded tracer's breakpoints and watchpoints: DR0 to DR7 as it set them, 64 bytes. */
  setDebugRegisters(pid: number, from: Uint8Array, offset: number, length: number): void;
  /** Another point is searched for from now on; what was recorded of it is told by addPointData. */
  beginPoint(): void;
  /** The next bytes of its XSAVE area, or of its memory as dataSpaces.pointMemory has it; they are copied. */
  addPointData(isXsave: boolean, from: Uint8Array, offset: number, length: number): void;
  /**
   * Runs the process to the next point whose state is `target`, and what addPointData has told (native/replay/point-search.h): by a
   * breakpoint, and unless `oracleOnly` by a stub in the process. A value of pointResults, or a status as of `resume` when
   * something else stopped it; `found` has the registers. `counts`: stops at the site, stubs built, traps of stubs,
   * stops with the recorded registers but another state, the address where memory differed at the last of those (0: the
   * vector state differed), how often the task came to the address, and whether passes were left uncounted, as is done
   * where counting would cost more than the pass, unless `countAll`. `ordinal`: how often it comes there, where it is known from before;
   * else 0. `ticks`: the count of the process's counter at the point, -1 where it is not to be looked at.
   */
  searchPoint(
    pid: number,
    start: PointStart,
    registers: RegisterWords,
    target: RegisterWords,
    ordinal: number,
    oracleOnly: boolean,
    counts: BigUint64Array,
    found: RegisterWords,
    ticks: number,
    countAll: boolean,
  ): number;
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
  /** Kills and reaps. */
  end(pid: number): void;
  /** Kills and reaps all. */
  close(): void;
}

interface Primitives {
  /** Starts the first process with the launcher at that path; throws an Error that tells what failed. */
  readonly ReplayProcesses: new (
    launcher: string,
  ) => ReplayProcesses;
  /** A file in memory (memfd_create(2)); the descriptor is the caller's to close. */
  createMemoryFile(name: string): number;
  /** Binds the calling thread, and the processes that it makes from now on. */
  bindToProcessor(number: number): void;
}

/** @throws EngineError ADDON_MISSING when the native addon is not built or cannot be loaded. */
export function primitives(): Primitives {
  return loadAddon<Primitives>();
}

/** Starts the process from which all tasks of a replay are made. @throws EngineError REPLAY_START */
export function startProcesses(): ReplayProcesses {
  const launcher = join(packageRoot, 'build/Release/rr-launch');
  const { ReplayProcesses } = primitives();
  try {
    return new ReplayProcesses(launcher);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('REPLAY_START', `cannot start the replay: ${reason}`, { cause });
  }
}

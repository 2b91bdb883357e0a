/**
 * A diversion: the program runs where the recording does not, because a debugger has changed its registers or memory to
 * call a function of it. It runs in processes that are thrown away afterwards. Its system calls reach no kernel: output is
 * shown, memory calls are made in its own address space, and everything else is unknown to it. Its time stamps are of now.
 */
import { constants } from 'node:os';
import { registerIndex } from '../../generated/schema.ts';
import type { Echo } from '../../replay/echo.ts';
import { type ReplayProcesses, resumeKinds, waitBroken } from '../../replay/primitives.ts';
import { callArguments, callNumber, register, setRegister } from '../../replay/registers.ts';
import type { Replayer } from '../../replay/replayer.ts';
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
import { syscallNumbers } from '../../syscalls/numbers.ts';
import type { Resume, Stop } from '../target.ts';
import { CodeBreakpoints } from './code-breakpoints.ts';

const unknownCall = -38;
const mostWritten = 1 << 16;
/** struct iovec; UIO_MAXIOV. */
const vectorSize = 16;
const mostVectors = 1024;
/** rdtsc, rdtscp. */
const timeStamp = Uint8Array.of(0x0f, 0x31);
const timeStampAux = Uint8Array.of(0x0f, 0x01, 0xf9);
/** MAP_ANONYMOUS. */
const anonymous = 0x20;
/** Lowest address that a call of the program may map at: below lies what is ours. */
const oursEnd = 0x7020_0000;

/**
 * Signals that come again where a program goes on without them: of instructions, and what abort(3) sends. The others are
 * left out, since the program may have a handler, of which a copy knows nothing.
 */
const endingSignals: ReadonlySet<number> = new Set([
  constants.signals.SIGILL,
  constants.signals.SIGABRT,
  constants.signals.SIGBUS,
  constants.signals.SIGFPE,
  constants.signals.SIGKILL,
  constants.signals.SIGSEGV,
  constants.signals.SIGSYS,
]);

export class Diversion {
  readonly #replayer: Replayer;
  readonly #code: CodeBreakpoints;
  readonly #echo: Echo;
  readonly #processes: ReplayProcesses;
  #interruptSent = false;

  constructor(replayer: Replayer, echo: Echo) {
    this.#replayer = replayer;
    this.#processes = replayer.processes;
    this.#code = new CodeBreakpoints(replayer.processes);
    this.#echo = echo;
  }

  /** Runs the task until a breakpoint, a signal, the end of a step, or its own end; no process has ended then. */
  run(task: Task, breakpoints: ReadonlySet<number>, isStep: boolean, isInterrupted: () => boolean): Stop {
    const { tid, addressSpace } = task;
    const { found } = this.#replayer;
    this.#writeOwnInstructions(task);
    for (let first = true; ; first = false) {
      const rip = register(task.registers, registerIndex.rip);
      const stepsOff = first && breakpoints.has(rip);
      this.#code.write(addressSpace, breakpoints);
      if (isStep || stepsOff) this.#code.remove(addressSpace, rip);
      const how = isStep || stepsOff ? resumeKinds.sysemuStep : resumeKinds.sysemu;
      let status = this.#processes.resume(task.pid, how, 0, task.registers, found);
      while (status === waitBroken) {
        if (isInterrupted() && !this.#interruptSent) this.#interruptSent = this.#processes.interrupt(task.pid) === 0;
        status = this.#processes.wait(task.pid, found);
      }
      this.#code.removeAll(addressSpace);
      if (status < 0 || !isStopped(status))
        return { kind: 'diversionEnd', tid, status: status < 0 ? undefined : status };
      task.registers.set(found);
      if (status === syscallStop) {
        const ended = endOf(task);
        if (ended !== undefined) return { kind: 'diversionEnd', tid, status: ended };
        const signal = signalToItself(task);
        this.#call(task);
        if (signal !== undefined) return { kind: 'signal', tid, signal };
        if (isStep) return { kind: 'step', tid };
        continue;
      }
      if (stopEvent(status) === interruptEvent) {
        this.#interruptSent = false;
        if (isInterrupted()) return { kind: 'interrupted', tid };
        continue;
      }
      const signal = stopSignal(status);
      if (signal === sigsegv && this.#giveTimeStamp(task)) {
        if (isStep) return { kind: 'step', tid };
        continue;
      }
      if (signal !== sigtrap) return { kind: 'signal', tid, signal };
      const at = register(found, registerIndex.rip) - 1;
      if (breakpoints.has(at) && !isStep && !stepsOff) {
        setRegister(task.registers, registerIndex.rip, at);
        return { kind: 'breakpoint', tid, address: at, hardware: false };
      }
      if (isStep) return { kind: 'step', tid };
      if (!stepsOff) return { kind: 'signal', tid, signal };
    }
  }

  /** What the recording has replaced asks the runtime, which knows recorded calls alone. */
  #writeOwnInstructions({ pid, addressSpace }: Task): void {
    for (const { address, own } of addressSpace.patched.all()) {
      this.#processes.writeMemory(pid, address, own, 0, own.length);
    }
  }

  /** Executes the rdtsc or rdtscp at which the task stands, which trap in a replay. False: it is another instruction. */
  #giveTimeStamp(task: Task): boolean {
    const { registers, pid } = task;
    const rip = register(registers, registerIndex.rip);
    const code = new Uint8Array(timeStampAux.length);
    const length = this.#processes.readMemory(pid, rip, code, 0, code.length);
    const starts = (bytes: Uint8Array): boolean =>
      length >= bytes.length && bytes.every((byte, at) => byte === code[at]);
    const isAux = starts(timeStampAux);
    if (!isAux && !starts(timeStamp)) return false;
    const now = process.hrtime.bigint();
    setRegister(registers, registerIndex.rax, Number(now & 0xffff_ffffn));
    setRegister(registers, registerIndex.rdx, Number((now >> 32n) & 0xffff_ffffn));
    if (isAux) setRegister(registers, registerIndex.rcx, 0);
    setRegister(registers, registerIndex.rip, rip + (isAux ? timeStampAux.length : timeStamp.length));
    return true;
  }

  /** Answers the system call at which the task stands. */
  #call(task: Task): void {
    const number = callNumber(task.registers);
    const result = this.#result(task, number);
    setRegister(task.registers, registerIndex.rax, result);
    task.registers[2 * registerIndex.orig_rax] = 0xffff_ffff;
    task.registers[2 * registerIndex.orig_rax + 1] = 0xffff_ffff;
  }

  #result(task: Task, number: number): number {
    const [first = 0, second = 0, third = 0, fourth = 0] = callArguments(task.registers);
    switch (number) {
      case syscallNumbers.write:
        if (first !== 1 && first !== 2) return unknownCall;
        return this.#write(task, first, second, third);
      case syscallNumbers.writev:
        if (first !== 1 && first !== 2) return unknownCall;
        return this.#writeVectors(task, first, second, third);
      case syscallNumbers.kill:
      case syscallNumbers.tkill:
      case syscallNumbers.tgkill:
        return signalToItself(task) === undefined ? unknownCall : 0;
      case syscallNumbers.getpid:
        return task.threadGroup;
      case syscallNumbers.gettid:
        return task.tid;
      case syscallNumbers.mmap: {
        if ((fourth & anonymous) === 0) return unknownCall;
        if (first !== 0 && first < oursEnd) return unknownCall;
        return this.#processes.call(task.pid, number, first, second, third, fourth, -1, 0);
      }
      case syscallNumbers.munmap:
      case syscallNumbers.mprotect:
        if (first < oursEnd) return unknownCall;
        return this.#processes.call(task.pid, number, first, second, third);
      case syscallNumbers.brk:
        return task.addressSpace.heapEnd ?? 0;
      default:
        return unknownCall;
    }
  }

  #writeVectors(task: Task, descriptor: number, address: number, count: number): number {
    const vectors = new Uint8Array(Math.max(0, Math.min(count, mostVectors)) * vectorSize);
    const read = this.#processes.readMemory(task.pid, address, vectors, 0, vectors.length);
    const view = new DataView(vectors.buffer);
    let written = 0;
    for (let at = 0; at + vectorSize <= read; at += vectorSize) {
      const length = Number(view.getBigUint64(at + 8, true));
      const now = this.#write(task, descriptor, Number(view.getBigUint64(at, true)), length);
      written += Math.max(0, now);
      if (now < length) break;
    }
    return written;
  }

  #write(task: Task, descriptor: number, address: number, length: number): number {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, mostWritten)));
    const read = this.#processes.readMemory(task.pid, address, bytes, 0, bytes.length);
    this.#echo.write(descriptor, bytes.subarray(0, Math.max(0, read)));
    this.#echo.flush();
    return read;
  }
}

/** Where the debugger passes on a signal without which the task cannot go on. */
export function endBySignal({ tid }: Task, { signal }: Resume): Stop | undefined {
  if (signal === undefined || !endingSignals.has(signal)) return undefined;
  return { kind: 'diversionEnd', tid, status: signal };
}

/** The status (as of waitpid(2)) with which the system call at which the task stands ends it; undefined: it does not. */
function endOf({ registers }: Task): number | undefined {
  const number = callNumber(registers);
  if (number !== syscallNumbers.exit && number !== syscallNumbers.exit_group) return undefined;
  const [code = 0] = callArguments(registers);
  return (code & 0xff) << 8;
}

/** The signal that the system call at which the task stands would send to it or to its process; undefined: none. */
function signalToItself({ registers, tid, threadGroup }: Task): number | undefined {
  const [first, second = 0, third = 0] = callArguments(registers).map((argument) => argument | 0);
  switch (callNumber(registers)) {
    case syscallNumbers.kill:
      return first === threadGroup && second !== 0 ? second : undefined;
    case syscallNumbers.tkill:
      return first === tid && second !== 0 ? second : undefined;
    case syscallNumbers.tgkill:
      return first === threadGroup && second === tid && third !== 0 ? third : undefined;
    default:
      return undefined;
  }
}

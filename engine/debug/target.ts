/**
 * What a debugger can ask of a replay. The replay lives in a thread of its own (ptrace is bound to the thread that
 * attached), where a Target's methods run one after the other and block; whoever speaks a debugger's protocol lives in
 * the main thread and sees the same methods as promises (RemoteTarget).
 *
 * One process of the recording is looked at at a time. Process and task ids are those of the recording, addresses and
 * lengths are numbers (user space ends below 2^47). A method that cannot do what it is asked throws an EngineError; the
 * target is then as before.
 */
import type { RegisterWords } from '../replay/primitives.ts';

/** A task of the process that is looked at. */
export interface TaskDescription {
  readonly tid: number;
  /** Name of the task as the kernel had it (comm), at most 15 bytes; its program's base name where nothing set another. */
  readonly name: string;
  /** Its fs base, which is pthread_t of the C library's threads; 0: it has none yet. */
  readonly threadPointer: number;
}

/** A process of the recording, at any time. */
export interface ProcessDescription {
  readonly pid: number;
  /** Undefined: the first. */
  readonly parent: number | undefined;
  /** Path of its last program; empty where it never executed one of its own. */
  readonly program: string;
  /** What it executed it by, a link perhaps, and its first argument, by which `rr ps` shows it; empty as `program` is. */
  readonly executed: string;
  readonly commandName: string;
  /** Paths of all programs that it ran, the one that it was forked with first, and the events behind which it ran them. */
  readonly programs: readonly { readonly event: number; readonly path: string }[];
  readonly firstEvent: number;
  /** Number of its last exec's event; undefined where it made none. */
  readonly execEvent: number | undefined;
  /** Its last event; of one whose end is not recorded, that of the recording. */
  readonly lastEvent: number;
  /** As of waitpid(2); undefined where the recording does not have its end. */
  readonly status: number | undefined;
}

/** What never changes while a trace is debugged. */
export interface RecordingDescription {
  readonly directory: string;
  readonly firstProcess: number;
  /** Number of the last event. */
  readonly lastEvent: number;
  /** False when the recording was killed or ended before the program did. */
  readonly isComplete: boolean;
  /** False: when-ticks and seek-ticks cannot be answered. */
  readonly hasTicks: boolean;
  readonly processes: readonly ProcessDescription[];
}

/** Where the replay stands. */
export interface TargetState {
  readonly process: number;
  /** The task that stands at the position. */
  readonly tid: number;
  readonly tasks: readonly TaskDescription[];
  /** Number of the last event that is behind the position; 0 at the beginning. */
  readonly event: number;
  /** The position as text that can be pasted into another session (DEBUGGING.md, "Positions"). */
  readonly position: string;
  /** Undefined where the trace has none. */
  readonly ticks: number | undefined;
  /** Seconds since the recording began, as of the last event. */
  readonly elapsedSeconds: number;
  /** Wall-clock time of the last event, seconds since 1970; undefined where the trace does not tell. */
  readonly absoluteSeconds: number | undefined;
  /** Path of the program that the process runs, as recorded. */
  readonly program: string;
  /** Another number for each exec and each process: debuggers must load symbols anew when it differs. */
  readonly image: number;
  /** What stands there is a copy of the program, which has run after the debugger had changed its registers. */
  readonly isCopy: boolean;
}

/** Why a resume ended. In each the replay stands at a position, with `tid` there. */
export type Stop =
  | { readonly kind: 'step'; readonly tid: number }
  /** At the instruction; it has not been executed. */
  | { readonly kind: 'breakpoint'; readonly tid: number; readonly address: number; readonly hardware: boolean }
  | {
      readonly kind: 'watchpoint';
      readonly tid: number;
      readonly access: 'write' | 'read' | 'access';
      /** Start of what was asked to be watched. */
      readonly address: number;
    }
  /** A signal is about to act on the task. */
  | { readonly kind: 'signal'; readonly tid: number; readonly signal: number }
  | { readonly kind: 'syscall'; readonly tid: number; readonly number: number; readonly isEntry: boolean }
  /** interrupt() was called. */
  | { readonly kind: 'interrupted'; readonly tid: number }
  /** The process has a new program, and stands at its first instruction; backwards the one before, at its last. */
  | { readonly kind: 'exec'; readonly tid: number; readonly program: string }
  /** The process is about to end; the position is the last that it has. Going on from here says the same again. */
  | { readonly kind: 'exit'; readonly tid: number; readonly status: number | undefined }
  /** The program that the debugger had changed has ended. The replay stands where that began, as it was recorded. */
  | { readonly kind: 'diversionEnd'; readonly tid: number; readonly status: number | undefined }
  /** The beginning of the process, going backwards; the end of the recording, going forwards. */
  | { readonly kind: 'begin'; readonly tid: number }
  | { readonly kind: 'end'; readonly tid: number };

/** Where to go. */
export type Place =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  /** Behind the event of that number. */
  | { readonly kind: 'event'; readonly event: number }
  | { readonly kind: 'position'; readonly text: string }
  | { readonly kind: 'ticks'; readonly ticks: number }
  | { readonly kind: 'checkpoint'; readonly number: number }
  /** Another process: at its last exec, or where it was made when it made none. */
  | { readonly kind: 'process'; readonly pid: number }
  /** Another process, where it was made (`-f`). */
  | { readonly kind: 'fork'; readonly pid: number };

/** A breakpoint or a watchpoint, as gdb's Z packets describe them. */
export interface Breakpoint {
  readonly kind: 'software' | 'hardware' | 'write' | 'read' | 'access';
  readonly address: number;
  /** Bytes watched; of a breakpoint: without meaning. */
  readonly length: number;
  /** gdb's agent bytecode: a hit counts when any of them is not zero. None: each hit counts. */
  readonly conditions: readonly Uint8Array[];
  /** Of one in code: passCounts() tells how often it was met by runs forwards, and it stops nothing. */
  readonly counts?: boolean;
}

export interface Resume {
  readonly direction: 'forward' | 'backward';
  readonly how: 'continue' | 'step';
  /** The task to step, which need not be the current one; of `continue`: without meaning. */
  readonly tid: number;
  /** `step` only: goes on while the task's rip is in [start, end). */
  readonly range?: { readonly start: number; readonly end: number };
  /**
   * `continue` backwards only: the breakpoint at the entry of a function. If the task stands at that function's return, only
   * the entry that is returned from counts, and those of frames outside of it.
   */
  readonly entry?: number;
  /** A signal, by Linux's number, that is to act on the program first: a changed one may end by it. */
  readonly signal?: number;
}

/** Whose stores are looked for. */
export interface WriteSearch {
  readonly address: number;
  /** Bytes. */
  readonly length: number;
  /** At most so many. */
  readonly count: number;
  readonly direction: 'forward' | 'backward';
}

/** A store that has changed memory. */
export interface MemoryWrite {
  /** Where it is about to be made. */
  readonly position: string;
  readonly event: number;
  readonly tid: number;
  /** The instruction; 0: the kernel, by the system call there. */
  readonly by: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export interface CheckpointDescription {
  readonly number: number;
  readonly position: string;
  readonly event: number;
  readonly process: number;
  /** rip of its task. */
  readonly address: number;
}

export interface TaskRegisters {
  /** user_regs_struct: indices of registerIndex, each two halves. */
  readonly general: RegisterWords;
  /** XSAVE area in the kernel's standard format, as PTRACE_GETREGSET NT_X86_XSTATE gives it. */
  readonly xsave: Uint8Array;
}

/** A file of a store (openStoredFile). */
export interface KeptFile {
  readonly store: string;
  /** SHA-256, in hexadecimal. */
  readonly hash: string;
}

export interface Target {
  recording(): RecordingDescription;
  state(): TargetState;

  /** @throws EngineError NO_TASK */
  registers(tid: number): TaskRegisters;
  /** Makes a diversion of what runs next (`call f()`); see resume. */
  setRegisters(tid: number, registers: TaskRegisters): void;
  /** The program's own bytes, whatever of ours lies there. Fewer where memory ends. */
  readMemory(address: number, length: number): Uint8Array;
  /** The bytes written: fewer where memory ends. It lasts until the replay goes on from another place. */
  writeMemory(address: number, bytes: Uint8Array): number;
  /** siginfo_t of the signal at which the task stands; undefined when it stands at none. */
  signalInfo(tid: number): Uint8Array | undefined;
  /** The process's auxiliary vector as its program was started. */
  auxiliaryVector(): Uint8Array;
  /**
   * The text or bytes of a file below /proc/PID or /proc/PID/task/TID, as the program would have seen it: maps, smaps,
   * cmdline, environ, comm, exe (as a link's text), cwd, status, stat, auxv. Undefined for one that is not known.
   */
  processFile(path: string): Uint8Array | undefined;
  /** What the trace keeps of a file that was mapped, by its recorded path; undefined: not kept. */
  storedFile(path: string): KeptFile | undefined;

  /** All that are wanted from now on. @throws EngineError BREAKPOINT_REFUSED for one that cannot be had */
  setBreakpoints(all: readonly Breakpoint[]): void;
  /** Of the breakpoints that count: address, and how often it was come to since they were set. */
  passCounts(): readonly (readonly [address: number, passes: number])[];
  /** System calls at whose entry and exit to stop: undefined for none, empty for all. */
  catchSyscalls(numbers: readonly number[] | undefined): void;
  /** Signals that need not be reported. */
  passSignals(numbers: readonly number[]): void;

  /** Runs until something of the above stops it. @throws Divergence when the replay leaves the recording */
  resume(resume: Resume): Stop;
  /** Goes there. What stood on the way does not stop it. @throws EngineError NO_PLACE */
  seek(place: Place): void;

  /**
   * This place as text that means the same in every session: state() tells one of places without a name, where that is to
   * be found by a run. The replay stays where it is. @throws EngineError NO_PLACE
   */
  namePosition(): string;

  /** Stores that changed some memory, before this place or behind it, the nearest first. The replay stays where it is. */
  writes(search: WriteSearch): readonly MemoryWrite[];

  checkpoint(): CheckpointDescription;
  checkpoints(): readonly CheckpointDescription[];
  /** @throws EngineError NO_CHECKPOINT */
  deleteCheckpoint(number: number): void;

  /** Kills every process of the replay. */
  close(): void;
}

/** The same from another thread. */
export type RemoteTarget = {
  readonly [Method in keyof Target]: (...args: Parameters<Target[Method]>) => Promise<ReturnType<Target[Method]>>;
} & {
  /** Ends the resume or seek under way, if there is one, within 50 ms; its promise tells. Of no effect while nothing runs. */
  interrupt(): void;
};

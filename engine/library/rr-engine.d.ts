/**
 * A recording as a library: its events, and a replay that can be driven forwards and backwards, looked into, and stopped
 * where a program wants to be called.
 *
 * All methods are asynchronous: the replay runs in a thread of its own, and one after the other. Addresses and lengths are
 * numbers, values of registers bigints. What cannot be done is an Error with a `code` in capitals and a sentence.
 *
 * A Trace and a Replay hold processes and files: `await using`, or close() in a `finally`.
 */
/// <reference lib="esnext.disposable" />

/**
 * Opens a recording.
 * @param directory of the trace, or its name below the trace root, or a pack (FILE.rrz); left out: the latest
 * @throws Error TRACE_NOT_FOUND, NOT_A_TRACE, TRACE_DAMAGED and their kin
 */
export declare function openTrace(directory?: string): Promise<Trace>;

/** A recording. */
export interface Trace extends AsyncDisposable {
  readonly directory: string;
  /** Number of the last event; the first is 1. */
  readonly lastEvent: number;
  /** False when the recording was killed or ended before the program did. */
  readonly isComplete: boolean;
  /** In the order in which they began. */
  readonly processes: readonly Process[];

  /** The events in their order, as `rr dump` prints them. Nothing is replayed for it. */
  events(options?: EventOptions): AsyncIterable<TraceEvent>;
  /** A replay of its own, which stands at the beginning of its process. */
  replay(options?: ReplayOptions): Promise<Replay>;
  /** Closes its replays, too. */
  close(): Promise<void>;
}

/** A process of the recording, at any time. */
export interface Process {
  readonly pid: number;
  /** Undefined: the first. */
  readonly parent: number | undefined;
  /** Path of its last program; empty where it never executed one of its own. */
  readonly program: string;
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** As of waitpid(2); undefined where the recording does not have its end. */
  readonly status: number | undefined;
}

export interface EventOptions {
  /** Numbers of the first and the last event; left out: all. */
  readonly from?: number;
  readonly to?: number;
  /** Events of this task alone. */
  readonly tid?: number;
  /** With the registers after each event. */
  readonly registers?: boolean;
}

export interface TraceEvent {
  readonly event: number;
  /** Since the recording began. */
  readonly seconds: number;
  readonly tid: number;
  /** `syscall`, `signal`, `exec`, `exit`, ... (docs/events.md). */
  readonly kind: string;
  /** What happened: `write(1, ..., 5) = 5`. */
  readonly text: string;
  /** The calls that were recorded without a stop before the event. */
  readonly buffered: readonly string[];
  /** Where asked for. */
  readonly registers?: Readonly<Record<string, bigint>>;
}

export interface ReplayOptions {
  /** By pid, by path, or by the base name of its program; left out: the first. */
  readonly process?: number | string;
  /** Where to begin; left out: at the first instruction of its program. */
  readonly at?: Place;
  /** The program's output is written again, to standard output; else it is not. */
  readonly showOutput?: boolean;
}

/**
 * Where to go: `begin` and `end` of the process, an event (the place behind it), a position as Replay.position gives it,
 * a checkpoint, or another process.
 */
export type Place = 'begin' | 'end' | number | string | Checkpoint | { readonly process: number | string };

/** Where code or data is: an address, or the name of a symbol. */
export type Where = number | string;

/** The run that has met it ends when this gives `'stop'`, or a promise of it; else it goes on. */
export type Handler = (hit: Hit) => unknown;

/** What a breakpoint's or a watchpoint's handler is told; the replay stands there. */
export interface Hit {
  readonly replay: Replay;
  readonly tid: number;
  /** Of the breakpoint, or of what is watched. */
  readonly address: number;
  /** How often this was met since it was set, with this time. */
  readonly count: number;
}

/** A breakpoint or a watchpoint. It is gone after remove(), or at the end of its scope. */
export interface Stopper extends AsyncDisposable {
  readonly address: number;
  /** How often a run has met it. */
  readonly count: number;
  remove(): Promise<void>;
}

export interface Checkpoint extends AsyncDisposable {
  readonly number: number;
  readonly position: string;
  readonly event: number;
  remove(): Promise<void>;
}

export interface State {
  readonly process: number;
  /** The task that stands at the position. */
  readonly tid: number;
  readonly tasks: readonly { readonly tid: number; readonly name: string }[];
  /** The last event that is over. */
  readonly event: number;
  readonly elapsedSeconds: number;
  /** Path of the program, as recorded. */
  readonly program: string;
}

/** Why a run or a step has ended. */
export type Stop =
  | { readonly kind: 'step'; readonly tid: number }
  /** Its instruction has not been executed. */
  | { readonly kind: 'breakpoint'; readonly tid: number; readonly address: number }
  /** Forwards behind the write, backwards before it. */
  | { readonly kind: 'watchpoint'; readonly tid: number; readonly address: number }
  /** A signal is about to act on the task. */
  | { readonly kind: 'signal'; readonly tid: number; readonly signal: number }
  | { readonly kind: 'syscall'; readonly tid: number; readonly number: number; readonly isEntry: boolean }
  | { readonly kind: 'interrupted'; readonly tid: number }
  /** The process has a new program, and stands at its first instruction. */
  | { readonly kind: 'exec'; readonly tid: number; readonly program: string }
  /** The last place of the process, before its end. */
  | { readonly kind: 'exit'; readonly tid: number; readonly status: number | undefined }
  /** The first place of the process, going backwards. */
  | { readonly kind: 'begin'; readonly tid: number }
  /** The end of a recording that breaks off. */
  | { readonly kind: 'end'; readonly tid: number };

export interface RunOptions {
  /** Backwards. */
  readonly back?: boolean;
}

export interface StepOptions extends RunOptions {
  /** Instructions; left out: one. */
  readonly count?: number;
  /** The task to step; left out: the one that stands there. */
  readonly tid?: number;
}

export type GeneralRegister =
  | 'rax'
  | 'rbx'
  | 'rcx'
  | 'rdx'
  | 'rsi'
  | 'rdi'
  | 'rbp'
  | 'rsp'
  | 'r8'
  | 'r9'
  | 'r10'
  | 'r11'
  | 'r12'
  | 'r13'
  | 'r14'
  | 'r15'
  | 'rip'
  | 'eflags'
  | 'orig_rax'
  | 'fs_base'
  | 'gs_base'
  | 'cs'
  | 'ss'
  | 'ds'
  | 'es'
  | 'fs'
  | 'gs';

export type Registers = Readonly<Record<GeneralRegister, bigint>> & {
  /** Any register by gdb's name, those of vectors, too: `xmm0`, `ymm0h`, `mxcsr`, `st0`. */
  value(name: string): bigint;
};

/** A symbol of a program or library that is mapped where the replay stands. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  /** Bytes; 0 where the file does not tell. */
  readonly size: number;
  /** `resolver`: a function that gives the address of another (STT_GNU_IFUNC). */
  readonly kind: 'function' | 'object' | 'resolver' | 'other';
  /** Path of its file, as recorded. */
  readonly file: string;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** A replay of one process at a time, at one place at a time. */
export interface Replay extends AsyncDisposable {
  readonly trace: Trace;

  state(): Promise<State>;
  /**
   * The place as text, which goTo and `rr replay`'s `seek` understand, in another session, too. Behind a watchpoint it has
   * to be found out: the replay goes one instruction back for it, and forward again.
   */
  position(): Promise<string>;

  /** Nothing on the way stops it. @throws Error NO_PLACE, BAD_POSITION, NO_PROCESS, NO_CHECKPOINT */
  goTo(place: Place): Promise<void>;
  /** Runs until a breakpoint or watchpoint without a handler, until a handler says so, or to the end of the process. */
  run(options?: RunOptions): Promise<Stop>;
  /** Executes instructions; something else than a step may end it sooner. No handler is called. */
  step(options?: StepOptions): Promise<Stop>;
  /** run() again and again, up to the end of the process or of the recording; leaving the loop leaves it there. */
  stops(options?: RunOptions): AsyncIterable<Stop>;
  /** Ends the run, step or goTo under way, from outside of it. */
  interrupt(): void;

  /** Without a handler each hit ends a run. @throws Error NO_SYMBOL, BREAKPOINT_REFUSED */
  breakpoint(where: Where, handler?: Handler): Promise<Stopper>;
  /** Met when the bytes have changed. `length` left out: the symbol's size, 8 for an address. */
  watchpoint(where: Where, options?: WatchOptions, handler?: Handler): Promise<Stopper>;
  /** Signals at which a run ends; none at first. */
  catchSignals(numbers: readonly number[]): Promise<void>;
  /** System calls at whose entry and exit a run ends: `all`, or their numbers; none at first. */
  catchSyscalls(numbers: 'all' | readonly number[]): Promise<void>;
  /**
   * Runs on to the end of the process, or to the first arrival at `until`, and counts how often each address is come to
   * on the way: the counts in the order of `where`. Breakpoints and handlers take no part. Each arrival costs a stop, some
   * 100 microseconds.
   */
  countPasses(where: readonly Where[], options?: { readonly until?: Where }): Promise<number[]>;

  /** Left out: of the task that stands there. @throws Error NO_TASK */
  registers(tid?: number): Promise<Registers>;
  /** @throws Error UNREADABLE where not all of it is mapped */
  memory(where: Where, length: number): Promise<Uint8Array>;
  /** A little-endian number of 1, 2, 4 or 8 bytes. @throws Error UNREADABLE */
  integer(where: Where, size?: 1 | 2 | 4 | 8, options?: { readonly signed?: boolean }): Promise<bigint>;
  /** Text up to a zero byte, of at most that many bytes. @throws Error UNREADABLE */
  text(where: Where, most?: number): Promise<string>;

  /** Of what is mapped where the replay stands; the program's own come first. @throws Error NO_SYMBOL */
  symbol(name: string): Promise<ElfSymbol>;
  /** All symbols of the program, or of a library by its path or base name. @throws Error NO_FILE */
  symbols(file?: string): Promise<readonly ElfSymbol[]>;
  /** The function or object that an address lies in. */
  symbolAt(address: number): Promise<ElfSymbol | undefined>;
  /** By debug information, and addr2line(1) where that is installed; else undefined. */
  line(address: number): Promise<SourceLine | undefined>;

  /** Remembers this place. */
  checkpoint(): Promise<Checkpoint>;
  /** Ends the processes of the replay. */
  close(): Promise<void>;
}

export interface WatchOptions {
  /** Bytes. */
  readonly length?: number;
  /** `write`, when left out: changes alone. */
  readonly access?: 'write' | 'read' | 'access';
}

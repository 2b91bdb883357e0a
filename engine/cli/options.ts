/**
 * What the command line hands to the parts that do the work. The parser (parse.ts) has checked all values: a number is
 * in range, a word is one of those listed here.
 */

import type { CounterChoice } from '../machine/execution-points.ts';
import type { HiddenFeatures } from '../record/native-recorder.ts';

/** When memory checksums are recorded; a replay compares whatever the trace holds. `-C`. */
export type ChecksumMode =
  | { readonly when: 'never' }
  /** After every event that ends a system call. */
  | { readonly when: 'syscalls' }
  | { readonly when: 'allEvents' }
  /** After each event whose number is a multiple of `interval` (at least 1). */
  | { readonly when: 'every'; readonly interval: number }
  /** After every event from number `event` on. */
  | { readonly when: 'from'; readonly event: number };

/** Options before the subcommand; they hold for all commands. */
export interface GlobalOptions {
  readonly checksum: ChecksumMode;
  /** `-K`: a replay compares the mappings that it keeps in mind with the kernel's. A recording asks the kernel each time. */
  readonly checkMappings: boolean;
  /** `-E`: a warning ends the command like an error. The log does it (engine/log.ts). */
  readonly fatalErrors: boolean;
  /** `-D`, `-T`: after which events a replay writes the memory of the task (replay/memory-dumps.ts). */
  readonly dumpOn?: string;
  readonly dumpAt?: number;
  /** `--non-interactive`: no progress on a terminal. */
  readonly nonInteractive: boolean;
  /** `-M`: what the program writes to standard output and error is preceded by `[rr PID EVENT]`. */
  readonly markStdio: boolean;
  /** `--disable-cpuid-faulting`: `cpuid` is not made to trap, as on a processor that cannot. */
  readonly withoutCpuidFaulting: boolean;
  /** `-A`: the processor to assume, a name of native/counter/microarchitecture.cc; left out: what CPUID says. */
  readonly microarchitecture?: string;
  /** `-S`: no warnings about the machine. The log does it. */
  readonly suppressEnvironmentWarnings: boolean;
}

/** State of this process that Node changes when it starts, as the front (native/launcher/front.c) found it before. */
export interface InheritedState {
  /** Signals that are ignored; bit N - 1 is signal N. */
  readonly ignoredSignals: bigint;
  /** Signals that are blocked; bit N - 1 is signal N. */
  readonly blockedSignals: bigint;
  /** RLIMIT_NOFILE; 2^64 - 1 is RLIM_INFINITY. */
  readonly softFileLimit: bigint;
  readonly hardFileLimit: bigint;
  /** Which of descriptors 0, 1, 2 were closed; bit N is descriptor N. Node opens /dev/null on them. */
  readonly closedDescriptors: number;
  /** The descriptors that a program inherits: Node sets FD_CLOEXEC on all of them. */
  readonly descriptors: readonly number[];
  /** The environment, NAME=VALUE byte for byte, without what the front added. */
  readonly environment: readonly Buffer[];
}

export type CompressionLevel = 'none' | 'fast' | 'best';

export interface RecordOptions extends GlobalOptions {
  /** The program as it was typed: a path, or a name that is looked up in PATH. */
  readonly program: string;
  /** Its arguments, without the program's own name. */
  readonly args: readonly string[];
  /** Program and arguments byte for byte; they differ from the strings where those are not UTF-8. */
  readonly exactArguments: readonly Buffer[];
  /** What the program inherits. Without it (not started by bin/rr) the state of this process is all there is. */
  readonly inherited?: InheritedState;
  /** `-v`: NAME=VALUE, in the order given, which overrides the environment. */
  readonly env: readonly string[];
  /** `-o`: exactly this directory; it must not exist, or be empty. Else EXE-N below the trace root. */
  readonly outputTraceDir?: string;
  /** `-p`: the trace directory and a newline are written to this descriptor when the trace exists. */
  readonly printTraceDirFd?: number;
  /** `--setuid-sudo`: the program runs as the user who called sudo. */
  readonly setuidSudo: boolean;
  /** `-s`: another task's turn after each event. */
  readonly alwaysSwitch: boolean;
  /** `-c`: the longest time slice, nanoseconds; left out: the recorder's own. */
  readonly slice?: number;
  /** `-h`, `--chaos-seed`: chaos mode; its seed is drawn by chance when none is given. */
  readonly chaos: boolean;
  readonly chaosSeed?: number;
  /** `-w`: wait for all processes of the tree, not for the first alone. */
  readonly wait: boolean;
  /** `-t`: this signal, where the program does not handle it, is ignored instead of ending the program. */
  readonly continueThroughSignal?: number;
  /** `-i`: this signal, when it is sent, never reaches the program. */
  readonly ignoreSignal?: number;
  /** `--num-cores`: the number of processors that the program is told of; left out: 1, in chaos mode 1 to 8. */
  readonly numCores?: number;
  /** `--bind-to-cpu`; left out: any. `-u` is `cpuUnbound`. */
  readonly bindToCpu?: number | 'p-core';
  /** `-u`: the tracee is bound to no processor. */
  readonly cpuUnbound: boolean;
  readonly compress: CompressionLevel;
  /**
   * `--nested`: inside another recording the program simply runs, recorded by that (`ignore`) or by nobody (`release`);
   * else that is an error (nested.ts).
   */
  readonly nested?: 'ignore' | 'release';
  /** `--skip`: patterns of executables that are not recorded. */
  readonly skip: readonly string[];
  /** `--trace-id`: as the header has it; left out: drawn by chance. */
  readonly traceId?: string;
  /** `--disable-cpuid-features` and its kin: what cpuid does not tell the program. */
  readonly hiddenFeatures: readonly HiddenFeatures[];
  /** `--randomize-addresses`: addresses are randomised as without a recording; in chaos mode they always are. */
  readonly randomizeAddresses: boolean;
  /** `-n`: every system call is traced. */
  readonly noSyscallBuffer: boolean;
  /** `--store`: directory of the content store; left out: beside the traces. */
  readonly store?: string;
  /** `--store-rights`: who may use the store, when it is made; one that is there keeps its rights. */
  readonly storeRights: 'user' | 'group' | 'all';
  /** `--portable`: what cpuid tells is recorded, so that another processor can replay; as of a program that is bound to none. */
  readonly portable: boolean;
  /** `--keep`: whose trace stays; `failures`: that of a program that did not end with status 0. */
  readonly keep: 'always' | 'failures' | 'never';
  /** `--push`: whose recording is brought to `remote`, an address. */
  readonly push: 'always' | 'failures' | 'never';
  readonly remote?: string;
  /** `--max-size`: bytes of the trace's chunks at most. */
  readonly maxSize?: number;
  /** `--max-time`: milliseconds that are recorded at most. */
  readonly maxTime?: number;
  /** `--at-cap`: what becomes of the program then. */
  readonly atCap: 'stop' | 'kill';
  /** `--force-stops MIN-MAX`, for tests: stops the program in mid-code after random times, microseconds. */
  readonly forceStops?: { readonly minimum: number; readonly maximum: number };
  /** `--counter`, for tests: what counts ticks. */
  readonly counter: CounterChoice;
  /** `--slice-ticks`, for tests: length of a slice where ticks are counted. */
  readonly sliceTicks?: number;
  /** `--weak-stops`, for tests: no hash of memory at forced stops. */
  readonly weakStops: boolean;
  /** `--replace-rdtsc`, for tests: does without the trap of rdtsc, as where there is none. */
  readonly replaceTime: boolean;
  /** `--patch-after`, for tests: at which of its calls a site is patched. */
  readonly patchAfter?: number;
  /** `--ring-slots`, for tests: slots of the ring; at least 2. */
  readonly ringSlots?: number;
}

export interface ReplayOptions extends GlobalOptions {
  /** Trace directory as it was typed; left out: the latest one. */
  readonly trace?: string;
  /** `-q`: what the program wrote to standard output and error is not written again. */
  readonly quiet: boolean;
  readonly cpuUnbound: boolean;
  /** `--counter=none`, for tests: forced stops are found by their state, whatever the trace has. */
  readonly withoutCounter: boolean;
  /** `--stats`: a line of statistics each time that many events were replayed. */
  readonly statsInterval?: number;
}

/** `rr replay` without `-a`. */
export interface DebugOptions extends GlobalOptions {
  /** Trace directory as it was typed; left out: the latest one. */
  readonly trace?: string;
  readonly quiet: boolean;
  readonly cpuUnbound: boolean;
  /** Where the debugger finds the program; nothing given: at its beginning. */
  readonly start: {
    /** `-p`: pid, or name of the program. */
    readonly process?: string;
    /** `-f` */
    readonly fork?: number;
    /** `-g` */
    readonly event?: number;
    /** `-e` */
    readonly atEnd: boolean;
  };
  /** `-d` */
  readonly debuggerFile: string;
  /** `-o`, then what stood behind `--`. */
  readonly debuggerOptions: readonly string[];
  /** `-x` */
  readonly commandFiles: readonly string[];
  /** `-i` */
  readonly interpreter?: string;
  readonly fullname: boolean;
  /** `-h` */
  readonly host: string;
  /** `-s`: no debugger is started; 0 picks a port. */
  readonly port?: number;
  /** `-k` */
  readonly keepsListening: boolean;
  /** `--serve-files` */
  readonly servesFiles: boolean;
  /** `--tty`: where the program's output goes. */
  readonly terminal?: string;
  /** What the debugger inherits. Without it (not started by bin/rr) the state of this process is all there is. */
  readonly inherited?: InheritedState;
}

/** `rr rerun`. */
export interface RerunOptions extends GlobalOptions {
  /** Trace directory as it was typed; left out: the latest one. */
  readonly trace?: string;
  /** `-s`, `-e`: begins when the event before `start` is over, ends when the one before `end` is. */
  readonly start: number;
  readonly end: number;
  /** `--singlestep`, `--event-regs`: REGS as it was typed (debug/rerun/columns.ts). */
  readonly singlestep?: string;
  readonly eventRegisters?: string;
  /** `-r` */
  readonly isRaw: boolean;
  /** `-f`: address of a function to call at the beginning of the window. */
  readonly function?: number;
  readonly cpuUnbound: boolean;
}

/** The native recorder (native/record/recorder-napi.cc), typed. */
import { join } from 'node:path';
import { loadAddon } from '../addon.ts';
import type { CounterSpec } from '../machine/native-probes.ts';
import { packageRoot } from '../package-root.ts';

/** Bits that cpuid does not show the program: those of its answer to a leaf. */
export interface HiddenFeatures {
  readonly leaf: number;
  readonly subleaf: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export interface NativeRecorderOptions {
  /** Path of rr-launch. */
  readonly launcher: string;
  /** Path to execute, byte for byte. */
  readonly program: Buffer;
  /** argv, byte for byte. */
  readonly arguments: readonly Buffer[];
  /** NAME=VALUE, byte for byte. */
  readonly environment: readonly Buffer[];
  readonly storeDirectory: string;
  /** The file that tells the store what the recording refers to; empty: there is none. */
  readonly registration: string;
  /** Patterns of executables that are left unrecorded (fnmatch(3)). */
  readonly skip: readonly Buffer[];
  readonly hiddenFeatures: readonly HiddenFeatures[];
  /** Bit N - 1 is signal N. */
  readonly ignoredSignals: bigint;
  readonly blockedSignals: bigint;
  readonly softFileLimit: bigint;
  readonly hardFileLimit: bigint;
  /** What the program inherits; this process may have another. */
  readonly umask: number;
  readonly closedDescriptors: number;
  readonly inheritedDescriptors: readonly number[];
  /** The processor to bind to, -1: none. */
  readonly cpu: number;
  readonly numCores: number;
  readonly waitForAll: boolean;
  readonly alwaysSwitch: boolean;
  /** The longest time slice, nanoseconds; 0: as the recorder thinks fit. */
  readonly slice: number;
  /** Chaos mode with this seed; 32 bits. */
  readonly chaosSeed: number | undefined;
  /** 0: none. */
  readonly continueThroughSignal: number;
  readonly ignoreSignal: number;
  readonly checksum: 'never' | 'syscalls' | 'allEvents' | 'every' | 'from';
  /** `every`: the interval; `from`: the event. */
  readonly checksumNumber: number;
  /** Nanoseconds; 0: no random stops. */
  readonly forceStopMinimum: number;
  readonly forceStopMaximum: number;
  /** Record in the program itself, without a stop, what can be. */
  readonly syscallBuffer: boolean;
  /** Hash no memory at forced stops. */
  readonly weakStops: boolean;
  /** Do without the trap of rdtsc, as where there is none. */
  readonly replaceTime: boolean;
  /** Leave address randomization on (personality(2)). */
  readonly randomizeAddresses: boolean;
  /** Make `cpuid` trap where its answers are recorded and the processor can. */
  readonly cpuidFaulting: boolean;
  /** A call site is patched at its Nth call; 0: when it pays. */
  readonly patchAfter: number;
  readonly markStdio: boolean;
  /** What counts ticks; undefined: nothing does. */
  readonly counter: CounterSpec | undefined;
  /** The longest slice in ticks; 0: time alone ends slices. */
  readonly sliceTicks: number;
  readonly debugLog: boolean;
}

export interface RecordingEnd {
  /** The program was executed. */
  readonly started: boolean;
  /** Where the launcher failed otherwise: a value of launchSteps. */
  readonly launchStep: number;
  /** The errno of that. */
  readonly launchError: number;
  /** Wait status of the first process. */
  readonly status: number;
  /** The recording ended before the program. */
  readonly incomplete: boolean;
  readonly events: number;
  readonly rawBytes: number;
  /** How often the program had to wait for a free slot of the ring. */
  readonly ringWaits: number;
  /** How long, in all. */
  readonly ringWaitNanoseconds: number;
}

/** enum LaunchStep of native/launcher/record-stub.h; 0 is the launcher's own start. */
export const launchSteps = { start: 0, seccomp: 1, timeStampTrap: 2, exec: 3 } as const;

export type RecorderMessage =
  | { readonly kind: 'firstSlotFull' }
  /** What this machine does not allow, and what the recording does without it. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }
  /** The recording cannot go on, and the tracees have been killed; `ended` follows. */
  | { readonly kind: 'fatal'; readonly text: string }
  | ({ readonly kind: 'ended' } & RecordingEnd);

export interface NativeRecorder {
  /** Kills the tracees; `ended` follows. */
  terminate(): void;
  /** Waits for the scheduler thread; after `ended`. */
  join(): void;
}

interface Addon {
  dieBySignal(signal: number): void;
  readonly Recorder: new (
    options: NativeRecorderOptions,
    memory: Uint8Array,
    ringOffset: number,
    onMessage: (message: RecorderMessage) => void,
  ) => NativeRecorder;
}

export const launcherPath: string = join(packageRoot, 'build/Release/rr-launch');

/** Starts the scheduler thread and the program. @throws EngineError ADDON_MISSING */
export function startRecorder(
  options: NativeRecorderOptions,
  memory: Uint8Array,
  ringOffset: number,
  onMessage: (message: RecorderMessage) => void,
): NativeRecorder {
  const { Recorder } = loadAddon<Addon>();
  return new Recorder(options, memory, ringOffset, onMessage);
}

/** Ends this process as the signal does by default; returns when that does not end a process. */
export function dieBySignal(signal: number): void {
  loadAddon<Addon>().dieBySignal(signal);
}

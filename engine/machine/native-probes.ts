/** What this machine can do, tried out (native/machine/machine-napi.cc), typed. */
import { loadAddon } from '../addon.ts';

/** native/counter/tick-counter.h, CounterSpec: the perf event that counts a task's ticks. */
export interface CounterSpec {
  /** Of perf_event_open(2). */
  readonly type: number;
  readonly config: number;
  /** Of the instruction whose passes are counted; 0 for a processor's event. */
  readonly address: number;
  /** Ticks that may pass between an overflow and the stop. */
  readonly skid: number;
}

export interface ProcessorId {
  readonly vendor: string;
  readonly brand: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** It is a virtual machine's. */
  readonly hypervisor: boolean;
}

/** native/counter/counter-probe.h, CounterProbe. */
export interface CounterProbe {
  readonly processor: ProcessorId;
  /** Name in the table of processors; empty: not there. */
  readonly microarchitecture: string;
  /** Name of its event that counts retired conditional branches; empty: not in the table. */
  readonly event: string;
  /** The microarchitecture was named by -A. */
  readonly assumed: boolean;
  readonly hardwareEvents: boolean;
  readonly hardwareEventsError: string;
  /** What to count with; left out: `reason` tells why not. */
  readonly counter?: CounterSpec;
  readonly reason: string;
  /** AMD's speculative locks: empty where they do not matter. */
  readonly specLockMap: '' | 'off' | 'on' | 'unknown';
}

export interface MachineFeature {
  readonly name: string;
  readonly works: boolean;
  /** What the kernel said when it does not work. */
  readonly detail: string;
}

interface Probes {
  /** A few milliseconds, some of it in child processes. */
  probeMachine(): readonly MachineFeature[];
  /** @param cpu that recorded programs are bound to, -1: none */
  probeCounter(microarchitecture: string, cpu: number): CounterProbe;
  /** What -A takes. */
  microarchitectureNames(): readonly string[];
}

/** @throws EngineError ADDON_MISSING */
export function nativeProbes(): Probes {
  return loadAddon<Probes>();
}

/** What the version file says about a recording as a whole. */
import type { RecordedCounter } from '../machine/execution-points.ts';
import type { LaneName } from '../schema/schema.ts';
import type { Compression } from './codec.ts';

/** Strings are for people: bytes of the program's that are not UTF-8 are lost here, and exact in the tasks lane. */
export interface TraceHeader {
  /** When the recording began: ISO 8601, UTC. */
  readonly created: string;
  /** Version of the package that recorded. */
  readonly recorder: string;
  /** Of this recording alone, RFC 9562; absent in old traces. */
  readonly uuid?: string;
  /** Path of the program, and its arguments from argv[0] on. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** NAME=VALUE. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly machine: MachineDescription;
  /** How points between events are named: `state`, or `ticks` where a counter was in use; `none` in old traces. */
  readonly executionPoint: string;
  /** What counted the ticks of the frames; left out: nothing did. */
  readonly counter?: RecordedCounter;
  /** Absolute directory of the store that holds the mapped files. */
  readonly store: string;
  readonly compression: Compression;
  /** Number of processors that the program was told of. */
  readonly coreCount: number;
  /** The processor that the program was bound to; -1: none. */
  readonly boundProcessor: number;
  /** Seed of chaos mode's choices; absent without chaos. */
  readonly chaosSeed?: number;
}

export interface MachineDescription {
  readonly architecture: string;
  /** Model name of /proc/cpuinfo. */
  readonly processor: string;
  /** Release of uname(2). */
  readonly kernel: string;
  /** Leaves of CPUID as hexadecimal words, where they are recorded; by `LEAF` or `LEAF.SUBLEAF`. */
  readonly cpuid?: Readonly<Record<string, string>>;
  /** What it has that programs may use (machine/processor-features.ts); absent in old traces. */
  readonly features?: readonly string[];
  /** What `cpuid` told the program is recorded; absent in old traces. */
  readonly cpuidRecorded?: boolean;
  /** The processor can make `cpuid` trap; absent in old traces. */
  readonly cpuidFaulting?: boolean;
  /** Absent in old traces. */
  readonly system?: SystemName;
}

/** What uname(2) tells, and the name of the NIS domain. */
export interface SystemName {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** How a recording ended; written when it has. */
export interface TraceEnd {
  /** True when all that the recorder made is in the trace. */
  readonly complete: boolean;
  /** What cut it short. */
  readonly reason?: string;
  /** Wait status of the first process; absent when it was not waited for. */
  readonly status?: number;
  /** Nanoseconds that the recording took. */
  readonly duration?: number;
}

/** Size of a lane's file, and where its index begins: the chunks end there. They are equal when there is no index. */
export interface LaneExtent {
  readonly size: number;
  readonly index: number;
}

/** The whole content of the version file; `end` and `lanes` once the recording has ended. */
export interface VersionContent {
  /** The format number in front of it; absent where it is about to be written. */
  readonly format?: number;
  readonly header: TraceHeader;
  readonly end?: TraceEnd;
  readonly lanes?: Readonly<Record<LaneName, LaneExtent>>;
  /** The lanes are those in the files with this suffix, each as long as it has not got the lane's own name. */
  readonly lanesSuffix?: string;
}

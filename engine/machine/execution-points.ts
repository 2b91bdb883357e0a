/** Which kind of execution point is in use, and why: docs/execution-points.md, "Where there is a counter". */
import { EngineError, UsageError } from '../errors.ts';
import { type CounterProbe, type CounterSpec, nativeProbes } from './native-probes.ts';

/** `--counter`, for tests: `auto` takes the processor's where it can be used, a number is the address of a breakpoint. */
export type CounterChoice = 'auto' | 'none' | { readonly address: number; readonly skid: number };

/** A counter as the trace's header names it. */
export interface RecordedCounter extends CounterSpec {
  /** What a tick is: a replay needs a counter of the same. */
  readonly counts: string;
  /** Of the recording machine. */
  readonly event: string;
  readonly microarchitecture: string;
}

export interface ExecutionPoints {
  /** `ticks`: by a count and the registers; `state`: by registers and memory. */
  readonly kind: 'ticks' | 'state';
  readonly reason: string;
  /** With `ticks` only. */
  readonly counter?: RecordedCounter;
}

const conditionalBranches = 'retired conditional branches';
const breakpointType = 5;
const userSpaceEnd = 0x7fff_ffff_f000;
/** Ticks. */
const mostSkid = 2 ** 20;

/**
 * @param microarchitecture the name that -A gave, or empty
 * @param cpu the processor that the program is bound to, -1: none
 * @throws UsageError BAD_VALUE for a name that is not in the table
 */
export function executionPoints(choice: CounterChoice, microarchitecture: string, cpu: number): ExecutionPoints {
  if (choice === 'none') return { kind: 'state', reason: 'the counter was turned off (--counter=none)' };
  if (choice !== 'auto') {
    const counts = `passes of 0x${choice.address.toString(16)}`;
    return {
      kind: 'ticks',
      reason: 'a breakpoint stands in for the processor’s counter (--counter)',
      counter: { type: breakpointType, config: 0, ...choice, counts, event: 'breakpoint', microarchitecture: '' },
    };
  }
  return fromProbe(probeCounter(microarchitecture, cpu));
}

/** @throws UsageError BAD_VALUE for a name that is not in the table */
export function probeCounter(microarchitecture: string, cpu: number): CounterProbe {
  const probes = nativeProbes();
  const names = probes.microarchitectureNames();
  if (microarchitecture !== '' && !names.includes(microarchitecture)) {
    throw new UsageError('BAD_VALUE', `--microarch ${microarchitecture}: expected one of ${names.join(', ')}`);
  }
  return probes.probeCounter(microarchitecture, cpu);
}

export function fromProbe({ counter, microarchitecture, event, reason }: CounterProbe): ExecutionPoints {
  if (counter === undefined) return { kind: 'state', reason };
  return {
    kind: 'ticks',
    reason: 'the processor counts retired conditional branches',
    counter: { ...counter, counts: conditionalBranches, event, microarchitecture },
  };
}

/** What `--counter` can have chosen, whatever else the trace says. @throws EngineError BAD_COUNTER */
function breakpointCounter({ address, skid }: RecordedCounter): CounterSpec {
  if (address <= 0 || address >= userSpaceEnd || skid < 0 || skid > mostSkid) {
    const what = `a breakpoint at 0x${address.toString(16)} with a skid of ${skid}`;
    throw new EngineError('BAD_COUNTER', `the trace is damaged: it counts by ${what}, which no recording does`);
  }
  return { type: breakpointType, config: 0, address, skid };
}

/**
 * The counter to replay a trace with: this machine's, when it counts what the recording's did. Undefined: points are
 * found by their state.
 * @throws EngineError BAD_COUNTER for one that no recording has
 */
export function replayCounter(recorded: RecordedCounter | undefined, cpu: number): CounterSpec | undefined {
  if (recorded === undefined) return undefined;
  if (recorded.type === breakpointType) return breakpointCounter(recorded);
  const { counter } = executionPoints('auto', '', cpu);
  return counter?.counts === recorded.counts ? counter : undefined;
}

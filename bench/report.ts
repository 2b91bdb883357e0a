/** One workload's figures and their table. */
import { formatBytes, formatSeconds, formatTable } from '../test/harness/table.ts';
import type { TraceFigures } from '../test/harness/trace-figures.ts';
import type { PeerResult } from './peers.ts';
import type { TracerCalls } from './tracer-calls.ts';

export interface BenchResult {
  readonly name: string;
  readonly command: readonly string[];
  /** Medians, in seconds; `native` on any processor, `nativeOneCpu` on one, as a recording runs. */
  readonly native: number;
  readonly nativeOneCpu: number;
  readonly record: number;
  readonly replay: number;
  readonly recordPeakBytes: number;
  readonly replayPeakBytes: number;
  /** Processor time of recorder, workers and program together. */
  readonly recordCpuSeconds: number;
  /** What the tracer asks of the kernel, in one more recording. */
  readonly tracerCalls: TracerCalls;
  readonly trace: TraceFigures;
  /** What this workload's first recording added to the store. */
  readonly storeBytes: number;
  readonly units?: number;
  readonly peers: readonly PeerResult[];
}

/** What one of `units` costs in the recording beyond its native time, in microseconds, start-up left out. */
function unitCost(result: BenchResult, startup: number): string {
  if (result.units === undefined) return '';
  const microseconds = ((result.record - result.nativeOneCpu - startup) / result.units) * 1e6;
  return microseconds >= 1000 ? `${(microseconds / 1000).toFixed(2)} ms` : `${microseconds.toFixed(1)} us`;
}

/** `startup`: seconds that recording `true` takes beyond running it. */
export function formatResults(results: readonly BenchResult[], startup: number): string {
  const header = [
    'workload',
    'native s',
    '1 cpu s',
    'record s',
    'x',
    'replay s',
    'x',
    'events',
    'trace',
    'store',
    'peak',
    'each',
  ];
  const rows: string[][] = [];
  for (const result of results) {
    const ratio = (seconds: number): string => (seconds / result.native).toFixed(1);
    rows.push([
      result.name,
      formatSeconds(result.native),
      formatSeconds(result.nativeOneCpu),
      formatSeconds(result.record),
      ratio(result.record),
      formatSeconds(result.replay),
      ratio(result.replay),
      String(result.trace.events),
      formatBytes(result.trace.traceBytes),
      formatBytes(result.storeBytes),
      formatBytes(Math.max(result.recordPeakBytes, result.replayPeakBytes)),
      unitCost(result, startup),
    ]);
    for (const { peer, record, replay, failure } of result.peers) {
      rows.push([
        `  ${peer}`,
        '',
        '',
        record === undefined ? 'failed' : formatSeconds(record.seconds),
        record === undefined ? '' : ratio(record.seconds),
        replay === undefined ? '' : formatSeconds(replay.seconds),
        replay === undefined ? '' : ratio(replay.seconds),
        '',
        '',
        '',
        record === undefined ? '' : formatBytes(record.peakBytes),
        failure === undefined ? '' : (failure.split('\n')[0] ?? '').slice(0, 24),
      ]);
    }
  }
  return formatTable(header, rows);
}

/**
 * What the tracer asks of the kernel, the same on every machine: in all, and for one of `units` with what `startup`, the
 * recording of `true`, takes left out.
 */
export function formatTracerCalls(results: readonly BenchResult[], startup: TracerCalls | undefined): string {
  const kinds = ['waits', 'ptrace', 'all'] as const;
  const each = ({ tracerCalls, units }: BenchResult, kind: (typeof kinds)[number]): string =>
    units === undefined ? '' : ((tracerCalls[kind] - (startup?.[kind] ?? 0)) / units).toFixed(1);
  return formatTable(
    ['calls of the tracer', 'waits', 'ptrace', 'all', 'each: waits', 'ptrace', 'all'],
    results.map((result) => [
      result.name,
      ...kinds.map((kind) => String(result.tracerCalls[kind])),
      ...kinds.map((kind) => each(result, kind)),
    ]),
  );
}

/** What a trace amounts to, for the tables of acceptance and bench. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventKinds, frameFlags } from '../../engine/generated/schema.ts';
import { TraceReader } from '../../engine/trace/reader.ts';

export interface TraceFigures {
  readonly events: number;
  /** Bytes of records before and after encoding. */
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Bytes of all files of the trace. */
  readonly traceBytes: number;
}

/** Bytes of all files below a folder. */
export function folderBytes(folder: string): number {
  let total = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name)).size;
  }
  return total;
}

export function readTraceFigures(directory: string): TraceFigures {
  const reader = TraceReader.open(directory);
  try {
    const lanes = Object.values(reader.sizes());
    return {
      events: reader.lastEvent,
      rawBytes: lanes.reduce((sum, lane) => sum + lane.rawBytes, 0),
      storedBytes: lanes.reduce((sum, lane) => sum + lane.storedBytes, 0),
      traceBytes: folderBytes(directory),
    };
  } finally {
    reader.close();
  }
}

export interface ForcedStops {
  readonly stops: number;
  /** Those whose memory was not hashed. */
  readonly weak: number;
}

/** How often the recording stopped a task in mid-code. */
export function countForcedStops(directory: string): ForcedStops {
  const reader = TraceReader.open(directory);
  let stops = 0;
  let weak = 0;
  try {
    while (reader.next()) {
      if (reader.frame.eventKind !== eventKinds.sched) continue;
      stops++;
      if (reader.frame.flags & frameFlags.weak) weak++;
    }
  } finally {
    reader.close();
  }
  return { stops, weak };
}

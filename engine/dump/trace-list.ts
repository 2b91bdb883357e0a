/** The recordings in the trace root. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { Folder } from '../trace/folder.ts';
import { traceFileNames } from '../trace/lane-files.ts';
import { latestTraceName } from '../trace/locations.ts';
import { readVersion } from '../trace/reader.ts';
import { TraceError } from '../trace/trace-error.ts';
import type { VersionContent } from '../trace/trace-header.ts';
import { ownStoreSize } from './own-store.ts';

export interface TraceEntry {
  readonly name: string;
  readonly directory: string;
  /** Bytes of its files; what it refers to in a store that is not its own is not among them. */
  readonly size: number;
  /** When the recording began, or, where that cannot be read, when the directory was last changed. */
  readonly created: Date;
  /** Undefined when it cannot be read; `problem` tells why. */
  readonly version: VersionContent | undefined;
  readonly problem: string | undefined;
}

/** All entries of the root that are, or may have been, traces; by name. @throws EngineError TRACE_ROOT_UNREADABLE */
export function listTraces(root: string): TraceEntry[] {
  return readNames(root)
    .filter((name) => name !== latestTraceName && !name.startsWith('.'))
    .flatMap((name) => readEntry(root, name) ?? []);
}

function readNames(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('TRACE_ROOT_UNREADABLE', `cannot list the recordings in ${root}: ${reason}`, { cause });
  }
}

/** What cannot be looked at counts for nothing: `problem` tells why. */
function sizeOf(directory: string): number {
  try {
    using folder = Folder.open(directory);
    return traceFileNames.reduce((sum, file) => sum + (folder.status(file)?.size ?? 0), ownStoreSize(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return 0;
  }
}

/** Undefined when the directory has gone meanwhile. */
function readEntry(root: string, name: string): TraceEntry | undefined {
  const directory = join(root, name);
  const status = statSync(directory, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  const size = sizeOf(directory);
  try {
    const version = readVersion(directory);
    const created = new Date(version.header.created);
    const known = !Number.isNaN(created.getTime());
    return { name, directory, size, created: known ? created : status.mtime, version, problem: undefined };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { name, directory, size, created: status.mtime, version: undefined, problem: error.message };
  }
}

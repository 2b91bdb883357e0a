/** Where traces live: rr's rules for names, the link to the latest one, and the store beside them. */
import { mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { systemReason, TraceError } from './trace-error.ts';

export const latestTraceName = 'latest-trace';
const storeName = '.store';

/** Directory of the user's traces: _RR_TRACE_DIR, then $XDG_DATA_HOME/rr, then ~/.local/share/rr. */
export function traceRoot(): string {
  const { _RR_TRACE_DIR: chosen, XDG_DATA_HOME: data } = process.env;
  if (chosen) return resolve(chosen);
  return data ? join(resolve(data), 'rr') : join(homedir(), '.local/share/rr');
}

/** The store of all traces of the user. */
export function defaultStoreDirectory(): string {
  return join(traceRoot(), storeName);
}

/**
 * Makes the directory of a new trace: `chosen` exactly, or PROGRAM-N below the trace root with the smallest N that is
 * free. @returns its absolute path
 * @throws TraceError TRACE_EXISTS when `chosen` exists and is not empty, TRACE_UNWRITABLE
 */
export function createTraceDirectory(program: string, chosen: string | undefined): string {
  if (chosen !== undefined) {
    const directory = resolve(chosen);
    make(dirname(directory), true);
    if (!make(directory, false) && !isEmptyDirectory(directory)) {
      throw new TraceError('TRACE_EXISTS', directory, 'it exists and is not empty; a recording needs a new directory');
    }
    return directory;
  }
  const root = traceRoot();
  make(root, true);
  for (let number = 0; ; number++) {
    const directory = join(root, `${basename(program)}-${number}`);
    if (make(directory, false)) return directory;
  }
}

/** Points `latest-trace` beside the trace at it, in one step, when the trace lies in the trace root. */
export function updateLatestTrace(directory: string): void {
  const root = traceRoot();
  if (dirname(directory) !== root) return;
  const link = join(root, latestTraceName);
  const temporary = `${link}.${process.pid}.tmp`;
  try {
    symlinkSync(directory, temporary);
    renameSync(temporary, link);
  } catch (cause) {
    throw new TraceError('TRACE_UNWRITABLE', link, `cannot point it at the new trace: ${systemReason(cause)}`, {
      cause,
    });
  }
}

/**
 * The directory that a trace argument means: a path, or a name below the trace root; left out: the latest trace.
 * @throws TraceError TRACE_NOT_FOUND
 */
export function findTrace(argument: string | undefined): string {
  if (argument === undefined) {
    const link = join(traceRoot(), latestTraceName);
    if (isDirectory(link)) return link;
    throw new TraceError('TRACE_NOT_FOUND', link, 'there is no latest trace; record one first, or name a directory');
  }
  for (const candidate of [resolve(argument), join(traceRoot(), argument)]) {
    if (isDirectory(candidate)) return candidate;
  }
  throw new TraceError('TRACE_NOT_FOUND', argument, `no such trace, neither here nor in ${traceRoot()}`);
}

/** True when it was made, false when something of that name is there. */
function make(directory: string, parents: boolean): boolean {
  try {
    mkdirSync(directory, { recursive: parents, mode: 0o755 });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new TraceError('TRACE_UNWRITABLE', directory, `cannot make the directory: ${systemReason(cause)}`, { cause });
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isEmptyDirectory(path: string): boolean {
  return isDirectory(path) && readdirSync(path).length === 0;
}

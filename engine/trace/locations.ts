/** Where traces are: their root, the names of new ones, the latest one, and what the user may call them. */
import { randomBytes } from 'node:crypto';
import { accessSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolders } from '../make-folders.ts';
import { privateFolderMode } from './folder.ts';
import { traceFileNames } from './lane-files.ts';
import { systemReason, TraceError } from './trace-error.ts';

export const latestTraceName = 'latest-trace';

/** Characters of a program's name in that of its trace: at most 240 bytes, of the 255 that a name may have. */
const longestName = 60;

type Environment = Readonly<Record<string, string | undefined>>;

/** Root of all traces: _RR_TRACE_DIR, else rr/ below XDG_DATA_HOME, else below ~/.local/share. Absolute. */
export function traceRoot(environment: Environment = process.env): string {
  const { _RR_TRACE_DIR: named, XDG_DATA_HOME: data, HOME: home } = environment;
  if (named) return resolve(named);
  if (data) return resolve(data, 'rr');
  return resolve(home || '/', '.local/share/rr');
}

/** The store's directory: below a root of traces, unless another is named. Absolute. */
export function storeDirectory(root: string, named?: string): string {
  return named === undefined ? join(root, '.store') : resolve(named);
}

/** What a directory exists and holds. */
function entriesOf(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR')
      throw new TraceError('TRACE_EXISTS', directory, 'it exists and is not a directory', { cause });
    throw new TraceError('TRACE_UNREADABLE', directory, `cannot list it: ${systemReason(cause)}`, { cause });
  }
}

function makeDirectory(directory: string, options: { parents: boolean }): void {
  try {
    if (options.parents) makeFolders(directory, privateFolderMode);
    else mkdirSync(directory, { mode: privateFolderMode });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST' && !options.parents) throw cause;
    throw new TraceError('TRACE_UNWRITABLE', directory, `cannot make it: ${systemReason(cause)}`, { cause });
  }
}

/**
 * Makes the directory of a new trace: exactly `output` when it is given (it must not exist, or be empty), else PROGRAM-N
 * below the root with the next free N. The absolute path.
 * @throws TraceError TRACE_EXISTS, TRACE_UNWRITABLE, TRACE_UNREADABLE
 */
export function createTraceDirectory(options: { program: string; root: string; output?: string }): string {
  if (options.output !== undefined) return createNamed(resolve(options.output));
  const root = resolve(options.root);
  makeDirectory(root, { parents: true });
  const name = basename(options.program).replaceAll('\0', '').slice(0, longestName) || 'program';
  for (let number = nextNumber(entriesOf(root) ?? [], name); ; number++) {
    const directory = join(root, `${name}-${number}`);
    try {
      makeDirectory(directory, { parents: false });
      return directory;
    } catch (error) {
      // Another recording of the same program was quicker.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function createNamed(directory: string): string {
  const entries = entriesOf(directory);
  if (entries === undefined) {
    makeDirectory(dirname(directory), { parents: true });
    makeDirectory(directory, { parents: true });
  } else if (entries.length > 0) {
    throw new TraceError('TRACE_EXISTS', directory, 'it exists and is not empty: name another, or remove it');
  }
  return directory;
}

function nextNumber(entries: readonly string[], name: string): number {
  let next = 0;
  for (const entry of entries) {
    const digits = entry.startsWith(`${name}-`) ? entry.slice(name.length + 1) : '';
    if (/^[0-9]{1,9}$/.test(digits)) next = Math.max(next, Number(digits) + 1);
  }
  return next;
}

/** Lets `latest-trace` of the root name the trace, in one step. @throws TraceError TRACE_UNWRITABLE */
export function setLatestTrace(root: string, directory: string): void {
  const link = join(root, latestTraceName);
  // Random: two containers that share the root have processes of the same number.
  const temporary = `${link}.${randomBytes(8).toString('hex')}`;
  const target = dirname(directory) === resolve(root) ? basename(directory) : directory;
  try {
    symlinkSync(target, temporary);
    renameSync(temporary, link);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new TraceError('TRACE_UNWRITABLE', link, `cannot make the link: ${systemReason(cause)}`, { cause });
  }
}

/**
 * The directory that the user means: the latest trace, or a directory, or the name of one below the root. Only its
 * existence is checked. @throws TraceError TRACE_NOT_FOUND
 */
export function resolveTrace(argument: string | undefined, root: string = traceRoot()): string {
  if (argument === undefined) return latestTrace(root);
  const asPath = resolve(argument);
  if (exists(asPath)) return asPath;
  const below = argument.includes('/') ? undefined : join(root, argument);
  if (below !== undefined && exists(below)) return below;
  const places = below === undefined ? asPath : `neither ${asPath} nor ${below} exists`;
  const what = below === undefined ? 'no such trace directory' : `no such trace: ${places}`;
  throw new TraceError('TRACE_NOT_FOUND', below === undefined ? asPath : argument, what);
}

function latestTrace(root: string): string {
  const link = join(root, latestTraceName);
  let target: string;
  try {
    target = resolve(root, readlinkSync(link));
  } catch (cause) {
    throw new TraceError('TRACE_NOT_FOUND', root, 'no trace has been recorded here yet', { cause });
  }
  if (exists(target)) return target;
  throw new TraceError('TRACE_NOT_FOUND', target, 'the latest trace is gone: name another');
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Whatever else is wrong with it is told when it is opened.
    return code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ENAMETOOLONG';
  }
}

/** Removes the files that a trace has, and leaves the directory. @throws TraceError TRACE_UNWRITABLE */
export function removeTraceFiles(directory: string): void {
  for (const name of traceFileNames) {
    try {
      rmSync(join(directory, name), { force: true });
    } catch (cause) {
      const what = `cannot remove ${name}: ${systemReason(cause)}`;
      throw new TraceError('TRACE_UNWRITABLE', directory, what, { cause });
    }
  }
}

/** The source files of what a recording has mapped, by debug information: in the stored files, or beside (Debian's dbgsym). */
import { constants, existsSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { identifierOf } from '../dump/build-identifier.ts';
import { type MappedFileName, mappedFileNames } from '../dump/mapped-file-names.ts';
import { logger } from '../log.ts';
import { NotRegularError } from '../trace/folder.ts';
import type { TraceReader } from '../trace/reader.ts';
import { openStoredFile } from '../trace/stored-blob.ts';
import { MalformedError } from './byte-reader.ts';
import { ElfSections } from './elf-sections.ts';
import { type SourceName, sourceNames } from './source-names.ts';

const log = logger('sources');
const debugFolder = '/usr/lib/debug/.build-id';

/** A mapped file that names source files. */
export interface Binary {
  readonly path: string;
  /** Where its debug information is, when that is another file. */
  readonly debugFile?: string;
  readonly buildId?: string;
  readonly sources: readonly SourceName[];
}

/** Those of the recording, in its order; each content once. @throws TraceError */
export function* binariesWithSources(reader: TraceReader): Generator<Binary> {
  const seen = new Set<string>();
  for (const file of mappedFileNames(reader)) {
    if (file.hash === undefined || seen.has(file.hash)) continue;
    seen.add(file.hash);
    const binary = readBinary(reader.store, file, file.hash);
    if (binary !== undefined && binary.sources.length > 0) yield binary;
  }
}

function readBinary(store: string, { path }: MappedFileName, hash: string): Binary | undefined {
  try {
    const descriptor = openStoredFile(store, hash);
    const buildId = identifierOf(descriptor);
    const sources = namesIn(descriptor);
    if (sources.length > 0 || buildId === undefined) return { path, sources };
    const debugFile = join(debugFolder, buildId.slice(0, 2), `${buildId.slice(2)}.debug`);
    if (!existsSync(debugFile)) return undefined;
    const debug = openSync(debugFile, constants.O_RDONLY | constants.O_NONBLOCK);
    return { path, debugFile, buildId, sources: fstatSync(debug).isFile() ? namesIn(debug) : [] };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isExpected = error instanceof MalformedError || error instanceof NotRegularError || code !== undefined;
    if (!isExpected) throw error;
    log.warn(() => `${path}: its debug information is not read: ${(error as Error).message}`);
    return undefined;
  }
}

/** Closes the descriptor. @throws MalformedError, NodeJS.ErrnoException */
function namesIn(descriptor: number): SourceName[] {
  using elf = ElfSections.open(descriptor);
  return elf === undefined ? [] : sourceNames(elf);
}

export interface SourceFiles {
  /** Names that are links, or lead through one. */
  readonly symlinks: readonly { readonly from: string; readonly to: string }[];
  /** Files of this machine by the root of their repository, relative to it; all others, absolute, by ''. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/** The files that are here, each once. */
export function filesOf(names: Iterable<SourceName>): SourceFiles {
  const symlinks = new Map<string, string>();
  const files = new Map<string, Set<string>>();
  const roots = new Map<string, string>();
  for (const { name, directory } of names) {
    const path = resolve('/', directory, name);
    if (!existsSync(path)) continue;
    const real = realpathSync(path);
    if (real !== path) symlinks.set(path, real);
    const root = repositoryOf(dirname(real), roots);
    const list = files.get(root) ?? new Set();
    list.add(root === '' ? real : relative(root, real));
    files.set(root, list);
  }
  return {
    symlinks: [...symlinks].map(([from, to]) => ({ from, to })),
    files: Object.fromEntries([...files].map(([root, list]) => [root, [...list].sort()])),
  };
}

/** The nearest folder upwards that is the root of a repository; '' when there is none. */
function repositoryOf(folder: string, known: Map<string, string>): string {
  let root = known.get(folder);
  if (root === undefined) {
    const isRoot = ['.git', '.hg'].some((name) => existsSync(join(folder, name)));
    root = isRoot ? folder : folder === '/' ? '' : repositoryOf(dirname(folder), known);
    known.set(folder, root);
  }
  return root;
}

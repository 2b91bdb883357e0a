/**
 * Where a debugger finds the programs and libraries of a recording: here, when the files here are the recorded ones by
 * content; else in a folder of links that stands for the root of files, to what the trace's store has of them.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mappingSources } from '../generated/schema.ts';
import { hasContent } from '../store/file-content.ts';
import { TraceReader } from '../trace/reader.ts';
import { blobPath, identitiesFolder } from '../trace/store-layout.ts';

/** A file that was mapped to be executed. */
interface CodeFile {
  /** As the kernel named it: without links. */
  readonly path: string;
  readonly hash: string;
  readonly size: number;
}

export interface SymbolFiles {
  /** gdb's sysroot. */
  readonly root: string;
  /** A sentence for each file that is another here, or none. */
  readonly remarks: readonly string[];
}

const executable = 4;

/** The programs and libraries of a trace, as they were last mapped. What comes behind damage is left out. */
function codeFiles(reader: TraceReader): Map<string, CodeFile> {
  const found = new Map<string, CodeFile>();
  for (const view of reader.mappingsFrom(1)) {
    if (view.source !== mappingSources.store || (view.protection & executable) === 0) continue;
    const path = Buffer.from(view.payload).toString();
    if (!path.startsWith('/')) continue;
    found.set(path, { path, hash: Buffer.from(view.hash).toString('hex'), size: view.fileSizeNumber });
  }
  return found;
}

/** Whether the file here has the recorded content; undefined when there is none. */
function isSame({ path, hash, size }: CodeFile, store: string): boolean | undefined {
  let descriptor: number;
  try {
    const status = statSync(path, { bigint: true });
    if (!status.isFile() || Number(status.size) !== size) return false;
    // The recorder notes which file it has hashed: "HASH IDENTITY-IN-THE-STORE" (native/record/files/file-store.h).
    const { dev, ino, size: bytes, mtimeNs, ctimeNs } = status;
    const identity = `${dev.toString(16)}-${ino}-${bytes}-${mtimeNs}-${ctimeNs}`;
    if (readNoted(join(store, identitiesFolder, identity))?.split(' ', 1)[0] === hash) return true;
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return hasContent(descriptor, size, hash);
  } finally {
    closeSync(descriptor);
  }
}

function readNoted(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Puts links below `folder` where files here are others than the recorded ones. @throws TraceError */
export function findSymbolFiles(directory: string, folder: string): SymbolFiles {
  const reader = TraceReader.open(directory);
  try {
    const { store } = reader;
    const files = [...codeFiles(reader).values()].map((file) => ({ file, same: isSame(file, store) }));
    if (files.every(({ same }) => same === true)) return { root: '/', remarks: [] };
    const root = join(folder, 'root');
    const contents = new Map(
      files.map(({ file, same }) => [
        file.path,
        same ? file.path : join(store, blobPath({ hash: file.hash, kind: 'file' })),
      ]),
    );
    mirror(root, contents);
    const remarks = files.flatMap(({ file, same }) => {
      if (same === true) return [];
      const what = same === undefined ? 'is not here' : 'is not the one that was recorded';
      return [`${file.path} ${what}: its symbols come from the recorded file`];
    });
    return { root, remarks };
  } finally {
    reader.close();
  }
}

/** The interpreter of programs, as they name it (x86-64 psABI), wherever a system keeps it. */
const interpreter = '/lib64/ld-linux-x86-64.so.2';

/** Shorter names of a library, `libx.so.1` of `libx.so.1.2`: one of them is what programs ask for. */
function shorterNames(path: string): string[] {
  const [, stem = '', version = ''] = /^(.*\.so)((?:\.\d+)*)$/.exec(path) ?? [];
  const numbers = version.split('.').slice(1);
  return numbers.slice(1).map((_, index) => [stem, ...numbers.slice(0, index + 1)].join('.'));
}

/** By which names programs ask for the files, where only custom tells: what they are of. */
function guessedNames(contents: ReadonlyMap<string, string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [path, content] of contents) {
    for (const name of shorterNames(path)) names.set(name, content);
    if (basename(path) === basename(interpreter)) names.set(interpreter, content);
  }
  return names;
}

/**
 * Links for the files under their own names, and for the names that lead to them: here, and where nothing here tells, by
 * custom.
 */
function mirror(root: string, contents: ReadonlyMap<string, string>): void {
  mkdirSync(root, { recursive: true });
  const folders = new Set([...contents.keys()].map(dirname));
  // Programs name libraries by /lib and /lib64, which are links in most systems of today.
  for (const name of ['bin', 'lib', 'lib32', 'lib64', 'sbin']) {
    const isOwnFolder = [...contents.keys()].some((path) => path.startsWith(`/${name}/`));
    const target = linkText(`/${name}`) ?? (isOwnFolder ? undefined : `usr/${name}`);
    if (target === undefined) continue;
    symlinkSync(target.replace(/^\//, ''), join(root, name));
    folders.add(join('/', target));
  }
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, content] of contents) symlinkSync(content, join(root, path));
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      const path = join(folder, name);
      if (contents.has(path) || linkText(path) === undefined) continue;
      const content = contents.get(realPath(path));
      if (content !== undefined) symlinkSync(content, join(root, path));
    }
  }
  for (const [path, content] of guessedNames(contents)) {
    if (!existsSync(join(root, path))) symlinkSync(content, join(root, path));
  }
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

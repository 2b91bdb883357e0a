/**
 * Who refers to a store: a small file for each trace, which may be anywhere (docs/trace-format.md, "Who refers to a
 * store"). While a trace is recorded its file tells what it refers to, before it does, and is locked.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { loadAddon } from '../addon.ts';
import { EngineError } from '../errors.ts';
import { Folder, NotRegularError } from '../trace/folder.ts';
import { hashBytes, isContentFolder, registrationsFolder, temporaryEnd } from '../trace/store-layout.ts';
import { systemReason } from '../trace/trace-error.ts';
import { readWhole, writeWhole } from '../whole-io.ts';

/** Bytes of the first line at most: paths are shorter, escaped or not. */
const mostHeadBytes = 64 << 10;
/** Bytes of a registration that are read at once: more than the first line has. */
const partBytes = 1 << 20;
/** Hashes that one registration may have. */
const mostAnnounced = 1 << 22;
/** Where a store has content of a time when nobody registered, its name for that time. */
const earlierName = 'earlier';

/** True when the lock was free. It ends when the descriptor is closed, or its process. */
export function lockFile(descriptor: number, exclusive: boolean): boolean {
  return loadAddon<{ lockFile(descriptor: number, exclusive: boolean): boolean }>().lockFile(descriptor, exclusive);
}

/** Ends a lock at once: whoever has a copy of the descriptor, as a thread that still synchronises it, would keep it. */
function unlockFile(descriptor: number): void {
  loadAddon<{ unlockFile(descriptor: number): void }>().unlockFile(descriptor);
}

/** The registration of a trace that is being made. */
export class OpenRegistration {
  /** For those that announce what they will refer to: they append hashes, 32 bytes each (piece-writer.ts, file-store.h). */
  readonly path: string;
  readonly #descriptor: number;
  readonly #headBytes: number;
  readonly #isShared: boolean;
  readonly #synchronised: Promise<void>;

  private constructor(path: string, descriptor: number, headBytes: number, isShared: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#headBytes = headBytes;
    this.#isShared = isShared;
    // Beside the program: the trace counts as complete when this has ended.
    this.#synchronised = new Promise((done) => fsync(descriptor, () => done()));
  }

  /**
   * Registers a trace that will refer to the store.
   * @param name of the trace alone, as its UUID is
   * @throws EngineError STORE_UNWRITABLE
   */
  static begin(store: string, trace: string, name: string): OpenRegistration {
    try {
      using root = Folder.open(store);
      noteEarlierContent(root);
      using folder = root.madeFolder(registrationsFolder);
      const isShared = ((root.status()?.mode ?? 0) & 0o077) !== 0;
      const head = headOf(trace);
      // Whoever finds it finds it whole, and locked.
      const temporary = `${randomBytes(16).toString('hex')}${temporaryEnd}`;
      const descriptor = folder.openFile(temporary, 'create');
      if (isShared) fchmodSync(descriptor, 0o644);
      lockFile(descriptor, true);
      writeWhole(descriptor, head);
      const fileName = freeName(folder, name);
      folder.rename(temporary, fileName);
      folder.sync();
      return new OpenRegistration(join(folder.path, fileName), descriptor, head.length, isShared);
    } catch (cause) {
      throw unwritable(store, cause);
    }
  }

  /** Tells that the trace may refer to that content from now on. @throws NodeJS.ErrnoException */
  announce(hash: string): void {
    writeWhole(this.#descriptor, Buffer.from(hash, 'hex'));
  }

  /** The trace is complete: from now on what it refers to is read from it, where that can be. */
  async end(): Promise<void> {
    await this.#synchronised;
    this.#release();
    closeSync(this.#descriptor);
  }

  /** The same, at once. */
  endAtOnce(): void {
    fsyncSync(this.#descriptor);
    // The descriptor's number must not be another file's while it is synchronised.
    const descriptor = this.#descriptor;
    this.#release();
    void this.#synchronised.then(() => closeSync(descriptor));
  }

  /** Not before the lock has gone is the file shortened: who finds it held takes what stands there for all. */
  #release(): void {
    unlockFile(this.#descriptor);
    if (!this.#isShared) shorten(this.path, this.#headBytes);
  }

  /** There is no trace. */
  drop(): void {
    using folder = Folder.open(dirname(this.path));
    folder.removeIfThere(basename(this.path));
    void this.#synchronised.then(() => closeSync(this.#descriptor));
  }
}

export interface Registration {
  readonly name: string;
  /** Directory of the trace; undefined when the file does not tell. */
  readonly directory: string | undefined;
  /** st_dev of the directory when it was registered; 0: not known. */
  readonly device: number;
  /** Hashes in hexadecimal digits that were announced and are still here. */
  readonly announced: ReadonlySet<string>;
  /** Whole files are announced, too: recorders of earlier versions announced pieces alone. */
  readonly announcesFiles: boolean;
  /** It is being recorded now: `announced` is all that it refers to. */
  readonly isOpen: boolean;
}

/** All registrations of a store. @throws EngineError STORE_UNREADABLE */
export function readRegistrations(store: string): Registration[] {
  try {
    using folder = openRegistrations(store);
    return folder === undefined ? [] : registered(folder);
  } catch (cause) {
    const what = `cannot read who refers to the store ${store}: ${systemReason(cause)}`;
    throw new EngineError('STORE_UNREADABLE', what, { cause });
  }
}

/** Removes one whose trace has gone. @throws NodeJS.ErrnoException */
export function removeRegistration(store: string, name: string): void {
  using folder = openRegistrations(store);
  folder?.removeIfThere(name);
}

/** A trace that is complete refers to the store: it has come from elsewhere. @throws EngineError STORE_UNWRITABLE */
function registerTrace(store: string, trace: string, name: string, announced: Iterable<string> = []): void {
  const registration = OpenRegistration.begin(store, trace, name);
  for (const hash of announced) registration.announce(hash);
  registration.endAtOnce();
}

/** A trace has another directory now. @throws EngineError STORE_UNREADABLE, STORE_UNWRITABLE */
export function moveRegistration(store: string, from: string, to: string): void {
  for (const { name, announced } of registrationsOf(store, from)) {
    registerTrace(store, to, name.replace(/\.[0-9]+$/, ''), announced);
    remove(store, name);
  }
}

/** There is no trace in that directory any more. @throws EngineError STORE_UNREADABLE, STORE_UNWRITABLE */
export function forgetTrace(store: string, trace: string): void {
  for (const { name } of registrationsOf(store, trace)) remove(store, name);
}

function registrationsOf(store: string, trace: string): Registration[] {
  if (!existsSync(store)) return [];
  return readRegistrations(store).filter(({ directory }) => directory === resolve(trace));
}

function remove(store: string, name: string): void {
  try {
    removeRegistration(store, name);
  } catch (cause) {
    throw unwritable(store, cause);
  }
}

/** When content was there before anybody registered: what is older cannot be told by registrations. Undefined: never. */
export function earlierThan(store: string): Date | undefined {
  using root = Folder.open(store);
  return root.status(earlierName)?.mtime;
}

/** The trace's directory is there, or will be in the one above. */
function headOf(trace: string): Buffer {
  const head = { trace: resolve(trace), device: deviceAbove(trace), announcesFiles: true };
  return Buffer.from(`${JSON.stringify(head)}\n`);
}

/** Device of the nearest folder at or above a path that is there. */
export function deviceAbove(path: string): number {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const status = statSync(folder, { throwIfNoEntry: false });
    if (status !== undefined || folder === '/') return status?.dev ?? 0;
  }
}

/** Another trace may have been given the same identifier. */
function freeName(folder: Folder, name: string): string {
  for (let number = 0; ; number++) {
    const each = number === 0 ? name : `${name}.${number}`;
    if (folder.status(each) === undefined) return each;
  }
}

function noteEarlierContent(root: Folder): void {
  if (root.status(registrationsFolder) !== undefined || !root.names().some(isContentFolder)) return;
  try {
    closeSync(root.openFile(earlierName, 'create'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function openRegistrations(store: string): Folder | undefined {
  using root = Folder.open(store);
  return root.folderIfThere(registrationsFolder);
}

function registered(folder: Folder): Registration[] {
  const names = folder.names().filter((name) => !name.endsWith(temporaryEnd));
  return names.flatMap((name) => readRegistration(folder, name) ?? []);
}

/** Undefined when it has gone meanwhile. */
function readRegistration(folder: Folder, name: string): Registration | undefined {
  let descriptor: number;
  try {
    descriptor = folder.openFile(name, 'read');
  } catch (error) {
    // It has no place there.
    if (error instanceof NotRegularError) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const told = readTold(descriptor);
    // Tried behind the reading: while the lock is held nothing is taken away.
    const isOpen = !lockFile(descriptor, false);
    return { name, ...told, isOpen };
  } finally {
    closeSync(descriptor);
  }
}

/** What the file itself tells. */
type Told = Omit<Registration, 'name' | 'isOpen'>;

/** A file that is there may be another user's, and of any size: it is read part by part. */
function readTold(descriptor: number): Told {
  const buffer = Buffer.alloc(Math.min(partBytes, fstatSync(descriptor).size));
  const announced = new Set<string>();
  const start = buffer.subarray(0, readWhole(descriptor, buffer, 0));
  const end = start.subarray(0, mostHeadBytes).indexOf('\n');
  if (end < 0) return { ...nothing, announced };
  const head = parseHead(start.toString('utf8', 0, end));
  const mostEnd = end + 1 + mostAnnounced * hashBytes;
  let length = Infinity;
  for (let at = end + 1; at < mostEnd && length >= hashBytes; at += length - (length % hashBytes)) {
    length = readWhole(descriptor, buffer, at);
    for (let hash = 0; hash + hashBytes <= length; hash += hashBytes) {
      announced.add(buffer.toString('hex', hash, hash + hashBytes));
    }
  }
  if (length >= hashBytes) throw new Error(`a registration has more than ${mostAnnounced} hashes`);
  return { ...head, announced };
}

const nothing = { directory: undefined, device: 0, announcesFiles: false } as const;

function parseHead(head: string): Omit<Told, 'announced'> {
  try {
    const { trace, device, announcesFiles } = JSON.parse(head) as Partial<Record<string, unknown>>;
    const isPath = typeof trace === 'string' && isAbsolute(trace) && !trace.includes('\0');
    return {
      directory: isPath ? trace : undefined,
      device: typeof device === 'number' ? device : 0,
      announcesFiles: announcesFiles === true,
    };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    return nothing;
  }
}

/** It may have gone: then there is nothing to shorten. */
function shorten(path: string, size: number): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      ftruncateSync(descriptor, size);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function unwritable(store: string, cause: unknown): EngineError {
  const what = `cannot tell the store ${store} of the trace: ${systemReason(cause)}`;
  return new EngineError('STORE_UNWRITABLE', what, { cause });
}

/**
 * Files in folders that may come from anybody: a trace, and the store that its header names. A name in such a folder may
 * be a link to a file of the user's, or a pipe that nobody writes to. So each file is opened relative to its folder,
 * without following a link and without waiting, and is used only when it is a regular file.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../addon.ts';
import { readWhole, writeWhole } from '../whole-io.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Nobody but the user reads what was recorded: it holds all that the programs read. */
export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

const flags = {
  read: O_RDONLY,
  /** To the end of a file that is there. */
  append: O_WRONLY | O_APPEND,
  /** At any place of a file that is there. */
  change: O_RDWR,
  /** The file must not be there yet. */
  create: O_WRONLY | O_APPEND | O_CREAT | O_EXCL,
  /** The same, to be written at any place and read again. */
  createReadable: O_RDWR | O_CREAT | O_EXCL,
} as const;

/** A name that is there, and is no regular file (or a folder where a file must be). */
export class NotRegularError extends Error {}

export class Folder implements Disposable {
  readonly path: string;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Opens a folder that the user named: links to it are followed. @throws NodeJS.ErrnoException */
  static open(path: string): Folder {
    return new Folder(path, openSync(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
  }

  /** Opens a folder in this one. @throws NodeJS.ErrnoException, also for a link */
  folder(name: string): Folder {
    const place = this.#place(name);
    return new Folder(join(this.path, name), openSync(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK));
  }

  /** The same; undefined when there is none. */
  folderIfThere(name: string): Folder | undefined {
    try {
      return this.folder(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Of the folder, for calls of the addon; good while this is open. */
  get descriptor(): number {
    return this.#descriptor;
  }

  /** A descriptor of the regular file, the caller's. @throws NodeJS.ErrnoException, NotRegularError */
  openFile(name: string, access: keyof typeof flags): number {
    let descriptor: number;
    try {
      descriptor = openSync(this.#place(name), flags[access] | O_NOFOLLOW | O_NONBLOCK, privateFileMode);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A link; a socket, or a pipe that nobody reads; a folder that was to be written to.
      if (code === 'ELOOP' || code === 'ENXIO' || code === 'EISDIR') throw new NotRegularError('not a regular file');
      throw error;
    }
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
    throw new NotRegularError('not a regular file');
  }

  /**
   * The whole content of a file of at most `most` bytes; undefined when there is none.
   * @throws NodeJS.ErrnoException, NotRegularError, RangeError for a larger file
   */
  read(name: string, most: number): Buffer | undefined {
    return this.#read(name, (size) => {
      if (size > most) throw new RangeError(`it has ${size} bytes, more than ${most}`);
      return size;
    });
  }

  /** The first `most` bytes of a file, or all. Otherwise as `read`. */
  readStart(name: string, most: number): Buffer | undefined {
    return this.#read(name, (size) => Math.min(size, most));
  }

  /** @param wanted how many bytes of the file's, by its size */
  #read(name: string, wanted: (size: number) => number): Buffer | undefined {
    let descriptor: number;
    try {
      descriptor = this.openFile(name, 'read');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const bytes = Buffer.alloc(wanted(fstatSync(descriptor).size));
      return bytes.subarray(0, readWhole(descriptor, bytes, 0));
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * Writes a file whole, in the place of what has the name: whoever opens it finds all of the new content, or the old.
   * @throws NodeJS.ErrnoException
   */
  write(name: string, bytes: Uint8Array): void {
    // Another process may write the same, also in another container, with the same number.
    const temporary = `${name}.${randomBytes(12).toString('hex')}`;
    const descriptor = this.openFile(temporary, 'create');
    try {
      try {
        writeWhole(descriptor, bytes);
      } finally {
        closeSync(descriptor);
      }
      this.rename(temporary, name);
    } catch (error) {
      rmSync(this.#place(temporary), { force: true });
      throw error;
    }
  }

  /** @throws NodeJS.ErrnoException */
  names(): string[] {
    return readdirSync(this.#place('.'));
  }

  /** Writes to the end of a file, which need not be there. @throws NodeJS.ErrnoException, NotRegularError */
  append(name: string, bytes: Uint8Array): void {
    const descriptor = this.openFile(name, this.status(name) === undefined ? 'create' : 'append');
    try {
      writeWhole(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
  }

  /** @throws NodeJS.ErrnoException */
  rename(from: string, to: string): void {
    renameSync(this.#place(from), this.#place(to));
  }

  /** Removes what is not a folder. @throws NodeJS.ErrnoException, also when it is not there */
  remove(name: string): void {
    unlinkSync(this.#place(name));
  }

  /** @throws NodeJS.ErrnoException */
  removeIfThere(name: string): void {
    rmSync(this.#place(name), { force: true });
  }

  /** Moves what has a name to another folder, in the place of what has the name there. @throws NodeJS.ErrnoException */
  moveTo(name: string, folder: Folder, newName: string): void {
    renameSync(this.#place(name), folder.#place(newName));
  }

  /** A folder in this one, made with the rights of this one where it is not there. @throws NodeJS.ErrnoException */
  madeFolder(name: string): Folder {
    const { mode } = fstatSync(this.#descriptor);
    const rights = mode & 0o7777;
    let isNew = true;
    try {
      mkdirSync(this.#place(name), { mode: rights & 0o777 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      isNew = false;
    }
    const folder = this.folder(name);
    if (!isNew) return folder;
    try {
      fchmodSync(folder.#descriptor, rights);
      this.sync();
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
    return folder;
  }

  /** All that was written to the file system of the folder is on the disk when this returns. @throws Error */
  syncFileSystem(): void {
    loadAddon<{ syncFileSystem(descriptor: number): void }>().syncFileSystem(this.#descriptor);
  }

  /** Names that were given are on the disk when this returns. @throws NodeJS.ErrnoException */
  sync(): void {
    fsyncSync(this.#descriptor);
  }

  /** Removes an empty folder. @throws NodeJS.ErrnoException */
  removeFolder(name: string): void {
    rmdirSync(this.#place(name));
  }

  /** What a name is, links not followed; undefined when it is not there. @throws NodeJS.ErrnoException */
  status(name = '.'): Stats | undefined {
    return lstatSync(this.#place(name), { throwIfNoEntry: false });
  }

  /** A path that leads to the name in this very folder, whatever its own path leads to meanwhile; while this is open. */
  #place(name: string): string {
    if (name === '' || name.includes('/')) throw new RangeError(`"${name}" is no name in a folder`);
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/**
 * The files that a client reads through us (gdb's manual, "Host I/O Packets"): /proc as the program would have seen it,
 * and what the trace keeps of mapped files. Files of this machine are given only where that was asked for.
 */
import { closeSync, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { openStoredFile } from '../../trace/stored-blob.ts';
import type { KeptFile, RemoteTarget } from '../target.ts';
import { PacketError } from './reply.ts';

/** A file that a client has open. */
interface OpenFile {
  readonly size: number;
  readonly mode: number;
  readonly modified: number;
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

const regularFile = 0o100444;

function ofBytes(bytes: Uint8Array): OpenFile {
  return {
    size: bytes.length,
    mode: regularFile,
    modified: 0,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => undefined,
  };
}

/** @throws PacketError ENOENT, EACCES */
function ofPath(path: string): OpenFile {
  try {
    return ofDescriptor(openSync(path, 'r'));
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** @throws PacketError ENOENT, EACCES */
function ofStored(path: string, { store, hash }: KeptFile): OpenFile {
  try {
    return ofDescriptor(openStoredFile(store, hash));
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** @throws NodeJS.ErrnoException */
function ofDescriptor(descriptor: number): OpenFile {
  const stats = fstatSync(descriptor);
  return {
    size: stats.size,
    mode: stats.mode,
    modified: Math.floor(stats.mtimeMs / 1000),
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    },
    close: () => closeSync(descriptor),
  };
}

function fileError(path: string, cause: unknown): PacketError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new PacketError(code === 'ENOENT' ? 'ENOENT' : 'EACCES', `${path}: ${message}`);
}

export class OpenFiles {
  readonly #target: RemoteTarget;
  readonly #servesFiles: boolean;
  readonly #open = new Map<number, OpenFile>();
  #next = 3;

  constructor(target: RemoteTarget, servesFiles: boolean) {
    this.#target = target;
    this.#servesFiles = servesFiles;
  }

  /** A descriptor. @throws PacketError ENOENT, EACCES */
  async open(path: string): Promise<number> {
    const file = await this.#find(path);
    const descriptor = this.#next++;
    this.#open.set(descriptor, file);
    return descriptor;
  }

  /** @throws PacketError EBADF */
  get(descriptor: number | undefined): OpenFile {
    const file = descriptor === undefined ? undefined : this.#open.get(descriptor);
    if (file === undefined) throw new PacketError('EBADF', `no open file ${descriptor}`);
    return file;
  }

  /** @throws PacketError EBADF */
  close(descriptor: number | undefined): void {
    this.get(descriptor).close();
    this.#open.delete(descriptor!);
  }

  closeAll(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  /** What a link says. @throws PacketError ENOENT, EACCES, EINVAL where it is none */
  async readLink(path: string): Promise<Uint8Array> {
    if (path.startsWith('/proc/')) {
      const text = await this.#target.processFile(path);
      if (text === undefined) throw new PacketError('ENOENT', `no ${path} in the recording`);
      return text;
    }
    if (!this.#servesFiles) throw new PacketError('EINVAL', `${path} is no link in the recording`);
    try {
      return readlinkSync(path, 'buffer');
    } catch (cause) {
      throw fileError(path, cause);
    }
  }

  async #find(path: string): Promise<OpenFile> {
    if (path.startsWith('/proc/')) {
      const bytes = await this.#target.processFile(path);
      if (bytes === undefined) throw new PacketError('ENOENT', `no ${path} in the recording`);
      return ofBytes(bytes);
    }
    const stored = await this.#target.storedFile(path);
    if (stored !== undefined) return ofStored(path, stored);
    if (this.#servesFiles) return ofPath(path);
    throw new PacketError('ENOENT', `the trace does not keep ${path}`);
  }
}

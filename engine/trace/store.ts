/**
 * The store of mapped files: one copy of each content, shared by all traces of a user. The recorder puts (native/record/),
 * replay gets. A blob lies at HH/REST, where HHREST is the SHA-256 of its content in lower-case hexadecimal; by-id/
 * DEVICE-INODE-SIZE-MTIME-CTIME holds the hash of a file that was put before. A blob is complete before it has its name.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { systemReason } from './trace-error.ts';

export type StoreErrorCode =
  /** The store has no such blob: it was collected, or the trace comes from another machine. */
  | 'STORE_BLOB_MISSING'
  /** The blob's size or content is not what its name, or the trace, says. */
  | 'STORE_BLOB_DAMAGED'
  | 'STORE_UNREADABLE';

export class StoreError extends EngineError {
  declare readonly code: StoreErrorCode;
  readonly hash: string;
  readonly path: string;

  constructor(code: StoreErrorCode, hash: string, path: string, what: string, cause?: unknown) {
    super(code, `stored file ${path}: ${what}`, cause === undefined ? {} : { cause });
    this.hash = hash;
    this.path = path;
  }
}

/** The store's directory below a root of traces, unless another is named. */
export function storeDirectory(traceRoot: string, named?: string): string {
  return named === undefined ? join(traceRoot, '.store') : resolve(named);
}

export class Store {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where the blob lies, or would lie. `hash`: 32 bytes, or 64 hexadecimal digits. @throws RangeError for anything else */
  path(hash: Uint8Array | string): string {
    const name = hexName(hash);
    return join(this.directory, name.slice(0, 2), name.slice(2));
  }

  /** Opens a blob for reading: the descriptor is the caller's. Its size must be `size` bytes. @throws StoreError */
  open(hash: Uint8Array | string, size: number): number {
    const path = this.path(hash);
    const descriptor = this.#openBlob(hash);
    const status = fstatSync(descriptor);
    if (status.isFile() && status.size === size) return descriptor;
    closeSync(descriptor);
    const what = status.isFile() ? `it has ${status.size} bytes, the trace says ${size}` : 'not a regular file';
    throw new StoreError('STORE_BLOB_DAMAGED', hexName(hash), path, what);
  }

  /** Reads the whole blob and compares its content with its name. @throws StoreError */
  async verify(hash: Uint8Array | string): Promise<void> {
    const { createHash } = await import('node:crypto');
    const path = this.path(hash);
    const descriptor = this.#openBlob(hash);
    const sum = createHash('sha256');
    const buffer = new Uint8Array(1 << 20);
    try {
      for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) {
        sum.update(buffer.subarray(0, count));
      }
    } catch (cause) {
      const what = `cannot read it: ${systemReason(cause)}`;
      throw new StoreError('STORE_UNREADABLE', hexName(hash), path, what, cause);
    } finally {
      closeSync(descriptor);
    }
    const found = sum.digest('hex');
    if (found !== hexName(hash)) {
      throw new StoreError('STORE_BLOB_DAMAGED', hexName(hash), path, `its content has the hash ${found}`);
    }
  }

  #openBlob(hash: Uint8Array | string): number {
    const path = this.path(hash);
    try {
      return openSync(path, 'r');
    } catch (cause) {
      const name = hexName(hash);
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        const what = 'missing: the trace was recorded with another store, or the store was emptied';
        throw new StoreError('STORE_BLOB_MISSING', name, path, what, cause);
      }
      throw new StoreError('STORE_UNREADABLE', name, path, `cannot open it: ${systemReason(cause)}`, cause);
    }
  }
}

function hexName(hash: Uint8Array | string): string {
  const name = typeof hash === 'string' ? hash : Buffer.from(hash).toString('hex');
  if (!/^[0-9a-f]{64}$/.test(name)) throw new RangeError(`"${name}" is no SHA-256 in lower-case hexadecimal`);
  return name;
}

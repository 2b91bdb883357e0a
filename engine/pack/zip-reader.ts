/**
 * Reads a ZIP file that may come from anybody. Its directory must stand at its very end and be right in itself, the members
 * may not overlap, and none gives more bytes than it says.
 */
import { fstatSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { crc32 } from '../trace/crc32.ts';
import { readWhole } from '../whole-io.ts';
import { PackError } from './pack-error.ts';
import {
  centralSignature,
  centralSize,
  end64Signature,
  end64Size,
  endSignature,
  endSize,
  in64,
  in64Short,
  localSignature,
  localSize,
  locatorSignature,
  locatorSize,
  type Method,
  methods,
  type ZipEntry,
  zip64Id,
} from './zip-format.ts';

/** Bytes of a directory: some 300,000 members of a recording. */
const mostDirectoryBytes = 32 << 20;
const pieceSize = 1 << 18;
/** Deflate makes no more of a byte (zlib's "Maximum Compression Factor"). */
const highestRatio = 1032;

const flagEncrypted = 1;
/** Checksum and sizes stand behind the content. */
const flagDescriptor = 8;
const folderSuffix = '/';
const unixType = 0o170000;
const unixFile = 0o100000;

export class ZipReader {
  readonly path: string;
  readonly entries: readonly ZipEntry[];
  readonly #descriptor: number;
  /** Where the directory begins. */
  readonly #end: number;

  /** @param descriptor of a regular file, the caller's. @throws PackError, NodeJS.ErrnoException */
  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    const { count, offset, size } = this.#findDirectory();
    this.#end = offset;
    const entries = this.#readDirectory(this.#read(offset, size), count);
    this.#checkPlaces(entries);
    this.entries = entries.filter(({ name }) => !name.endsWith(folderSuffix));
  }

  /** The content of a member in pieces. @throws PackError where it is not what the directory says */
  async *content(entry: ZipEntry): AsyncGenerator<Uint8Array> {
    const start = this.#dataOffset(entry);
    const stored = this.#pieces(start, entry.storedSize);
    let size = 0;
    let crc = 0;
    try {
      for await (const piece of entry.method === methods.stored ? stored : inflated(stored)) {
        size += piece.length;
        if (size > entry.size) throw this.#damaged(`${entry.name} has more bytes than it says, ${entry.size}`);
        crc = crc32(piece, crc);
        yield piece;
      }
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (cause instanceof PackError || !(typeof code === 'string' && code.startsWith('Z_'))) throw cause;
      throw this.#damaged(`${entry.name} cannot be inflated: ${(cause as Error).message}`, cause);
    }
    if (size < entry.size) throw this.#damaged(`${entry.name} has ${size} bytes, and says ${entry.size}`);
    if (crc !== entry.crc) throw this.#damaged(`the checksum of ${entry.name} is wrong`);
  }

  #damaged(what: string, cause?: unknown): PackError {
    return new PackError('PACK_DAMAGED', `${this.path}: ${what}`, cause);
  }

  #cutOff(): PackError {
    return new PackError('NOT_A_PACK', `${this.path}: no pack, or cut off: it does not end as a ZIP file does`);
  }

  #findDirectory(): { count: number; offset: number; size: number } {
    const fileSize = fstatSync(this.#descriptor).size;
    if (fileSize < endSize) throw this.#cutOff();
    const end = this.#read(fileSize - endSize, endSize);
    if (end.readUInt32LE(0) !== endSignature || end.readUInt16LE(20) !== 0) throw this.#cutOff();
    let count = end.readUInt16LE(10);
    let size = end.readUInt32LE(12);
    let offset = end.readUInt32LE(16);
    let directoryEnd = fileSize - endSize;
    if (count === in64Short || size === in64 || offset === in64) {
      const at = fileSize - endSize - locatorSize - end64Size;
      if (at < 0) throw this.#cutOff();
      const end64 = this.#read(at, end64Size + locatorSize);
      const isThere = end64.readUInt32LE(0) === end64Signature && end64.readUInt32LE(end64Size) === locatorSignature;
      if (!isThere) throw this.#cutOff();
      count = Number(end64.readBigUInt64LE(32));
      size = Number(end64.readBigUInt64LE(40));
      offset = Number(end64.readBigUInt64LE(48));
      directoryEnd = at;
    }
    if (size > mostDirectoryBytes) throw this.#damaged(`its directory has ${size} bytes: more than any recording has`);
    if (offset + size !== directoryEnd) throw this.#damaged('its directory is not where it says');
    return { count, offset, size };
  }

  #readDirectory(bytes: Buffer, count: number): ZipEntry[] {
    const entries: ZipEntry[] = [];
    let position = 0;
    while (position < bytes.length) {
      if (position + centralSize > bytes.length || bytes.readUInt32LE(position) !== centralSignature) {
        throw this.#damaged('its directory is torn');
      }
      const nameEnd = position + centralSize + bytes.readUInt16LE(position + 28);
      const extraEnd = nameEnd + bytes.readUInt16LE(position + 30);
      const next = extraEnd + bytes.readUInt16LE(position + 32);
      if (next > bytes.length) throw this.#damaged('its directory is torn');
      entries.push(this.#entry(bytes.subarray(position, nameEnd), bytes.subarray(nameEnd, extraEnd)));
      position = next;
    }
    if (entries.length !== count)
      throw this.#damaged(`it says that it has ${count} members, and has ${entries.length}`);
    return entries;
  }

  #entry(header: Buffer, extra: Buffer): ZipEntry {
    const name = header.toString('utf8', centralSize);
    if ((header.readUInt16LE(8) & flagEncrypted) !== 0) throw this.#damaged(`${name} is encrypted`);
    const method = Object.values(methods).find((each) => each === header.readUInt16LE(10));
    if (method === undefined) throw this.#damaged(`${name} is compressed in a way that is not known here`);
    const type = (header.readUInt32LE(38) >>> 16) & unixType;
    const isFile = type === 0 || type === unixFile || name.endsWith(folderSuffix);
    if (!isFile) throw this.#damaged(`${name} is no regular file`);
    const wide = wideValues(extra);
    const value = (at: number): number => {
      const short = header.readUInt32LE(at);
      if (short !== in64) return short;
      const long = wide.shift();
      if (long === undefined || long > Number.MAX_SAFE_INTEGER) throw this.#damaged(`a size of ${name} is impossible`);
      return long;
    };
    const size = value(24);
    const storedSize = value(20);
    const offset = value(42);
    const most = method === methods.stored ? storedSize : storedSize * highestRatio;
    if (size > most || (method === methods.stored && size !== storedSize)) {
      throw this.#damaged(`${name} says that it has ${size} bytes, which ${storedSize} cannot hold`);
    }
    return { name, method: method as Method, crc: header.readUInt32LE(16), size, storedSize, offset };
  }

  /** Members that share bytes are how a small file holds a huge content. */
  #checkPlaces(entries: readonly ZipEntry[]): void {
    let end = 0;
    for (const entry of [...entries].sort((one, other) => one.offset - other.offset)) {
      if (entry.offset < end) throw this.#damaged(`${entry.name} overlaps the member before it`);
      end = entry.offset + localSize + Buffer.byteLength(entry.name) + entry.storedSize;
      if (end > this.#end) throw this.#damaged(`${entry.name} goes beyond the end`);
    }
  }

  /** A directory that tells of another content, of none at all, has a right checksum in itself: the member tells, too. */
  #dataOffset({ name, method, crc, offset, storedSize }: ZipEntry): number {
    const header = this.#read(offset, localSize);
    const nameLength = header.readUInt16LE(26);
    const start = offset + localSize + nameLength + header.readUInt16LE(28);
    const isCrcBehind = (header.readUInt16LE(6) & flagDescriptor) !== 0;
    const isSame =
      header.readUInt32LE(0) === localSignature &&
      (isCrcBehind || header.readUInt32LE(14) === crc) &&
      header.readUInt16LE(8) === method &&
      nameLength === Buffer.byteLength(name) &&
      this.#read(offset + localSize, nameLength).equals(Buffer.from(name));
    if (!isSame || start + storedSize > this.#end) throw this.#damaged(`${name} is not where the directory says`);
    return start;
  }

  *#pieces(start: number, length: number): Generator<Uint8Array> {
    for (let done = 0; done < length; done += pieceSize)
      yield this.#read(start + done, Math.min(pieceSize, length - done));
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readWhole(this.#descriptor, bytes, offset) < length) throw this.#cutOff();
    return bytes;
  }
}

/** Values of the extra field of Zip64, in their order. */
function wideValues(extra: Buffer): number[] {
  for (let position = 0; position + 4 <= extra.length; ) {
    const end = position + 4 + extra.readUInt16LE(position + 2);
    if (extra.readUInt16LE(position) === zip64Id && end <= extra.length) {
      const count = Math.floor((end - position - 4) / 8);
      return Array.from({ length: count }, (_, index) => Number(extra.readBigUInt64LE(position + 4 + 8 * index)));
    }
    position = end;
  }
  return [];
}

function inflated(stored: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(stored);
  const inflate = createInflateRaw();
  source.on('error', (error) => inflate.destroy(error));
  return source.pipe(inflate);
}

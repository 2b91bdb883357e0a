/** The build identifier of an ELF file: the note of type NT_GNU_BUILD_ID (elf(5)), which the linker writes. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { systemReason } from '../trace/trace-error.ts';
import { readWhole } from '../whole-io.ts';

const elf = { magic: 0x464c457f, class64: 2, littleEndian: 1, headerSize: 64, programHeaderSize: 56 };
const noteSegment = 4;
const buildIdNote = 3;
const gnu = Buffer.from('GNU\0');
/** Notes are small; a segment that claims more is no segment of notes. Bytes. */
const mostNoteBytes = 1 << 20;
const mostSegments = 0xffff;

/**
 * In hexadecimal; undefined for an ELF file without one, and for what is no 64-bit ELF file.
 * @throws EngineError FILE_UNREADABLE
 */
export function buildIdentifier(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw new EngineError('FILE_UNREADABLE', `cannot open ${path}: ${systemReason(cause)}`, { cause });
  }
  try {
    return fstatSync(descriptor).isFile() ? identifierOf(descriptor) : undefined;
  } catch (cause) {
    throw new EngineError('FILE_UNREADABLE', `cannot read ${path}: ${systemReason(cause)}`, { cause });
  } finally {
    closeSync(descriptor);
  }
}

/** The same of an open file. @throws NodeJS.ErrnoException */
export function identifierOf(descriptor: number): string | undefined {
  const header = readAt(descriptor, 0, elf.headerSize);
  const isElf = header.length === elf.headerSize && header.readUInt32LE(0) === elf.magic;
  if (!isElf || header[4] !== elf.class64 || header[5] !== elf.littleEndian) return undefined;
  const table = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const count = Math.min(header.readUInt16LE(56), mostSegments);
  if (size < elf.programHeaderSize || !Number.isSafeInteger(table + size * count)) return undefined;
  const segments = readAt(descriptor, table, size * count);
  for (let at = 0; at + elf.programHeaderSize <= segments.length; at += size) {
    if (segments.readUInt32LE(at) !== noteSegment) continue;
    const offset = Number(segments.readBigUInt64LE(at + 8));
    const length = Number(segments.readBigUInt64LE(at + 32));
    if (length > mostNoteBytes || !Number.isSafeInteger(offset)) continue;
    const alignment = Number(segments.readBigUInt64LE(at + 48)) === 8 ? 8 : 4;
    const found = findNote(readAt(descriptor, offset, length), alignment);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findNote(notes: Buffer, alignment: number): string | undefined {
  const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameSize = notes.readUInt32LE(at);
    const contentSize = notes.readUInt32LE(at + 4);
    const content = at + aligned(12 + nameSize);
    const name = notes.subarray(at + 12, at + 12 + nameSize);
    if (notes.readUInt32LE(at + 8) === buildIdNote && name.equals(gnu)) {
      const bytes = notes.subarray(content, content + contentSize);
      return bytes.length === contentSize && contentSize > 0 ? bytes.toString('hex') : undefined;
    }
    at = content + aligned(contentSize);
  }
  return undefined;
}

function readAt(descriptor: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readWhole(descriptor, bytes, offset));
}

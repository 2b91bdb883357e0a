/** Sections of a 64-bit ELF file by name (elf(5)), uncompressed where they are compressed by zlib. */
import { closeSync, fstatSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { readWhole } from '../whole-io.ts';
import { ByteReader, MalformedError } from './byte-reader.ts';

const magic = 0x464c457f;
const class64 = 2;
const littleEndian = 1;
const headerSize = 64;
const sectionHeaderSize = 64;
const noBits = 8;
const programHeaderSize = 56;
/** PT_LOAD. */
const loadedSegment = 1;
const compressed = 0x800;
const zlibMethod = 1;
/** A section that is larger is not read. Bytes. */
const mostBytes = 1 << 30;
const mostSections = 0xffff;

interface Section {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

/** A part of the file that is mapped when the file is loaded (PT_LOAD). */
export interface LoadedPart {
  readonly offset: number;
  readonly size: number;
  /** Where it is when the file is loaded at 0, or where it is told to be. */
  readonly address: number;
}

export class ElfSections implements Disposable {
  readonly #descriptor: number;
  readonly #sections: ReadonlyMap<string, Section>;

  /**
   * Undefined when the file is no 64-bit ELF file.
   * @param descriptor of a regular file; it is closed with this, or at once
   * @throws NodeJS.ErrnoException, MalformedError
   */
  static open(descriptor: number): ElfSections | undefined {
    try {
      const sections = readSections(descriptor);
      if (sections !== undefined) return new ElfSections(descriptor, sections);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    closeSync(descriptor);
    return undefined;
  }

  private constructor(descriptor: number, sections: ReadonlyMap<string, Section>) {
    this.#descriptor = descriptor;
    this.#sections = sections;
  }

  /** The content of a section; empty when there is none. @throws NodeJS.ErrnoException, MalformedError */
  content(name: string): Buffer {
    const section = this.#sections.get(name);
    if (section === undefined || section.type === noBits) return Buffer.alloc(0);
    const bytes = readAt(this.#descriptor, section.offset, section.size);
    if ((section.flags & compressed) === 0) return bytes;
    const reader = new ByteReader(bytes);
    const method = reader.unsigned(4);
    reader.skip(4);
    const size = reader.unsigned(8);
    if (method !== zlibMethod || size > mostBytes)
      throw new MalformedError(`${name} is compressed as this cannot read`);
    reader.skip(8);
    return inflateSync(bytes.subarray(reader.position), { maxOutputLength: Math.max(size, 1) });
  }

  /** In the order of their addresses. @throws NodeJS.ErrnoException, MalformedError */
  loadedParts(): LoadedPart[] {
    const header = readAt(this.#descriptor, 0, headerSize);
    const start = Number(header.readBigUInt64LE(32));
    const table = readAt(this.#descriptor, start, header.readUInt16LE(56) * programHeaderSize);
    const parts: LoadedPart[] = [];
    for (let at = 0; at + programHeaderSize <= table.length; at += programHeaderSize) {
      if (table.readUInt32LE(at) !== loadedSegment) continue;
      const [offset, address, , size] = [8, 16, 24, 32].map((field) => Number(table.readBigUInt64LE(at + field)));
      parts.push({ offset: offset!, address: address!, size: size! });
    }
    return parts;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

function readSections(descriptor: number): ReadonlyMap<string, Section> | undefined {
  const header = readAt(descriptor, 0, headerSize);
  const isElf = header.length === headerSize && header.readUInt32LE(0) === magic;
  if (!isElf || header[4] !== class64 || header[5] !== littleEndian) return undefined;
  const start = Number(header.readBigUInt64LE(40));
  const count = Math.min(header.readUInt16LE(60), mostSections);
  const namesIndex = header.readUInt16LE(62);
  const table = readAt(descriptor, start, count * sectionHeaderSize);
  const sections: (Section & { nameAt: number })[] = [];
  for (let at = 0; at + sectionHeaderSize <= table.length; at += sectionHeaderSize) {
    sections.push({
      nameAt: table.readUInt32LE(at),
      type: table.readUInt32LE(at + 4),
      flags: Number(table.readBigUInt64LE(at + 8)),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
    });
  }
  const nameSection = sections[namesIndex];
  if (nameSection === undefined) return new Map();
  const names = readAt(descriptor, nameSection.offset, nameSection.size);
  return new Map(sections.map((section) => [nameOf(names, section.nameAt), section]));
}

function nameOf(names: Buffer, at: number): string {
  return at < names.length ? new ByteReader(names, at).text() : '';
}

/** Fewer bytes at the end of the file. @throws MalformedError for what is too large to be read */
function readAt(descriptor: number, offset: number, length: number): Buffer {
  if (!Number.isSafeInteger(offset)) throw new MalformedError('a section lies outside of the file');
  const inFile = Math.min(length, Math.max(0, fstatSync(descriptor).size - offset));
  if (inFile > mostBytes) throw new MalformedError('a section is too large');
  const bytes = Buffer.alloc(inFile);
  return bytes.subarray(0, readWhole(descriptor, bytes, offset));
}

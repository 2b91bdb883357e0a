/** The symbol tables of a 64-bit ELF file (elf(5)): .symtab, where a file was not stripped, and .dynsym. */
import { ByteReader, MalformedError } from './byte-reader.ts';
import type { ElfSections } from './elf-sections.ts';

export type SymbolKind = 'function' | 'object' | 'resolver' | 'other';

/** A symbol that the file defines. */
export interface DefinedSymbol {
  readonly name: string;
  /** As in the file: where it is loaded is to be added. */
  readonly address: number;
  /** Bytes; 0 where the table does not tell. */
  readonly size: number;
  readonly kind: SymbolKind;
}

const entrySize = 24;
/** Of st_shndx: not defined here, and not an address (SHN_ABS). */
const undefinedSection = 0;
const absoluteSection = 0xfff1;
/** STT_*; thread-local ones have no address of their own, sections and files no name of use. */
const kinds: Readonly<Record<number, SymbolKind>> = { 0: 'other', 1: 'object', 2: 'function', 10: 'resolver' };

/** Both tables, each symbol once, in the order of the tables. @throws NodeJS.ErrnoException, MalformedError */
export function readSymbols(sections: ElfSections): DefinedSymbol[] {
  const found = new Map<string, DefinedSymbol>();
  for (const [table, strings] of [
    ['.symtab', '.strtab'],
    ['.dynsym', '.dynstr'],
  ] as const) {
    const entries = sections.content(table);
    const names = sections.content(strings);
    for (let at = 0; at + entrySize <= entries.length; at += entrySize) {
      const symbol = readSymbol(entries, at, names);
      if (symbol !== undefined) found.set(`${symbol.name}\0${symbol.address}`, symbol);
    }
  }
  return [...found.values()];
}

function readSymbol(entries: Buffer, at: number, names: Buffer): DefinedSymbol | undefined {
  const kind = kinds[entries[at + 4]! & 0xf];
  const section = entries.readUInt16LE(at + 6);
  const nameAt = entries.readUInt32LE(at);
  if (kind === undefined || section === undefinedSection || section === absoluteSection || nameAt === 0)
    return undefined;
  if (nameAt >= names.length) throw new MalformedError('a symbol’s name lies outside of the strings');
  const name = new ByteReader(names, nameAt).text();
  const address = Number(entries.readBigUInt64LE(at + 8));
  return { name, address, size: Number(entries.readBigUInt64LE(at + 16)), kind };
}

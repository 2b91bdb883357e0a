/**
 * Names of source files in debug information: the tables of files of the line programs (DWARF 2 to 5, section 6.2.4), and
 * the directories of compilation that those before version 5 are relative to.
 */
import { ByteReader, MalformedError } from './byte-reader.ts';
import { compilationDirectories } from './compilation-units.ts';
import type { ElfSections } from './elf-sections.ts';
import { type Strings, skipForm, textOfForm } from './forms.ts';

export interface SourceName {
  /** As the debug information has it: relative to `directory`, or absolute. */
  readonly name: string;
  /** Empty when it is not known. */
  readonly directory: string;
}

/** DW_LNCT_* of a table's columns. */
const pathContent = 1;
const directoryContent = 2;

/** @throws MalformedError, NodeJS.ErrnoException */
export function sourceNames(elf: ElfSections): SourceName[] {
  const lines = elf.content('.debug_line');
  if (lines.length === 0) return [];
  const strings: Strings = { plain: elf.content('.debug_str'), ofLines: elf.content('.debug_line_str') };
  const directories = compilationDirectories(elf, strings);
  const names: SourceName[] = [];
  for (const reader = new ByteReader(lines); reader.left > 0; ) {
    const start = reader.position;
    const { unit, offsetSize } = reader.unit();
    const version = unit.unsigned(2);
    if (version >= 2 && version <= 4) names.push(...oldTables(unit, offsetSize, version, directories.get(start) ?? ''));
    else if (version === 5) names.push(...newTables(unit, offsetSize, strings));
  }
  return names;
}

/** Passes over the header up to the tables. */
function toTables(unit: ByteReader, offsetSize: number, version: number): void {
  unit.skip(offsetSize);
  unit.skip(version >= 4 ? 5 : 4);
  const opcodeBase = unit.unsigned(1);
  unit.skip(Math.max(0, opcodeBase - 1));
}

function oldTables(unit: ByteReader, offsetSize: number, version: number, compiledIn: string): SourceName[] {
  toTables(unit, offsetSize, version);
  const directories = [''];
  for (let name = unit.text(); name !== ''; name = unit.text()) directories.push(name);
  const names: SourceName[] = [];
  for (let name = unit.text(); name !== ''; name = unit.text()) {
    const directory = directories[unit.leb()] ?? '';
    unit.skipLeb();
    unit.skipLeb();
    names.push({ name: inDirectory(directory, name), directory: compiledIn });
  }
  return names;
}

function newTables(unit: ByteReader, offsetSize: 4 | 8, strings: Strings): SourceName[] {
  unit.skip(2);
  toTables(unit, offsetSize, 5);
  const directories = readTable(unit, offsetSize, strings).map(({ path }) => path);
  const compiledIn = directories[0] ?? '';
  return readTable(unit, offsetSize, strings).map(({ path, directory }) => ({
    name: directory === 0 ? path : inDirectory(directories[directory] ?? '', path),
    directory: compiledIn,
  }));
}

function readTable(unit: ByteReader, offsetSize: 4 | 8, strings: Strings): { path: string; directory: number }[] {
  const formats = Array.from({ length: unit.unsigned(1) }, () => ({ content: unit.leb(), form: unit.leb() }));
  const count = unit.leb();
  // Each entry has a byte at least.
  if (formats.length === 0 || count > unit.left) {
    if (count > 0) throw new MalformedError('a table of files has more entries than bytes');
    return [];
  }
  return Array.from({ length: count }, () => {
    const entry = { path: '', directory: 0 };
    for (const { content, form } of formats) {
      if (content === pathContent) entry.path = textOfForm(unit, form, offsetSize, strings) ?? '';
      else if (content === directoryContent) entry.directory = numberOfForm(unit, form);
      else skipForm(unit, form, { offsetSize, addressSize: 8, version: 5 });
    }
    return entry;
  });
}

/** DW_FORM_udata, data1, data2. */
function numberOfForm(unit: ByteReader, form: number): number {
  if (form === 0x0f) return unit.leb();
  return unit.unsigned(form === 0x05 ? 2 : 1);
}

function inDirectory(directory: string, name: string): string {
  return directory === '' || name.startsWith('/') ? name : `${directory}/${name}`;
}

/** The first entry of each compilation unit: where its lines are, and the directory in which it was compiled. */
import { ByteReader } from './byte-reader.ts';
import type { ElfSections } from './elf-sections.ts';
import { type Sizes, type Strings, skipForm, textOfForm } from './forms.ts';

const attributes = { lines: 0x10, directory: 0x1b } as const;
const implicitConst = 0x21;
/** DW_UT_skeleton and split_compile have an id behind the header, type units a signature and an offset. */
const unitTypes = { compile: 1, type: 2, skeleton: 4, splitCompile: 5, splitType: 6 } as const;

interface Attribute {
  readonly name: number;
  readonly form: number;
}

/** By the offset of the line program in `.debug_line`. @throws MalformedError */
export function compilationDirectories(elf: ElfSections, strings: Strings): ReadonlyMap<number, string> {
  const abbreviations = elf.content('.debug_abbrev');
  const directories = new Map<number, string>();
  for (const reader = new ByteReader(elf.content('.debug_info')); reader.left > 0; ) {
    const { unit, offsetSize } = reader.unit();
    const version = unit.unsigned(2);
    if (version < 2 || version > 5) continue;
    const type = version === 5 ? unit.unsigned(1) : unitTypes.compile;
    const addressFirst = version === 5 ? unit.unsigned(1) : 0;
    const table = unit.unsigned(offsetSize);
    const addressSize = version === 5 ? addressFirst : unit.unsigned(1);
    if (type === unitTypes.skeleton || type === unitTypes.splitCompile) unit.skip(8);
    if (type === unitTypes.type || type === unitTypes.splitType) continue;
    const wanted = attributesOf(new ByteReader(abbreviations, table), unit.leb());
    if (wanted === undefined) continue;
    const found = readEntry(unit, wanted, { offsetSize, addressSize, version }, strings);
    if (found !== undefined) directories.set(found.lines, found.directory);
  }
  return directories;
}

/** The attributes of an abbreviation; undefined when there is none of that code. */
function attributesOf(table: ByteReader, code: number): readonly Attribute[] | undefined {
  for (let each = table.leb(); each !== 0; each = table.leb()) {
    table.skipLeb();
    table.skip(1);
    const list: Attribute[] = [];
    for (;;) {
      const name = table.leb();
      const form = table.leb();
      if (form === implicitConst) table.skipLeb();
      if (name === 0 && form === 0) break;
      list.push({ name, form });
    }
    if (each === code) return list;
  }
  return undefined;
}

function readEntry(
  unit: ByteReader,
  wanted: readonly Attribute[],
  sizes: Sizes,
  strings: Strings,
): { lines: number; directory: string } | undefined {
  let lines: number | undefined;
  let directory = '';
  for (const { name, form } of wanted) {
    // DWARF 2 and 3 have the offset as data.
    if (name === attributes.lines) lines = unit.unsigned(form === 0x06 ? 4 : form === 0x07 ? 8 : sizes.offsetSize);
    else if (name === attributes.directory) directory = textOfForm(unit, form, sizes.offsetSize, strings) ?? '';
    else skipForm(unit, form, sizes);
  }
  return lines === undefined ? undefined : { lines, directory };
}

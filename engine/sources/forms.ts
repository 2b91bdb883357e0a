/** Values of attributes by their form (DWARF 5, section 7.5.6; the GNU ones that gcc and clang write). */
import { ByteReader, MalformedError } from './byte-reader.ts';

export interface Strings {
  /** `.debug_str` and `.debug_line_str`. */
  readonly plain: Buffer;
  readonly ofLines: Buffer;
}

export interface Sizes {
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
  readonly version: number;
}

const form = { string: 0x08, strp: 0x0e, indirect: 0x16, implicitConst: 0x21, lineStrp: 0x1f } as const;

/** Bytes of forms whose size is fixed. */
const fixed: Readonly<Record<number, number>> = {
  5: 2, // data2
  6: 4, // data4
  7: 8, // data8
  11: 1, // data1
  12: 1, // flag
  17: 1, // ref1
  18: 2, // ref2
  19: 4, // ref4
  20: 8, // ref8
  25: 0, // flag_present
  28: 4, // ref_sup4
  30: 16, // data16
  32: 8, // ref_sig8
  36: 8, // ref_sup8
  37: 1, // strx1
  38: 2, // strx2
  39: 3, // strx3
  40: 4, // strx4
  41: 1, // addrx1
  42: 2, // addrx2
  43: 3, // addrx3
  44: 4, // addrx4
};

/** sec_offset, strp, line_strp, strp_sup, GNU_ref_alt, GNU_strp_alt. */
const offsets: ReadonlySet<number> = new Set([0x17, form.strp, form.lineStrp, 0x1d, 0x1f20, 0x1f21]);
/** sdata, udata, ref_udata, strx, addrx, loclistx, rnglistx, GNU_addr_index, GNU_str_index. */
const lebs: ReadonlySet<number> = new Set([0x0d, 0x0f, 0x15, 0x1a, 0x1b, 0x22, 0x23, 0x1f01, 0x1f02]);
/** block1, block2, block4: their length comes first. */
const blocks: Readonly<Record<number, number>> = { 3: 2, 4: 4, 10: 1 };

/** The string of a string form; undefined, and passed over, for an index into a table of another file. */
export function textOfForm(reader: ByteReader, kind: number, offsetSize: 4 | 8, strings: Strings): string | undefined {
  if (kind === form.string) return reader.text();
  if (kind === form.strp || kind === form.lineStrp) {
    const at = reader.unsigned(offsetSize);
    return new ByteReader(kind === form.strp ? strings.plain : strings.ofLines, at).text();
  }
  skipForm(reader, kind, { offsetSize, addressSize: 8, version: 5 });
  return undefined;
}

/** @throws MalformedError for a form that is not known */
export function skipForm(reader: ByteReader, kind: number, sizes: Sizes): void {
  const size = fixed[kind];
  const lengthSize = blocks[kind];
  if (size !== undefined) reader.skip(size);
  else if (lengthSize !== undefined) reader.skip(reader.unsigned(lengthSize));
  else if (offsets.has(kind)) reader.skip(sizes.offsetSize);
  else if (lebs.has(kind)) reader.skipLeb();
  else if (kind === 0x01) reader.skip(sizes.addressSize);
  else if (kind === 0x10) reader.skip(sizes.version === 2 ? sizes.addressSize : sizes.offsetSize);
  else if (kind === form.string) reader.text();
  else if (kind === 0x09 || kind === 0x18) reader.skip(reader.leb());
  else if (kind === form.indirect) skipForm(reader, reader.leb(), sizes);
  else if (kind !== form.implicitConst) throw new MalformedError(`attribute form 0x${kind.toString(16)} is not known`);
}

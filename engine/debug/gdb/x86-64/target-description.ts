/**
 * The target description that a debugger reads once a session (gdb's manual, "Target Descriptions"): which registers there
 * are, and how their bits are shown. Names of features, types and registers are gdb's.
 */
import type { Register, RegisterFeature } from './registers.ts';

const featureNames: Readonly<Record<RegisterFeature, string>> = {
  core: 'org.gnu.gdb.i386.core',
  sse: 'org.gnu.gdb.i386.sse',
  linux: 'org.gnu.gdb.i386.linux',
  segments: 'org.gnu.gdb.i386.segments',
  avx: 'org.gnu.gdb.i386.avx',
  avx512: 'org.gnu.gdb.i386.avx512',
  pkeys: 'org.gnu.gdb.i386.pkeys',
};

/** Flags of EFLAGS (Intel's manual, volume 1, 3.4.3) and of MXCSR (10.2.3), by bit. */
const eflags: readonly (readonly [string, number])[] = [
  ['CF', 0],
  ['PF', 2],
  ['AF', 4],
  ['ZF', 6],
  ['SF', 7],
  ['TF', 8],
  ['IF', 9],
  ['DF', 10],
  ['OF', 11],
  ['NT', 14],
  ['RF', 16],
  ['VM', 17],
  ['AC', 18],
  ['VIF', 19],
  ['VIP', 20],
  ['ID', 21],
];
const mxcsr: readonly (readonly [string, number])[] = [
  ['IE', 0],
  ['DE', 1],
  ['ZE', 2],
  ['OE', 3],
  ['UE', 4],
  ['PE', 5],
  ['DAZ', 6],
  ['IM', 7],
  ['DM', 8],
  ['ZM', 9],
  ['OM', 10],
  ['UM', 11],
  ['PM', 12],
  ['FZ', 15],
];

function flags(id: string, bits: readonly (readonly [string, number])[]): string {
  const fields = bits.map(([name, bit]) => `<field name="${name}" start="${bit}" end="${bit}"/>`).join('');
  return `<flags id="${id}" size="4">${fields}</flags>`;
}

/** The ways to look at 128 bits: name of the field, type of an element, number of them. */
const vectorViews: readonly (readonly [string, string, number])[] = [
  ['v4_float', 'ieee_single', 4],
  ['v2_double', 'ieee_double', 2],
  ['v16_int8', 'int8', 16],
  ['v8_int16', 'int16', 8],
  ['v4_int32', 'int32', 4],
  ['v2_int64', 'int64', 2],
];

function vec128(): string {
  const vectors = vectorViews.map(
    ([name, element, length]) => `<vector id="${name}_t" type="${element}" count="${length}"/>`,
  );
  const fields = vectorViews.map(([name]) => `<field name="${name}" type="${name}_t"/>`);
  return `${vectors.join('')}<union id="vec128">${fields.join('')}<field name="uint128" type="uint128"/></union>`;
}

const types: Readonly<Record<RegisterFeature, string>> = {
  core: flags('i386_eflags', eflags),
  sse: vec128() + flags('i386_mxcsr', mxcsr),
  linux: '',
  segments: '',
  avx: '',
  avx512: `${vec128()}<vector id="v2ui128" type="uint128" count="2"/>`,
  pkeys: '',
};

function registerElement({ name, size, type, number, group }: Register): string {
  const groupText = group === undefined ? '' : ` group="${group}"`;
  return `<reg name="${name}" bitsize="${size * 8}" type="${type}" regnum="${number}"${groupText}/>`;
}

export function targetDescription(registers: readonly Register[]): string {
  const parts = (Object.keys(featureNames) as RegisterFeature[]).map((feature) => {
    const own = registers.filter((register) => register.feature === feature);
    if (own.length === 0) return '';
    return `<feature name="${featureNames[feature]}">${types[feature]}${own.map(registerElement).join('\n')}</feature>\n`;
  });
  return [
    '<?xml version="1.0"?>\n<!DOCTYPE target SYSTEM "gdb-target.dtd">\n<target>\n',
    '<architecture>i386:x86-64</architecture>\n<osabi>GNU/Linux</osabi>\n',
    ...parts,
    '</target>\n',
  ].join('');
}

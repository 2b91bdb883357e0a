/**
 * The options that hide features of the processor from a program: --disable-cpuid-features and its kin, by masks of the bits
 * of cpuid, and --disable-avx-512.
 */
import { UsageError } from '../errors.ts';
import type { HiddenFeatures } from '../record/native-recorder.ts';
import type { OptionValues } from './parse.ts';

const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;
type Register = (typeof registers)[number];

/** What each option masks: a leaf of cpuid, and the registers in the order of its masks. */
const masked = [
  { option: 'disable-cpuid-features', leaf: 1, subleaf: 0, order: ['ecx', 'edx'] },
  { option: 'disable-cpuid-features-ext', leaf: 7, subleaf: 0, order: ['ebx', 'ecx', 'edx'] },
  { option: 'disable-cpuid-features-xsave', leaf: 0xd, subleaf: 1, order: ['eax'] },
] as const;

function bits(...numbers: readonly number[]): number {
  return numbers.reduce((mask, bit) => mask + 2 ** bit, 0);
}

/** Intel SDM volume 2A, CPUID, leaf 07H: F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW, 4FMAPS,
 * VP2INTERSECT, FP16; and in the second part BF16. */
const avx512: readonly HiddenFeatures[] = [
  {
    leaf: 7,
    subleaf: 0,
    eax: 0,
    ebx: bits(16, 17, 21, 26, 27, 28, 30, 31),
    ecx: bits(1, 6, 11, 12, 14),
    edx: bits(2, 3, 8, 23),
  },
  { leaf: 7, subleaf: 1, eax: bits(5), ebx: 0, ecx: 0, edx: 0 },
];

/** A decimal or hexadecimal number of 32 bits. */
function parseMask(text: string, option: string, whole: string): number {
  const value = /^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  if (value <= 0xffffffff) return value;
  throw new UsageError(
    'BAD_VALUE',
    `--${option} ${whole}: expected masks of 32 bits, as 0x80000000, with commas between`,
  );
}

function parseMasks(text: string, option: string, order: readonly Register[]): Record<Register, number> {
  const words = text.split(',');
  if (words.length > order.length) {
    const many = order.length === 1 ? 'one mask' : `at most ${order.length} masks`;
    throw new UsageError('BAD_VALUE', `--${option} ${text}: expected ${many}, for ${order.join(', ')}`);
  }
  const found = { eax: 0, ebx: 0, ecx: 0, edx: 0 };
  for (const [index, word] of words.entries()) {
    const register = order[index];
    if (register !== undefined) found[register] = parseMask(word, option, text);
  }
  return found;
}

/** @throws UsageError BAD_VALUE */
export function parseHiddenFeatures(values: OptionValues): readonly HiddenFeatures[] {
  const hidden = masked.flatMap(({ option, leaf, subleaf, order }) => {
    const text = values.text(option);
    return text === undefined ? [] : [{ leaf, subleaf, ...parseMasks(text, option, order) }];
  });
  return values.has('disable-avx-512') ? [...hidden, ...avx512] : hidden;
}

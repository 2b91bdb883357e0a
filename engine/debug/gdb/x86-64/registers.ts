/**
 * The registers that a debugger sees, with the names and features of gdb's manual ("Standard Target Features", "i386
 * Features"), and where each lies in what the replay gives. A register's number is its index in the list.
 */
import { registerIndex } from '../../../generated/schema.ts';
import { type XsaveFeature, type XsaveLayout, xsaveFeatures } from './xsave-layout.ts';

export type RegisterFeature = 'core' | 'sse' | 'linux' | 'segments' | 'avx' | 'avx512' | 'pkeys';

export type RegisterPlace =
  /** In user_regs_struct. */
  | { readonly kind: 'general'; readonly index: number }
  /** In the XSAVE area, of that feature's state. */
  | { readonly kind: 'xsave'; readonly feature: XsaveFeature; readonly offset: number; readonly stored?: number }
  /** The x87 tag word, of which the area has one bit a register. */
  | { readonly kind: 'tagWord' };

export interface Register {
  readonly name: string;
  readonly number: number;
  /** Bytes, as the debugger sees it. */
  readonly size: number;
  /** A type of the target description. */
  readonly type: string;
  readonly feature: RegisterFeature;
  readonly group?: 'float';
  readonly place: RegisterPlace;
}

type Unnumbered = Omit<Register, 'number'>;

const integerNames = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const;
const upperNames = ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip'] as const;
const segmentNames = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const;
const pointers: Readonly<Record<string, string>> = { rbp: 'data_ptr', rsp: 'data_ptr', rip: 'code_ptr' };

function general(name: keyof typeof registerIndex, feature: RegisterFeature, size: number, type: string): Unnumbered {
  return { name, size, type, feature, place: { kind: 'general', index: registerIndex[name] } };
}

/** x87's control registers: offset and bytes in FXSAVE's 64-bit form, which has no segments but longer offsets. */
const x87Control: readonly (readonly [string, number, number])[] = [
  ['fctrl', 0, 2],
  ['fstat', 2, 2],
  ['ftag', 4, 1],
  ['fiseg', 12, 4],
  ['fioff', 8, 4],
  ['foseg', 20, 4],
  ['fooff', 16, 4],
  ['fop', 6, 2],
];

function core(): Unnumbered[] {
  return [
    ...[...integerNames, ...upperNames].map((name) => general(name, 'core', 8, pointers[name] ?? 'int64')),
    general('eflags', 'core', 4, 'i386_eflags'),
    ...segmentNames.map((name) => general(name, 'core', 4, 'int32')),
    ...count(8).map(
      (index): Unnumbered => ({
        name: `st${index}`,
        size: 10,
        type: 'i387_ext',
        feature: 'core',
        place: { kind: 'xsave', feature: 'x87', offset: 32 + 16 * index },
      }),
    ),
    ...x87Control.map(
      ([name, offset, stored]): Unnumbered => ({
        name,
        size: 4,
        type: 'int32',
        feature: 'core',
        group: 'float',
        place: name === 'ftag' ? { kind: 'tagWord' } : { kind: 'xsave', feature: 'x87', offset, stored },
      }),
    ),
  ];
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function vectors(layout: XsaveLayout): Unnumbered[] {
  const { sse, avx, opmask, zmmHigh, zmmUpper, pkru } = layout.offsets;
  const found: Unnumbered[] = [];
  const rows = (
    names: readonly string[],
    from: { feature: RegisterFeature; part: XsaveFeature; offset: number; step: number; size: number; type: string },
  ): void => {
    for (const [index, name] of names.entries()) {
      const offset = from.offset + from.step * index;
      const { size, type, feature } = from;
      found.push({ name, size, type, feature, place: { kind: 'xsave', feature: from.part, offset } });
    }
  };
  const named = (first: number, name: (index: number) => string): string[] =>
    count(16).map((index) => name(first + index));
  if (sse !== undefined) {
    rows(
      named(0, (index) => `xmm${index}`),
      { feature: 'sse', part: 'sse', offset: sse, step: 16, size: 16, type: 'vec128' },
    );
    rows(['mxcsr'], { feature: 'sse', part: 'sse', offset: 24, step: 4, size: 4, type: 'i386_mxcsr' });
  }
  found.push(general('orig_rax', 'linux', 8, 'int64'));
  found.push(general('fs_base', 'segments', 8, 'int64'), general('gs_base', 'segments', 8, 'int64'));
  if (avx !== undefined) {
    rows(
      named(0, (index) => `ymm${index}h`),
      { feature: 'avx', part: 'avx', offset: avx, step: 16, size: 16, type: 'uint128' },
    );
  }
  if (opmask !== undefined && zmmHigh !== undefined && zmmUpper !== undefined) {
    const upper = { feature: 'avx512', part: 'zmmUpper', step: 64 } as const;
    rows(
      named(16, (index) => `xmm${index}`),
      { ...upper, offset: zmmUpper, size: 16, type: 'vec128' },
    );
    rows(
      named(16, (index) => `ymm${index}h`),
      { ...upper, offset: zmmUpper + 16, size: 16, type: 'uint128' },
    );
    rows(
      count(8).map((index) => `k${index}`),
      { feature: 'avx512', part: 'opmask', offset: opmask, step: 8, size: 8, type: 'uint64' },
    );
    rows(
      named(0, (index) => `zmm${index}h`),
      { feature: 'avx512', part: 'zmmHigh', offset: zmmHigh, step: 32, size: 32, type: 'v2ui128' },
    );
    rows(
      named(16, (index) => `zmm${index}h`),
      { ...upper, offset: zmmUpper + 32, size: 32, type: 'v2ui128' },
    );
  }
  if (pkru !== undefined) {
    rows(['pkru'], { feature: 'pkeys', part: 'pkru', offset: pkru, step: 4, size: 4, type: 'int32' });
  }
  return found;
}

/** All registers of a processor with that XSAVE area, in the order of their numbers. */
export function registerList(layout: XsaveLayout): readonly Register[] {
  return [...core(), ...vectors(layout)].map((register, number) => ({ ...register, number }));
}

/** Numbers that hold whatever the processor has: they are in the first feature. */
export const registerNumbers = { rbp: 6, rsp: 7, rip: 16 } as const;

/** Bit of XSTATE_BV that says that a feature's state is not the initial one. */
export function featureBit(feature: XsaveFeature): number {
  return 1 << xsaveFeatures[feature];
}

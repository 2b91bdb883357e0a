/**
 * What a line of `rr rerun` shows: the words of REGS, and how each becomes text or bytes. A word is a register's name, as
 * gdb has it, or one of those below that stand for several or for what is no register.
 */
import { EngineError, UsageError } from '../../errors.ts';
import type { RegisterWords } from '../../replay/primitives.ts';
import { readRegister } from '../gdb/x86-64/register-values.ts';
import { type Register, registerList } from '../gdb/x86-64/registers.ts';
import { usedFeaturesOffset, type XsaveLayout, xsaveLayout } from '../gdb/x86-64/xsave-layout.ts';

/** What a line is about. */
export interface LineFacts {
  /** The last event that is over. */
  readonly event: number;
  /** Instructions executed since then. */
  readonly instructions: number;
  readonly tid: number;
  readonly registers: RegisterWords;
  /** The task's XSAVE area, which takes a call of the kernel. */
  readonly xsave: () => Uint8Array;
}

interface Column {
  readonly name: string;
  /** Little-endian. */
  readonly bytes: (facts: LineFacts) => Uint8Array;
  readonly isDecimal: boolean;
}

/** Registers that a word stands for. */
const groups: Readonly<Record<string, readonly string[]>> = {
  ip: ['rip'],
  flags: ['eflags'],
  gp_x16: [
    ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'],
    ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ],
  seg_x6: ['cs', 'ss', 'ds', 'es', 'fs', 'gs'],
  xmm_x16: Array.from({ length: 16 }, (_, index) => `xmm${index}`),
  ymm_x16: Array.from({ length: 16 }, (_, index) => `ymm${index}`),
};

const numbers: Readonly<Record<string, (facts: LineFacts) => number>> = {
  event: ({ event }) => event,
  icount: ({ instructions }) => instructions,
  tid: ({ tid }) => tid,
};

/** Offsets do not matter here: every register that a processor may have. */
const allParts: XsaveLayout = {
  offsets: { x87: 0, sse: 0, avx: 0, opmask: 0, zmmHigh: 0, zmmUpper: 0, pkru: 0 },
};
const known: ReadonlyMap<string, Register> = new Map(registerList(allParts).map((each) => [each.name, each]));
const noXsave = new Uint8Array();

export class Columns {
  readonly #columns: readonly Column[];
  /** Registers by name, of the processor that this is. */
  #registers: ReadonlyMap<string, Register> | undefined;

  /** @throws UsageError BAD_VALUE that names the words there are */
  constructor(text: string, option: string) {
    const words = text.split(',');
    this.#columns = words.flatMap((word) => this.#parse(word, option));
  }

  /** `NAME:VALUE` for each, a line. */
  text(facts: LineFacts): string {
    const parts = this.#columns.map(({ name, bytes, isDecimal }) => {
      const hex = `0x${hexOf(bytes(facts))}`;
      return `${name}:${isDecimal ? Number(hex) : hex}`;
    });
    return `${parts.join(' ')}\n`;
  }

  /** The values' bytes, one behind the other. */
  raw(facts: LineFacts): Buffer {
    return Buffer.concat(this.#columns.map(({ bytes }) => bytes(facts)));
  }

  #parse(word: string, option: string): Column[] {
    const number = Object.hasOwn(numbers, word) ? numbers[word] : undefined;
    if (number !== undefined) return [{ name: word, isDecimal: true, bytes: (facts) => numberBytes(number(facts)) }];
    if (word === 'xinuse') return [{ name: word, isDecimal: false, bytes: usedParts }];
    if (word === 'ticks') {
      throw new UsageError('NOT_SUPPORTED', `${option} ticks: a rerun counts none; icount tells the instructions`);
    }
    const names = Object.hasOwn(groups, word) ? groups[word]! : [word];
    return names.map((name): Column => {
      const isWide = /^ymm\d+$/.test(name);
      if (!known.has(isWide ? `${name}h` : name)) throw unknownWord(word, option);
      const bytes = isWide
        ? (facts: LineFacts) =>
            Buffer.concat([this.#read(name.replace('ymm', 'xmm'), facts), this.#read(`${name}h`, facts)])
        : (facts: LineFacts) => this.#read(name, facts);
      return { name, isDecimal: false, bytes };
    });
  }

  /** @throws EngineError NO_REGISTER where the processor has none of that name */
  #read(name: string, facts: LineFacts): Uint8Array {
    const place = known.get(name)!;
    if (place.place.kind === 'general') return readRegister(place, { general: facts.registers, xsave: noXsave });
    const xsave = facts.xsave();
    this.#registers ??= new Map(registerList(xsaveLayout(xsave)).map((each) => [each.name, each]));
    const register = this.#registers.get(name);
    if (register === undefined) throw new EngineError('NO_REGISTER', `rerun: this processor has no register ${name}`);
    return readRegister(register, { general: facts.registers, xsave });
  }
}

function unknownWord(word: string, option: string): UsageError {
  const words = [...Object.keys(numbers), ...Object.keys(groups), 'xinuse'].join(', ');
  return new UsageError('BAD_VALUE', `${option}: "${word}" is no register; also ${words}`);
}

function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** XSTATE_BV: the parts of the vector state that are in use. */
function usedParts({ xsave }: LineFacts): Uint8Array {
  return xsave().slice(usedFeaturesOffset, usedFeaturesOffset + 8);
}

/** Digits of a little-endian number, without leading zeros. */
function hexOf(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).reverse().toString('hex');
  return digits.replace(/^0+(?=.)/, '');
}

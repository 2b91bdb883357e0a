import { UsageError } from '../errors.ts';
import type { OptionSpec } from './grammar.ts';
import { nearest } from './nearest.ts';

/** The options that were given, with access by long name. Numbers are checked when they are asked for. */
export class OptionValues {
  /** Each value in the order given; '' for an option without one. */
  readonly #values = new Map<string, string[]>();

  add(long: string, value: string): void {
    this.#values.set(long, [...(this.#values.get(long) ?? []), value]);
  }

  has(long: string): boolean {
    return this.#values.has(long);
  }

  /** The last value given. */
  text(long: string): string | undefined {
    return this.#values.get(long)?.at(-1);
  }

  /** These, and behind them those of another part of the command line. */
  followedBy(later: OptionValues): OptionValues {
    const both = new OptionValues();
    for (const [long, values] of [...this.#values, ...later.#values]) {
      for (const value of values) both.add(long, value);
    }
    return both;
  }

  all(long: string): readonly string[] {
    return this.#values.get(long) ?? [];
  }

  /** @throws UsageError BAD_VALUE when it is not a decimal number from `least` to `most`. */
  integer(long: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(long);
    return text === undefined ? undefined : parseInteger(text, `--${long}`, least, most);
  }

  /** @throws UsageError BAD_VALUE when it is none of the words. */
  word<Word extends string>(long: string, words: readonly Word[]): Word | undefined {
    const text = this.text(long);
    if (text === undefined) return undefined;
    const word = words.find((each) => each === text);
    if (word === undefined) throw new UsageError('BAD_VALUE', `--${long}=${text}: expected ${words.join(', ')}`);
    return word;
  }
}

/** @throws UsageError BAD_VALUE; `what` is what the message calls it. */
export function parseInteger(text: string, what: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new UsageError('BAD_VALUE', `${what} ${text}: expected a number, ${range}`);
}

export interface ParsedWords {
  readonly values: OptionValues;
  readonly operands: readonly string[];
  /** What stood behind `--`, when that ends the operands. */
  readonly afterDashes: readonly string[];
}

export interface ParseSettings {
  readonly options: readonly OptionSpec[];
  /** Options of this command; for messages. Left out: those before the command. */
  readonly command?: string;
  /** Options that may stand before the command as well; a name that the command has is the command's. */
  readonly globalOptions?: readonly OptionSpec[];
  readonly stopsAtOperand?: boolean;
  /** `--` separates words of another kind from the operands. */
  readonly separatesAtDashes?: boolean;
}

/**
 * Reads options and operands: `--long`, `--long=value`, `--long value`, `-s`, `-svalue`, `-s value`, and flags of one
 * letter together. Operands and options may be mixed, unless the first operand ends the options.
 * @throws UsageError UNKNOWN_OPTION that names the nearest one, NOT_SUPPORTED, MISSING_VALUE, UNWANTED_VALUE
 */
export function parseWords(words: readonly string[], settings: ParseSettings): ParsedWords {
  const values = new OptionValues();
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === '--') {
      const rest = words.slice(index + 1);
      if (settings.separatesAtDashes) return { values, operands, afterDashes: rest };
      return { values, operands: [...operands, ...rest], afterDashes: [] };
    }
    if (!word.startsWith('-') || word === '-') {
      if (settings.stopsAtOperand) return { values, operands: words.slice(index), afterDashes: [] };
      operands.push(word);
      continue;
    }
    const next = words[index + 1];
    const taken = word.startsWith('--')
      ? readLong(word, next, settings, values)
      : readShort(word, next, settings, values);
    if (taken) index++;
  }
  return { values, operands, afterDashes: [] };
}

/** Reads `--name` or `--name=value`. True when `next` was taken as its value. */
function readLong(word: string, next: string | undefined, settings: ParseSettings, values: OptionValues): boolean {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const option = findOption(settings, (each) => each.long === name || each.alias === name);
  if (option === undefined) throw unknownOption(`--${name}`, settings);
  requireAvailable(option, `--${name}`, settings);
  if (equals >= 0) {
    if (option.value === undefined) throw new UsageError('UNWANTED_VALUE', `option --${name} takes no value`);
    values.add(option.long, word.slice(equals + 1));
    return false;
  }
  if (option.value === undefined || option.valueOptional) {
    values.add(option.long, '');
    return false;
  }
  values.add(option.long, requireValue(`--${name}`, option, next));
  return true;
}

/** Reads `-s`, `-svalue` or flags together. True when `next` was taken as a value. */
function readShort(word: string, next: string | undefined, settings: ParseSettings, values: OptionValues): boolean {
  for (let index = 1; index < word.length; index++) {
    const letter = word[index]!;
    const option = findOption(settings, (each) => each.short === letter);
    if (option === undefined) throw unknownOption(`-${letter}`, settings);
    requireAvailable(option, `-${letter}`, settings);
    if (option.value === undefined) {
      values.add(option.long, '');
      continue;
    }
    const attached = word.slice(index + 1);
    if (attached !== '') {
      values.add(option.long, attached.startsWith('=') ? attached.slice(1) : attached);
      return false;
    }
    values.add(option.long, requireValue(`-${letter}`, option, next));
    return true;
  }
  return false;
}

function findOption(settings: ParseSettings, matches: (option: OptionSpec) => boolean): OptionSpec | undefined {
  return settings.options.find(matches) ?? settings.globalOptions?.find(matches);
}

function requireValue(given: string, option: OptionSpec, next: string | undefined): string {
  if (next === undefined) throw new UsageError('MISSING_VALUE', `option ${given} needs a value: ${option.value}`);
  return next;
}

function requireAvailable(option: OptionSpec, given: string, settings: ParseSettings): void {
  const name = settings.command === undefined ? given : `${settings.command} ${given}`;
  if (option.refusal !== undefined) throw new UsageError('NOT_SUPPORTED', `${name}: ${option.refusal}`);
}

function unknownOption(given: string, settings: ParseSettings): UsageError {
  const { command, options } = settings;
  const prefix = command === undefined ? '' : `${command}: `;
  const visible = options.filter((each) => each.state !== 'hidden');
  let suggestion: string | undefined;
  if (given.startsWith('--')) {
    suggestion = nearest(
      given.slice(2),
      visible.map((each) => each.long),
    );
    if (suggestion !== undefined) suggestion = `--${suggestion}`;
  } else {
    const letter = given.slice(1);
    const near =
      visible.find((each) => each.short?.toLowerCase() === letter.toLowerCase()) ??
      visible.find((each) => each.long.startsWith(letter.toLowerCase()));
    if (near !== undefined)
      suggestion = near.short === undefined ? `--${near.long}` : `-${near.short} (--${near.long})`;
  }
  const help = command === undefined ? 'rr help' : `rr help ${command}`;
  const advice =
    suggestion === undefined ? `see \`${help}\`` : `did you mean ${suggestion}? \`${help}\` lists them all`;
  return new UsageError('UNKNOWN_OPTION', `${prefix}unknown option ${given}; ${advice}`);
}

/**
 * Options that are given once for a user or for all of a machine, from the weakest on: the system's files, the user's
 * file, the variable RR_OPTIONS. The command line stands above them all.
 */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { readSmallFile } from '../small-file.ts';
import { systemReason } from '../trace/trace-error.ts';
import { findCommand } from './command-table.ts';
import type { CommandSpec, OptionSpec } from './grammar.ts';
import { nearest } from './nearest.ts';
import { OptionValues, parseWords } from './parse.ts';
import { splitShellWords, UnfinishedError } from './shell-words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes. */
const mostBytes = 1 << 20;
const fileName = 'rr/rr.conf';
/** The command that RR_OPTIONS is for. */
const variableCommand = 'record';

/**
 * Where files may be, the weakest first (XDG Base Directory Specification 0.8: of XDG_CONFIG_DIRS the first counts most;
 * what is not absolute does not count).
 */
export function configurationFiles(environment: Environment): string[] {
  const system = (environment.XDG_CONFIG_DIRS || '/etc/xdg').split(':').filter(isAbsolute).reverse();
  const named = environment.XDG_CONFIG_HOME;
  const user = named && isAbsolute(named) ? named : join(environment.HOME || homedir(), '.config');
  return [...system, user].map((folder) => join(folder, fileName));
}

/** The options of a command that hold before its command line. @throws UsageError BAD_CONFIGURATION */
export function configuredOptions(
  command: CommandSpec,
  globalOptions: readonly OptionSpec[],
  environment: Environment = process.env,
): OptionValues {
  let values = new OptionValues();
  for (const path of configurationFiles(environment)) {
    const text = readText(path);
    if (text !== undefined) values = values.followedBy(readFile(path, text, command, globalOptions));
  }
  const variable = environment.RR_OPTIONS;
  if (variable === undefined || command.name !== variableCommand) return values;
  return values.followedBy(readVariable(variable, command, globalOptions));
}

function bad(place: string, what: string): UsageError {
  return new UsageError('BAD_CONFIGURATION', `${place}: ${what}`);
}

function readText(path: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readSmallFile(path, mostBytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (cause instanceof RangeError) throw bad(path, `no configuration file: ${cause.message}`);
    throw bad(path, `cannot read it: ${systemReason(cause)}`);
  }
  if (bytes.includes(0)) throw bad(path, 'no configuration file: it is binary');
  return bytes.toString();
}

/** `[COMMAND]`, then `OPTION`, or `OPTION = VALUE`, a line; `#` and `;` begin a comment line. */
function readFile(
  path: string,
  text: string,
  command: CommandSpec,
  globalOptions: readonly OptionSpec[],
): OptionValues {
  const values = new OptionValues();
  let section: CommandSpec | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const place = `${path}:${index + 1}`;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const [, name] = /^\[\s*(.*?)\s*\]$/.exec(line) ?? [];
    if (name !== undefined) {
      section = findCommand(name);
      if (section === undefined) throw bad(place, `[${name}] is no command; expected as [record]`);
      continue;
    }
    if (section === undefined) throw bad(place, `"${line}" stands before the first [COMMAND]`);
    const found = readLine(place, line, section, globalOptions);
    if (section === command && found !== undefined) values.add(found.option.long, found.value);
  }
  return values;
}

/** Undefined for a flag that is off. */
function readLine(
  place: string,
  line: string,
  section: CommandSpec,
  globalOptions: readonly OptionSpec[],
): { option: OptionSpec; value: string } | undefined {
  const equals = line.indexOf('=');
  const name = (equals < 0 ? line : line.slice(0, equals)).trim();
  const text = equals < 0 ? undefined : line.slice(equals + 1).trim();
  const known = [...section.options, ...globalOptions];
  const option = known.find((each) => each.long === name || each.alias === name);
  if (option === undefined) {
    const meant = nearest(
      name,
      known.filter((each) => each.state === undefined).map((each) => each.long),
    );
    throw bad(place, `"${name}" is no option of rr ${section.name}; did you mean ${meant}?`);
  }
  if (option.refusal !== undefined) throw bad(place, `${name}: ${option.refusal}`);
  if (option.value !== undefined) {
    if (text === undefined && !option.valueOptional)
      throw bad(place, `${name} needs a value: ${name} = ${option.value}`);
    return { option, value: text ?? '' };
  }
  if (text === 'no') return undefined;
  if (text !== undefined && text !== 'yes') throw bad(place, `${name} = ${text}: expected yes or no`);
  return { option, value: '' };
}

function readVariable(text: string, command: CommandSpec, globalOptions: readonly OptionSpec[]): OptionValues {
  const place = 'RR_OPTIONS';
  try {
    const { values, operands } = parseWords(splitShellWords(text), {
      options: command.options,
      command: command.name,
      globalOptions,
    });
    if (operands.length > 0) throw bad(place, `"${operands[0]}" is no option of rr ${command.name}`);
    return values;
  } catch (error) {
    if (error instanceof UnfinishedError) throw bad(place, error.message);
    if (error instanceof UsageError && error.code !== 'BAD_CONFIGURATION') throw bad(place, error.message);
    throw error;
  }
}

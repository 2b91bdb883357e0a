import { statSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { configureLog, printMessage } from '../log.ts';
import { commands, findCommand, globalOptions } from './command-table.ts';
import { configuredOptions } from './configuration.ts';
import { reportError } from './error-report.ts';
import { parseGlobalOptions } from './global-options.ts';
import type { CommandSpec, OptionSpec, RunCommand } from './grammar.ts';
import { nearest } from './nearest.ts';
import { type OptionValues, parseWords } from './parse.ts';
import { print } from './print.ts';
import { isProgram } from './program-path.ts';

/** Each command is loaded when it is used: `record` starts in the time that it needs itself. */
const load: Readonly<Record<string, () => Promise<{ run: RunCommand }>>> = {
  record: () => import('./commands/record.ts'),
  replay: () => import('./commands/replay.ts'),
  rerun: () => import('./commands/rerun.ts'),
  dump: () => import('./commands/dump.ts'),
  ps: () => import('./commands/ps.ts'),
  ls: () => import('./commands/ls.ts'),
  rm: () => import('./commands/rm.ts'),
  compress: () => import('./commands/compress.ts'),
  pack: () => import('./commands/pack.ts'),
  push: () => import('./commands/push.ts'),
  pull: () => import('./commands/pull.ts'),
  unpack: () => import('./commands/unpack.ts'),
  mv: () => import('./commands/mv.ts'),
  gc: () => import('./commands/gc.ts'),
  store: () => import('./commands/store.ts'),
  buildid: () => import('./commands/buildid.ts'),
  filename: () => import('./commands/filename.ts'),
  sources: () => import('./commands/sources.ts'),
  'explicit-sources': () => import('./commands/explicit-sources.ts'),
  traceinfo: () => import('./commands/traceinfo.ts'),
  cpufeatures: () => import('./commands/cpufeatures.ts'),
  gdbinit: () => import('./commands/gdbinit.ts'),
  lldbinit: () => import('./commands/lldbinit.ts'),
  help: () => import('./commands/help.ts'),
};

const helpOption: OptionSpec = { long: 'help', state: 'hidden', help: 'print help' };

/** Runs a command line, without Node and its script. Gives the exit status; says itself what went wrong. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    return await run(words);
  } catch (error) {
    return reportError(error);
  }
}

async function run(words: readonly string[]): Promise<number> {
  const { values, operands } = parseWords(words, { options: globalOptions, stopsAtOperand: true });
  configureLogBy(values);
  if (values.has('version')) {
    const { printVersion } = await import('./commands/version.ts');
    return printVersion();
  }
  if (values.has('list-commands')) {
    const available = commands.filter(({ state }) => state === undefined);
    return print(available.map(({ name }) => `${name}\n`).join(''));
  }
  if (values.has('help')) return runCommand(findCommand('help')!, operands, values);
  const [first, ...rest] = operands;
  if (first === undefined) {
    printMessage('what to do? `rr record EXE` records a program, `rr help` tells more');
    return 2;
  }
  const command = findCommand(first);
  return command === undefined
    ? runCommand(impliedCommand(first), operands, values)
    : runCommand(command, rest, values);
}

/** @throws UsageError BAD_LOG_SPEC */
function configureLogBy(values: OptionValues): void {
  configureLog({
    spec: values.text('log') ?? process.env.RR_LOG ?? '',
    fatalErrors: values.has('fatal-errors'),
    suppressEnvironmentWarnings: values.has('suppress-environment-warnings'),
  });
}

/** What may stand behind the command as well: not what takes the place of one. */
const optionsOfAll = globalOptions.filter(({ long }) => long !== 'version' && long !== 'list-commands');

async function runCommand(command: CommandSpec, words: readonly string[], before: OptionValues): Promise<number> {
  const { values, operands, afterDashes } = parseWords(words, {
    options: [...command.options, helpOption],
    command: command.name,
    globalOptions: optionsOfAll,
    stopsAtOperand: command.stopsAtOperand === true,
    separatesAtDashes: command.takesDebuggerOptions === true,
  });
  if (values.has('help')) {
    const { commandHelp } = await import('./help.ts');
    return print(commandHelp(command));
  }
  const surplus = operands[command.maxOperands ?? operands.length];
  if (surplus !== undefined) {
    throw new UsageError(
      'SURPLUS_OPERAND',
      `${command.name}: "${surplus}" is one word too many; see \`rr help ${command.name}\``,
    );
  }
  const given = before.followedBy(values);
  // Help is there whatever the files say.
  const all =
    given.has('no-config') || command.name === 'help'
      ? given
      : configuredOptions(command, optionsOfAll).followedBy(given);
  configureLogBy(all);
  const global = parseGlobalOptions(all);
  const module = await load[command.name]!();
  const found = command.takesTrace ? await withPackOpened(operands) : operands;
  return module.run({ command, global, values: all, operands: found, afterDashes });
}

/** In the place of a pack the directory that it was unpacked to. @throws PackError */
async function withPackOpened(operands: readonly string[]): Promise<readonly string[]> {
  const [first, ...rest] = operands;
  if (first === undefined || statSync(first, { throwIfNoEntry: false })?.isFile() !== true) return operands;
  const { isPackFile, openedPack } = await import('../pack/opened-packs.ts');
  return isPackFile(first) ? [await openedPack(first), ...rest] : operands;
}

/**
 * What a command line without a command means: a directory or a pack is to be replayed, anything else a program to record.
 * @throws UsageError UNKNOWN_COMMAND for a word that is no program but nearly a command.
 */
function impliedCommand(word: string): CommandSpec {
  if (word.endsWith('.rrz') || statSync(word, { throwIfNoEntry: false })?.isDirectory()) return findCommand('replay')!;
  const meant = nearest(
    word,
    commands.map((each) => each.name),
    2,
  );
  if (meant !== undefined && !word.includes('/') && !isProgram(word)) {
    throw new UsageError(
      'UNKNOWN_COMMAND',
      `unknown command "${word}"; did you mean ${meant}? \`rr help\` lists them all`,
    );
  }
  return findCommand('record')!;
}

/** The texts of `rr help`, made from the tables. */
import { commands, globalOptions } from './command-table.ts';
import type { CommandSpec, OptionSpec } from './grammar.ts';

const textColumn = 34;

function nameOf(option: OptionSpec): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  if (option.value === undefined) return `${short}--${option.long}`;
  return `${short}--${option.long}${option.valueOptional ? `[=${option.value}]` : ` ${option.value}`}`;
}

function row(left: string, right: string): string {
  if (left.length + 4 > textColumn) return `  ${left}\n${' '.repeat(textColumn)}${right}`;
  return `${`  ${left}`.padEnd(textColumn)}${right}`;
}

function optionRows(options: readonly OptionSpec[]): string[] {
  return options.filter((each) => each.state === undefined).map((each) => row(nameOf(each), each.help));
}

/** `rr help`: what there is. */
export function generalHelp(): string {
  const available = commands.filter((each) => each.state === undefined);
  return [
    'rr records a program and its children, with everything that is not the same twice, and runs the',
    'recording again, instruction for instruction.',
    '',
    'Usage:',
    '  rr [OPTIONS] COMMAND ...',
    '  rr [OPTIONS] EXE [ARGS]...        the same as rr record EXE [ARGS]...',
    '  rr [OPTIONS] TRACE                the same as rr replay TRACE',
    '',
    'Commands (rr help COMMAND tells more):',
    ...available.map((each) => row(each.name, each.summary)),
    '',
    'Options before the command:',
    ...optionRows(globalOptions),
    '',
    'Recordings are in $_RR_TRACE_DIR, else $XDG_DATA_HOME/rr, else ~/.local/share/rr. Where TRACE may be',
    'left out it is the latest one.',
    '',
  ].join('\n');
}

/** `rr help COMMAND`, `rr COMMAND --help`. */
export function commandHelp(command: CommandSpec): string {
  const options = optionRows(command.options);
  const usage = ['rr', command.name, options.length > 0 ? '[OPTIONS]' : '', command.operands];
  return [
    `Usage: ${usage.filter((each) => each !== '').join(' ')}`,
    '',
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.notes ?? []),
    ...(options.length > 0 ? ['', 'Options:', ...options] : []),
    '',
  ].join('\n');
}

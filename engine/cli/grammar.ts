/** The shape of the command line: what command-table.ts says, parse.ts follows and help.ts prints. */
import type { GlobalOptions } from './options.ts';
import type { OptionValues } from './parse.ts';

export interface OptionSpec {
  /** Without dashes. */
  readonly long: string;
  /** Another long name of rr's, which is not in the help. */
  readonly alias?: string;
  /** One letter. */
  readonly short?: string;
  /** What the value is called in the help. Left out: the option takes no value. */
  readonly value?: string;
  /** The value may be left out, and is given with `=` only. */
  readonly valueOptional?: true;
  /** May be given several times; else the last one counts. */
  readonly repeatable?: true;
  /** It works, but is not in the help. */
  readonly state?: 'hidden';
  /** Why it cannot be had here, and what to do instead: what is said to those who ask for it. It is not in the help. */
  readonly refusal?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** Operands as the usage line shows them. */
  readonly operands: string;
  readonly options: readonly OptionSpec[];
  /** Most operands that it takes; left out: any number. */
  readonly maxOperands?: number;
  /** What follows the first operand belongs to a program, options included. */
  readonly stopsAtOperand?: true;
  /** Its first operand may name a recording, which may be in a pack. */
  readonly takesTrace?: true;
  /** What follows `--` is for the debugger: not operands. */
  readonly takesDebuggerOptions?: true;
  readonly state?: 'hidden';
  /** Further lines of the help. */
  readonly notes?: readonly string[];
}

/** A command line that has been understood so far: what a command gets. */
export interface Invocation {
  readonly command: CommandSpec;
  readonly global: GlobalOptions;
  readonly values: OptionValues;
  readonly operands: readonly string[];
  /** What stood behind `--`, of a command that takes options for the debugger. */
  readonly afterDashes: readonly string[];
}

/** What the module of a command exports. The result is the exit status. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

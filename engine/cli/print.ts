import { printableJson, printableLines } from '../printable.ts';
import { writeAll } from '../write-all.ts';

/** Exit status of a command whose reader has gone: that of a death by SIGPIPE, as a shell shows it. */
export const readerGoneStatus = 141;

/** Writes to standard output. Gives the exit status of a command that has nothing else to do. */
export function print(text: string): number {
  return writeAll(1, printableLines(text)) ? 0 : readerGoneStatus;
}

/** A value as one line of JSON, or as several with that indentation. */
export function jsonText(value: unknown, indentation = 0): string {
  return `${printableJson(JSON.stringify(value, null, indentation))}\n`;
}

/** Reading and comparing what children wrote. */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { describeOutput, type Output } from './child.ts';

const textLimit = 1 << 20;

/** The output as text, up to 1 MiB; bytes that are not UTF-8 show as U+FFFD. */
export function textOf(output: Output): string {
  if (output.length <= textLimit) return readFileSync(output.path, 'utf8');
  const file = openSync(output.path, 'r');
  try {
    const block = Buffer.alloc(textLimit);
    return `${block.subarray(0, readSync(file, block)).toString()}\n... ${output.length} bytes in all\n`;
  } finally {
    closeSync(file);
  }
}

export function sameOutput(one: Output, other: Output): boolean {
  return one.length === other.length && one.hash === other.hash;
}

/** The last lines, each indented: for a failure's report. */
export function tailOf(output: Output, lines = 25): string {
  const all = textOf(output).trimEnd().split('\n');
  const shown = all.slice(-lines).map((line) => `    ${line}`);
  return (all.length > lines ? ['    ...', ...shown] : shown).join('\n');
}

/** The first line in which two outputs differ, as a sentence; undefined when they are equal. */
export function firstDifference(
  what: string,
  names: readonly [string, string],
  one: Output,
  other: Output,
): string | undefined {
  if (sameOutput(one, other)) return undefined;
  const left = textOf(one).split('\n');
  const right = textOf(other).split('\n');
  let line = 0;
  while (line < left.length && line < right.length && left[line] === right[line]) line++;
  if (line === left.length && line === right.length) {
    return `${what} differs beyond the text that is shown: ${one.length} and ${other.length} bytes`;
  }
  const show = (lines: readonly string[]): string => (line < lines.length ? JSON.stringify(lines[line]) : '(ends)');
  return [
    `${what} differs at line ${line + 1}:`,
    `    ${names[0]}: ${show(left)}`,
    `    ${names[1]}: ${show(right)}`,
  ].join('\n');
}

/** Marks the lines that rr itself writes to standard error. */
const ownLine = /^rr: .*\n?/gm;

/**
 * Takes rr's own lines out of what a recorded program wrote to standard error: the file becomes the program's alone.
 * Gives the lines.
 */
export function takeOwnLines(output: Output): { program: Output; own: string[] } {
  if (output.length > textLimit) return { program: output, own: [] };
  const text = readFileSync(output.path, 'latin1');
  const own = text.match(ownLine) ?? [];
  if (own.length === 0) return { program: output, own: [] };
  const path = `${output.path}.program`;
  writeFileSync(path, text.replace(ownLine, ''), 'latin1');
  return { program: describeOutput(path), own: own.map((line) => line.trimEnd()) };
}

/**
 * What a terminal may be given. Names, paths, arguments and reasons come from traces, and a terminal obeys what is in
 * them: it is the one place that takes such characters out. All text of ours goes through `printableLines` on its way
 * out (engine/log.ts, engine/cli/print.ts, engine/debug/gdb/connection.ts). What the recorded program wrote is passed on
 * as it is.
 */

/**
 * Control characters: C0, DEL and C1; line and paragraph separators; and those that turn the direction of writing around
 * (Unicode, bidirectional formatting).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const unprintable = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, but for the ends of lines and columns
const unprintableInLines = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  const code = character.charCodeAt(0);
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A name as one word of a line. */
export function printable(text: string): string {
  return text.replace(unprintable, escapeOf);
}

/** Text of whole lines, whose ends stay. In JSON, which has no such characters but in its strings, use `printableJson`. */
export function printableLines(text: string): string {
  return text.replace(unprintableInLines, escapeOf);
}

/** What JSON.stringify made: the same characters, as JSON escapes them. */
export function printableJson(json: string): string {
  return json.replace(unprintableInLines, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

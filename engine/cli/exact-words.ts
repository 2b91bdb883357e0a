import { readFileSync } from 'node:fs';

/** What Node puts in a string for bytes that are not UTF-8. */
const replacement = '�';

/**
 * The last words of this process's command line byte for byte: Node's own strings lose what is not UTF-8. `words` are
 * those strings; where they are not the end of the command line, their own bytes are the answer.
 */
export function exactWords(words: readonly string[]): readonly Buffer[] {
  const encoded = words.map((word) => Buffer.from(word));
  if (!words.some((word) => word.includes(replacement))) return encoded;
  const all = splitAtNul(readFileSync('/proc/self/cmdline'));
  const last = all.slice(all.length - words.length);
  const same = last.length === words.length && last.every((bytes, index) => bytes.toString() === words[index]);
  return same ? last : encoded;
}

/** The strings of a list in which each is followed by a zero byte, as in /proc/PID/cmdline and environ. */
export function splitAtNul(list: Buffer): readonly Buffer[] {
  const strings: Buffer[] = [];
  let start = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, start)) {
    strings.push(list.subarray(start, end));
    start = end + 1;
  }
  if (start < list.length) strings.push(list.subarray(start));
  return strings;
}

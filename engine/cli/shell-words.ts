/** Words as a POSIX shell splits them, without anything that it would replace (Shell Command Language, 2.2 and 2.3). */

/** A quote or a backslash that nothing follows; the message tells. */
export class UnfinishedError extends Error {}

const blank = /[ \t\r\n]/;

/** @throws UnfinishedError */
export function splitShellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (blank.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (letter === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw new UnfinishedError("a ' is not closed");
      word += text.slice(at + 1, end);
      at = end;
    } else if (letter === '"') {
      const { content, end } = doubleQuoted(text, at + 1);
      word += content;
      at = end;
    } else if (letter === '\\') {
      at++;
      if (at === text.length) throw new UnfinishedError('nothing follows the \\ at the end');
      word += text[at]!;
    } else {
      word += letter;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function doubleQuoted(text: string, start: number): { content: string; end: number } {
  let content = '';
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { content, end: at };
    if (text[at] === '\\' && '$`"\\'.includes(text[at + 1] ?? ' ')) at++;
    content += text[at] ?? '';
  }
  throw new UnfinishedError('a " is not closed');
}

import { printableLines } from '../printable.ts';
import { writeAll } from '../write-all.ts';

const bufferedCharacters = 64 * 1024;

/** Standard output for many short lines. */
export class BufferedOutput {
  #text = '';
  #open = true;

  /** False when nobody reads any more. */
  write(text: string): boolean {
    this.#text += printableLines(text);
    return this.#text.length < bufferedCharacters ? this.#open : this.flush();
  }

  /** False when nobody reads any more. */
  flush(): boolean {
    if (this.#open) this.#open = writeAll(1, this.#text);
    this.#text = '';
    return this.#open;
  }
}

/**
 * Sessions with the debugger in a page of the docs: blocks marked with a name, as ``` NAME, in which `(rr) ` begins a
 * command and the lines behind it are what the page shows of its answer.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run, says } from './recording.ts';

export interface Shown {
  readonly command: string;
  readonly lines: readonly string[];
}

export class Page {
  readonly #text: string;

  /** @param name of a file in docs/ */
  constructor(name: string) {
    this.#text = readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
  }

  /** The commands of a session's blocks, and what the page shows of each one's output. */
  session(name: string): Shown[] {
    const block = new RegExp(`^\`\`\` ${name}\\n(.*?)^\`\`\`$`, 'gms');
    const blocks = [...this.#text.matchAll(block)].map(([, text]) => text ?? '');
    const shown: { command: string; lines: string[] }[] = [];
    for (const line of blocks.join('').split('\n')) {
      const command = /^\(rr\) (.*)$/.exec(line)?.[1];
      if (command !== undefined) shown.push({ command, lines: [] });
      else if (line !== '') shown.at(-1)?.lines.push(line);
    }
    return shown;
  }

  /**
   * Runs a session's commands, and checks that each says the lines that the page shows, in their order, once `plain` has
   * taken away what differs from one recording or machine to the next. A line of the page may be the end of one.
   * @throws Error with what the debugger said
   */
  async follow(
    name: string,
    trace: string,
    { options = [], plain }: { readonly options?: readonly string[]; readonly plain: (line: string) => string },
  ): Promise<void> {
    const shown = this.session(name);
    if (shown.length === 0) throw new Error(`the page has no session ${name}`);
    const mark = '>>> ';
    const words = shown.flatMap(({ command }) => ['-ex', `echo ${mark}\\n`, '-ex', command]);
    const said = await run(['replay', ...options, trace, '--', '-nx', '-batch', ...words]);
    const parts = said.split(mark).slice(1);
    if (parts.length !== shown.length) throw new Error(`${parts.length} of ${shown.length} commands ran:\n${said}`);
    for (const [index, { command, lines }] of shown.entries()) {
      const output = parts[index]!.split('\n').map(plain);
      let from = 0;
      for (const line of lines) {
        const wanted = plain(line);
        const at = output.findIndex((each, place) => place >= from && each.endsWith(wanted));
        if (at < 0) says(parts[index]!, `${command}: ${line}`);
        from = at + 1;
      }
    }
  }
}

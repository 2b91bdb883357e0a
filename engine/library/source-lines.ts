/** Source lines by addr2line(1) of the GNU binutils, one process for each file that is asked about. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SourceLine } from './rr-engine.d.ts';

type Answer = (line: SourceLine | undefined) => void;

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Of the questions that are not answered yet, the oldest first. */
  readonly waiting: Answer[];
  readonly hasEnded: Promise<void>;
}

export class SourceLines {
  readonly #running = new Map<string, Running>();

  /** Undefined where the file has no debug information for that address, and without addr2line. */
  of(file: string, address: number): Promise<SourceLine | undefined> {
    const running = this.#running.get(file) ?? this.#start(file);
    return new Promise((resolve) => {
      if (!running.child.stdin.writable) {
        resolve(undefined);
        return;
      }
      running.waiting.push(resolve);
      running.child.stdin.write(`0x${address.toString(16)}\n`);
    });
  }

  /** Resolves when its processes have ended. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(
      all.map(({ child, hasEnded }) => {
        child.kill();
        return hasEnded;
      }),
    );
  }

  #start(file: string): Running {
    const child = spawn('addr2line', ['-e', file], { stdio: 'pipe' });
    const waiting: Answer[] = [];
    const hasEnded = new Promise<void>((resolve) => {
      const end = (): void => {
        child.stdin.destroy();
        for (const answer of waiting.splice(0)) answer(undefined);
        resolve();
      };
      child.on('error', end);
      child.on('close', end);
    });
    // It has gone: `close` tells.
    child.stdin.on('error', () => undefined);
    child.stderr.resume();
    createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(parseLine(line)));
    const running = { child, waiting, hasEnded };
    this.#running.set(file, running);
    return running;
  }
}

function parseLine(text: string): SourceLine | undefined {
  const match = /^(.*):(\d+)(?: \(discriminator \d+\))?$/.exec(text);
  const [, file = '??', line = '0'] = match ?? [];
  return file === '??' || line === '0' ? undefined : { file, line: Number(line) };
}

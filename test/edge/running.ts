/** A command that runs while the test looks at it, sends it signals, and waits for what it writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { plainEnvironment } from '../harness/child.ts';
import { rrCommand } from '../harness/recording.ts';
import type { Place } from './place.ts';

export interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export class Running implements Disposable {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';
  /** When each line of standard output had come: milliseconds of performance.now(). */
  readonly lineTimes: number[] = [];

  /** Starts a command in a process group of its own; the signals that a shell ignores in the background are at default. */
  constructor(place: Place, words: readonly string[]) {
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...words], {
      cwd: place.folder,
      env: { ...plainEnvironment, _RR_TRACE_DIR: place.traces, RR: rrCommand },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.pid = this.#child.pid!;
    this.#child.stdout!.on('data', (piece: Buffer) => {
      const text = piece.toString('latin1');
      this.#out += text;
      for (let line = 1; line < text.split('\n').length; line++) this.lineTimes.push(performance.now());
    });
    this.#child.stderr!.on('data', (piece: Buffer) => {
      this.#err += piece.toString('latin1');
    });
    this.ended = once(this.#child, 'close').then(([status, signal]) => ({
      status: status as number | null,
      signal: signal as string | null,
      out: this.#out,
      err: this.#err,
    }));
  }

  /** Waits until standard output has so many lines. @throws Error when it ends before */
  async lines(count: number): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (this.lineTimes.length < count) {
      if (over)
        throw new Error(`ended with ${this.lineTimes.length} lines\nstdout: ${this.#out}\nstderr: ${this.#err}`);
      await pause(5);
    }
  }

  /** A line of standard output that has come. */
  line(index: number): string {
    return this.#out.split('\n')[index]!;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  [Symbol.dispose](): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.killGroup('SIGKILL');
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** All descendants of a process. */
export function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Whether a process is there and not a zombie. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

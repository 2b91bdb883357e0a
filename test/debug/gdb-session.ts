/** gdb on a recording, one command after the other, as at a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { rrCommand } from '../harness/recording.ts';
import { strict } from './recording.ts';

const mark = '<<done>>';
/** USER_HZ of Linux on x86-64. */
const ticksPerSecond = 100;
/** Seconds of processor time after an interrupt in which the prompt must come: a machine that is busy gives less of it. */
const interruptWork = 20;
/** Milliseconds in which nobody who is to answer gets on: it hangs. */
const idleLimit = 60_000;

export interface Answer {
  readonly text: string;
  /** It did not end by itself in its time, and was interrupted. */
  readonly wasInterrupted: boolean;
  /** From the interrupt to the prompt. */
  readonly interruptSeconds?: number;
}

export class GdbSession {
  readonly #rr: ChildProcess;
  #said = '';
  #heard: () => void = () => undefined;
  #ended = false;

  /** @param options of `rr replay`, the trace among them */
  constructor(options: readonly string[]) {
    this.#rr = spawn(rrCommand, ['replay', ...options, '--', '-nx', '-q'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: '/proc/nonexistent',
        LC_ALL: 'C',
        COLUMNS: '200',
        LINES: '200',
        ...strict,
      },
      detached: true,
      // Where a gdb that fails leaves its core.
      cwd: tmpdir(),
    });
    for (const stream of [this.#rr.stdout!, this.#rr.stderr!]) {
      stream.on('data', (bytes: Buffer) => {
        this.#said += bytes.toString();
        this.#heard();
      });
    }
    this.#rr.on('close', () => {
      this.#ended = true;
      this.#heard();
    });
    // gdb may end before it has read all: `close` tells.
    this.#rr.stdin!.on('error', () => undefined);
  }

  /** Process id of rr. */
  get pid(): number {
    return this.#rr.pid!;
  }

  /**
   * What gdb says of a command. One that takes longer than `patience` milliseconds is interrupted as by Ctrl-C.
   * @throws Error when gdb ends, or does not come back
   */
  async ask(command: string, patience: number): Promise<Answer> {
    this.#said = '';
    this.#rr.stdin!.write(`${command}\necho ${mark}\\n\n`);
    if (await this.#prompt(patience)) return { text: this.#text(), wasInterrupted: false };
    const [gdb] = childrenOf(this.pid).filter((pid) => nameOf(pid).startsWith('gdb'));
    if (gdb === undefined) throw new Error(`there is no gdb to interrupt in ${command}; it said:\n${this.#said}`);
    const begin = performance.now();
    process.kill(gdb, 'SIGINT');
    if (await this.#promptWithin(interruptWork)) {
      return { text: this.#text(), wasInterrupted: true, interruptSeconds: (performance.now() - begin) / 1000 };
    }
    const processes = [this.pid, ...descendantsOf(this.pid)].map(stateOf).join('\n');
    throw new Error(`${command} does not end by an interrupt; gdb said:\n${this.#said}\nand there are\n${processes}`);
  }

  /** False when rr and all that it has started have used so much processor time, in seconds, or get on no more. */
  async #promptWithin(work: number): Promise<boolean> {
    const before = new Map<number, number>();
    let used = 0;
    for (let idleSince = performance.now(); performance.now() - idleSince < idleLimit; ) {
      if (await this.#prompt(1000)) return true;
      for (const pid of [this.pid, ...descendantsOf(this.pid)]) {
        const now = processorTimeOf(pid);
        const more = now - (before.get(pid) ?? now);
        before.set(pid, now);
        used += more;
        if (more > 0) idleSince = performance.now();
      }
      if (used > work) return false;
    }
    return false;
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#rr.stdin!.end('kill\nquit\n');
    const end = performance.now() + idleLimit;
    while (!this.#ended && performance.now() < end) await this.#wait(end - performance.now());
    if (!this.#ended) this.kill();
  }

  kill(): void {
    if (!this.#ended) process.kill(-this.pid, 'SIGKILL');
  }

  #text(): string {
    return this.#said.replace(`${mark}\n`, '').replaceAll('(rr) ', '');
  }

  /** False when the time is over. @throws Error when gdb has ended */
  async #prompt(limit: number): Promise<boolean> {
    const end = performance.now() + limit;
    for (;;) {
      if (this.#said.includes(`${mark}\n`)) return true;
      if (this.#ended) throw new Error(`gdb has ended; it said:\n${this.#said}`);
      const left = end - performance.now();
      if (left <= 0) return false;
      await this.#wait(left);
    }
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Processes that a process has made and that live, those of its children included. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Of all its threads: the replay's has made the processes that are replayed. */
function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`)
    .flatMap((tid) => textOf(`/proc/${pid}/task/${tid}/children`).split(' '))
    .filter((each) => each !== '')
    .map(Number);
}

/** Of its program; empty when it is gone. */
export function nameOf(pid: number): string {
  return textOf(`/proc/${pid}/comm`).trim();
}

/** Bytes of memory that a process has to itself, and its share of what others have, too; 0 when it is gone. */
export function memoryOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

/** Seconds that a process has computed; 0 when it is gone. */
function processorTimeOf(pid: number): number {
  // Behind the name, which may have anything in it: utime and stime are the 12th and 13th there (proc_pid_stat(5)).
  const fields = textOf(`/proc/${pid}/stat`).split(') ').at(-1)!.split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

/** Each thread's name, state, and where it waits in the kernel. */
function stateOf(pid: number): string {
  const threads = namesIn(`/proc/${pid}/task`).map((tid) => {
    const state = /^State:\s+(\S)/m.exec(textOf(`/proc/${pid}/task/${tid}/status`))?.[1] ?? '?';
    return `${tid} ${state} ${textOf(`/proc/${pid}/task/${tid}/wchan`)}`;
  });
  return `${nameOf(pid)}: ${threads.join(', ')}`;
}

/** Empty when the process is gone. */
function textOf(path: string): string {
  return unlessGone(() => readFileSync(path, 'latin1')) ?? '';
}

function namesIn(folder: string): string[] {
  return unlessGone(() => readdirSync(folder)) ?? [];
}

function unlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

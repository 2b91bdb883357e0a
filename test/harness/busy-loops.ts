/** Other work beside a test: the recorder's program then loses the processor again and again. */
import { type ChildProcess, spawn } from 'node:child_process';

/** Children that compute until they are killed. */
export class BusyLoops {
  readonly #children: readonly ChildProcess[];

  constructor(count: number) {
    const loop = ['--pdeathsig', 'KILL', '--', '/bin/sh', '-c', 'while :; do :; done'];
    this.#children = Array.from({ length: count }, () => spawn('setpriv', loop, { stdio: 'ignore' }));
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}

/** The directories of a bench run, below one temporary folder; and a working directory on tmpfs for what wants it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workload } from './workload.ts';

const tmpfsMagic = 0x01021994;
const memoryFolder = '/dev/shm';

export class BenchPlaces {
  readonly folder = mkdtempSync(join(tmpdir(), 'rr-bench-'));
  readonly scratch = join(this.folder, 'scratch');
  readonly trace = join(this.folder, 'trace');
  readonly store = join(this.folder, 'store');
  readonly #memory: string | undefined;
  readonly #owner: number | undefined;

  /** `owner`: the user that the measured commands run as, if not our own. */
  constructor(owner?: number) {
    this.#owner = owner;
    mkdirSync(this.scratch);
    mkdirSync(this.store);
    if (statfsSync(memoryFolder).type === tmpfsMagic) this.#memory = mkdtempSync(join(memoryFolder, 'rr-bench-'));
    for (const folder of [this.folder, this.store, this.#memory]) {
      if (owner !== undefined && folder !== undefined) chmodSync(folder, 0o777);
    }
  }

  /** An empty working directory, prepared. */
  work(workload: Workload): string {
    const below = workload.memoryFileSystem === true && this.#memory !== undefined ? this.#memory : this.folder;
    const directory = join(below, 'work');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    workload.prepare?.(directory);
    if (this.#owner !== undefined) execFileSync('chown', ['-R', `${this.#owner}:${this.#owner}`, directory]);
    return directory;
  }

  clearTrace(): void {
    rmSync(this.trace, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
    if (this.#memory !== undefined) rmSync(this.#memory, { recursive: true, force: true });
  }
}

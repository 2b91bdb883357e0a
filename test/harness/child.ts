/**
 * Runs a command the way a shell at a prompt would: standard streams that are files, a soft limit of 1024 descriptors
 * (Node has raised its own), no core dumps, and a limit of
 * processor time after which its whole process group is killed. A child
 * dies with this process, however that ends (PR_SET_PDEATHSIG).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limitTime } from '../../scripts/test-runner/time-limit.mjs';

export interface ChildOptions {
  /** Existing directory for the files behind standard output, error and input; `label` makes their names. */
  readonly scratch: string;
  readonly label: string;
  readonly cwd: string;
  /** Of processor time; twenty times as long on the clock, and no longer than a while without any. */
  readonly limitSeconds: number;
  /** What is added to `plainEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; /dev/null when left out. */
  readonly input?: string;
}

/** What a child wrote to one of its streams. */
export interface Output {
  readonly path: string;
  readonly length: number;
  /** SHA-256, hexadecimal. */
  readonly hash: string;
}

export interface ChildResult {
  readonly command: readonly string[];
  readonly label: string;
  /** Exit status, or undefined when it died of `signal`. */
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** Which limit it reached, when it did. */
  readonly limitReached: string | undefined;
  readonly seconds: number;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The environment of every child, so that nothing of the developer's own leaks into a comparison. */
export const plainEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  HOME: '/proc/nonexistent',
  LANG: 'C',
  TZ: 'UTC',
  // Another Node than that in the PATH: scripts/test-on-node.mjs.
  ...(process.env.RR_NODE === undefined ? {} : { RR_NODE: process.env.RR_NODE }),
};

const prelude = 'ulimit -S -n 1024; ulimit -c 0; umask 022; exec setpriv --pdeathsig KILL -- "$@"';

/** Length and hash of a file. */
export function describeOutput(path: string): Output {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const block = Buffer.alloc(1 << 20);
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) hash.update(block.subarray(0, size));
    return { path, length: fstatSync(file).size, hash: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

/** Kills a process group that this module has started; it may be gone already. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Ends when the child has ended; what it left running in its process group is killed then. */
export async function runChild(command: readonly string[], options: ChildOptions): Promise<ChildResult> {
  mkdirSync(options.scratch, { recursive: true });
  const file = (stream: string): string => join(options.scratch, `${options.label}.${stream}`);
  if (options.input !== undefined) writeFileSync(file('stdin'), options.input);
  const streams = [
    openSync(options.input === undefined ? '/dev/null' : file('stdin'), 'r'),
    openSync(file('stdout'), 'w'),
    openSync(file('stderr'), 'w'),
  ];
  const started = performance.now();
  const child = spawn('/bin/sh', ['-c', prelude, 'sh', ...command], {
    cwd: options.cwd,
    env: { ...plainEnvironment, ...options.env },
    stdio: [streams[0], streams[1], streams[2]],
    detached: true,
  });
  for (const stream of streams) closeSync(stream);
  const { pid } = child;
  let limitReached: string | undefined;
  const watch =
    pid === undefined
      ? undefined
      : limitTime(pid, { processorSeconds: options.limitSeconds }, (what) => {
          limitReached = what;
          killGroup(pid);
        });
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (exitStatus, exitSignal) => resolve([exitStatus, exitSignal]));
  }).finally(() => watch?.stop());
  const seconds = (performance.now() - started) / 1000;
  if (child.pid !== undefined) killGroup(child.pid);
  return {
    command,
    label: options.label,
    status: status ?? undefined,
    signal: signal ?? undefined,
    timedOut: limitReached !== undefined,
    limitReached,
    seconds,
    stdout: describeOutput(file('stdout')),
    stderr: describeOutput(file('stderr')),
  };
}

/** "exited with 3", "died of SIGSEGV", "was killed: took 60 s of processor time". */
export function describeEnd(result: ChildResult): string {
  if (result.timedOut) return `was killed after ${result.seconds.toFixed(0)} s: ${result.limitReached}`;
  return result.signal === undefined ? `exited with ${result.status}` : `died of ${result.signal}`;
}

/** A folder of a test's own, with a root of traces in it, and commands that run there with a time limit. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeEnd, runChild } from '../harness/child.ts';
import { compile } from '../harness/compile.ts';
import { rrCommand } from '../harness/recording.ts';

const here = dirname(fileURLToPath(import.meta.url));

export interface Run {
  /** Exit status, or undefined when it died of `signal`. */
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly out: string;
  readonly err: string;
  /** Command, end and what it wrote, for the message of a failed assertion. */
  readonly story: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** 60 when left out; a command that takes longer fails the test. */
  readonly limitSeconds?: number;
}

export class Place {
  readonly folder: string;
  /** _RR_TRACE_DIR of all commands; it need not exist. */
  readonly traces: string;
  #runs = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.traces = join(folder, 'traces');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a command in the folder. @throws Error when it does not end in time */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Run> {
    const label = `run${this.#runs++}`;
    const result = await runChild(words, {
      scratch: this.path('streams'),
      label,
      cwd: this.folder,
      limitSeconds: options.limitSeconds ?? 60,
      env: { _RR_TRACE_DIR: this.traces, XDG_CACHE_HOME: this.path('cache'), RR: rrCommand, ...options.env },
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    const out = readFileSync(result.stdout.path, 'latin1');
    const err = readFileSync(result.stderr.path, 'latin1');
    const story = `${words.join(' ')}\n${describeEnd(result)}\nstdout: ${out.slice(-2000)}\nstderr: ${err.slice(-2000)}`;
    if (result.timedOut) throw new Error(story);
    return { status: result.status, signal: result.signal, out, err, story };
  }

  /** Runs a script of bash, which finds rr as "$RR" and its arguments as "$@". */
  sh(script: string, options: RunOptions & { readonly args?: readonly string[] } = {}): Promise<Run> {
    return this.run(['/bin/bash', '-c', script, 'bash', ...(options.args ?? [])], options);
  }

  rr(...words: readonly string[]): Promise<Run> {
    return this.run([rrCommand, ...words]);
  }

  /** Names of the traces, without the store and the link to the latest. */
  traceNames(): string[] {
    return entries(this.traces).filter((name) => name !== '.store' && name !== 'latest-trace');
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Runs `use` with a place that everybody may look into, and that is gone afterwards. */
export async function withPlace(use: (place: Place) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rr-edge-'));
  try {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'streams'));
    await use(new Place(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Path of the binary of test/edge/NAME.c. */
export function compileEdge(name: string): string {
  return compile(join(here, `${name}.c`));
}

/** Words that run a command as a user who owns nothing; they need root. */
export const asNobody: readonly string[] = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

export const isRoot: boolean = process.getuid?.() === 0;

/** Recordings of the guests of test/guests-debug, and gdb on them by `rr replay`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../harness/compile.ts';
import { rrCommand } from '../harness/recording.ts';

const guests = fileURLToPath(new URL('../guests-debug/', import.meta.url));
const limitMilliseconds = 120_000;

/** Path of a guest's source: NAME.c or NAME.cc. */
export function guestSource(name: string): string {
  const source = join(guests, `${name}.c`);
  return existsSync(source) ? source : `${source}c`;
}

/** The number of the one line of a guest that holds that text. */
export function lineOf(name: string, text: string): number {
  const lines = readFileSync(guestSource(name), 'utf8').split('\n');
  const found = lines.flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
  if (found.length !== 1) throw new Error(`${name}: ${found.length} lines hold "${text}"`);
  return found[0]!;
}

export interface DebugRecording {
  readonly trace: string;
  readonly program: string;
  /** Folder of the recording, for whatever else a test puts there. */
  readonly folder: string;
  /** What gdb says of these commands, in batch mode. `options` are those of `rr replay`. */
  gdb(commands: readonly string[], ...options: readonly string[]): Promise<string>;
  /** The same with words for gdb. */
  replay(options: readonly string[], debuggerOptions: readonly string[]): Promise<string>;
  [Symbol.dispose](): void;
}

export interface RecordSettings {
  readonly args?: readonly string[];
  /** For the compiler, behind -O1 -g. */
  readonly flags?: readonly string[];
  readonly recordOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A replay may leave the recording, and is tried again in another way. */
  readonly mayGuess?: true;
}

/** A replay that leaves the recording fails, and is not tried again in another way. */
export const strict = { RR_ONE_GUESS: '1' } as const;
const environment = { PATH: process.env.PATH ?? '', HOME: '/proc/nonexistent', LC_ALL: 'C', TZ: 'UTC' };

/** Records a guest; dispose of the recording when done. @throws Error with what rr said */
export function recordGuest(name: string, settings: RecordSettings = {}): DebugRecording {
  return recordCommand([compile(guestSource(name), '-O0', ...(settings.flags ?? []))], settings);
}

/** Records a program. */
export function recordCommand(command: readonly string[], settings: RecordSettings = {}): DebugRecording {
  const folder = mkdtempSync(join(tmpdir(), 'rr-debug-test-'));
  const trace = join(folder, 'trace');
  const words = ['record', '-o', trace, '--store', join(folder, 'store'), ...(settings.recordOptions ?? [])];
  const { status, stderr, error } = spawnSync(rrCommand, [...words, ...command, ...(settings.args ?? [])], {
    encoding: 'utf8',
    env: { ...environment, ...settings.env },
    timeout: limitMilliseconds,
    cwd: folder,
  });
  if (error !== undefined || !existsSync(trace)) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`rr record ${command.join(' ')}: status ${status}, ${error?.message ?? ''}\n${stderr}`);
  }
  const replay: DebugRecording['replay'] = (options, debuggerOptions) =>
    run(['replay', ...options, trace, '--', '-nx', ...debuggerOptions], settings.mayGuess ? {} : strict);
  return {
    trace,
    folder,
    program: command[0]!,
    replay,
    gdb: (commands, ...options) => replay(options, ['-batch', ...commands.flatMap((each) => ['-ex', each])]),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs rr and gives all that it and the debugger said. @throws Error when it does not end */
export function run(words: readonly string[], env: Readonly<Record<string, string>> = strict): Promise<string> {
  const child = spawn(rrCommand, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, ...env, COLUMNS: '200', LINES: '200' },
    detached: true,
  });
  return outputOf(child, words.join(' '));
}

function outputOf(child: ChildProcess, what: string): Promise<string> {
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      reject(new Error(`rr ${what} does not end; it said:\n${said}`));
    }, limitMilliseconds);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

/** The recorded processes' ids, in the order in which they began. */
export async function processesOf({ trace }: DebugRecording): Promise<string[]> {
  return [...(await run(['ps', trace])).matchAll(/^(\d+)\t/gm)].map(([, pid]) => pid!);
}

/** Processes whose command line holds that text: what a test has left behind. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Checks that gdb has said it, and shows all that it said if not. */
export function says(said: string, expected: RegExp | string): void {
  if (typeof expected === 'string' ? said.includes(expected) : expected.test(said)) return;
  const error = new Error(`expected ${expected} in\n${said}`);
  error.stack = '';
  throw error;
}

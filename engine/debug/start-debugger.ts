/**
 * The debugger as a child on the user's terminal. It is in our process group, so that it is the foreground job with us;
 * what the keys send to both is its own to handle.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { delimiter, join } from 'node:path';
import { isatty } from 'node:tty';
import type { InheritedState } from '../cli/options.ts';
import { EngineError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';

/** @throws EngineError DEBUGGER_NOT_FOUND */
export function requireDebugger(name: string): void {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  if (folders.some((folder) => isExecutable(folder === '' ? name : join(folder, name)))) return;
  const advice = name === 'gdb' ? 'install it (apt-get install gdb), or name another with -d' : 'is it installed?';
  throw new EngineError('DEBUGGER_NOT_FOUND', `cannot find the debugger ${name}: ${advice}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The terminal's settings, to be put back whatever the debugger leaves behind; undefined without a terminal. */
function terminalSettings(): string | undefined {
  if (!isatty(0)) return undefined;
  const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'latin1' });
  return status === 0 ? stdout.trim() : undefined;
}

/** What keys send to the whole group is not for us. */
const terminalSignals = ['SIGINT', 'SIGQUIT'] as const;
/** What ends us ends the debugger first. */
const endingSignals = ['SIGTERM', 'SIGHUP'] as const;

export interface DebuggerOptions {
  readonly command: readonly string[];
  /** Without it (not started by bin/rr) the debugger gets the environment and limits of this process. */
  readonly inherited?: InheritedState;
}

/** How a debugger has ended. */
export interface DebuggerEnd {
  /** As a shell has it. */
  readonly status: number;
  /** The terminal has gone: SIGHUP ended us first. */
  readonly isHungUp: boolean;
}

/** Starts it and waits for its end. */
export async function runDebugger({ command, inherited }: DebuggerOptions): Promise<DebuggerEnd> {
  const settings = terminalSettings();
  const soft = (inherited?.softFileLimit ?? 1024n).toString(16);
  const launcher = join(packageRoot, 'build/Release/rr-launch');
  const ignore = (): undefined => undefined;
  for (const signal of terminalSignals) process.on(signal, ignore);
  const child = spawn(launcher, ['debugger', `${process.pid}`, soft, ...command], {
    stdio: 'inherit',
    ...(inherited === undefined ? {} : { env: environmentOf(inherited) }),
  });
  let endedBy: number | undefined;
  const end = (_: NodeJS.Signals, number: number): void => {
    endedBy = 128 + number;
    child.kill('SIGHUP');
  };
  for (const signal of endingSignals) process.on(signal, end);
  try {
    const status = await exitStatus(child);
    return { status: endedBy ?? status, isHungUp: endedBy === 128 + systemConstants.signals.SIGHUP };
  } finally {
    for (const signal of terminalSignals) process.off(signal, ignore);
    for (const signal of endingSignals) process.off(signal, end);
    if (settings !== undefined) spawnSync('stty', [settings], { stdio: ['inherit', 'ignore', 'ignore'] });
  }
}

function exitStatus(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new EngineError('DEBUGGER_FAILED', `cannot start the debugger: ${cause.message}`, { cause }));
    });
    child.on('exit', (status, signal) => {
      resolve(status ?? 128 + (signal === null ? 0 : systemConstants.signals[signal]));
    });
  });
}

function environmentOf({ environment }: InheritedState): Record<string, string> {
  return Object.fromEntries(
    environment.map((variable) => {
      const text = variable.toString();
      const equals = text.indexOf('=');
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

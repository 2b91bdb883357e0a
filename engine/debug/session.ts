/** `rr replay` with a debugger: the replay, the server that speaks to the debugger, and the debugger itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DebugOptions } from '../cli/options.ts';
import { EngineError } from '../errors.ts';
import { logger, printMessage } from '../log.ts';
import { tellProcessor } from '../replay/session.ts';
import { resolveTrace } from '../trace/locations.ts';
import { readVersion } from '../trace/reader.ts';
import { findProcess } from './find-process.ts';
import { type Address, DebugServer } from './gdb/server.ts';
import { gdbinit, lldbinit } from './gdb-script/gdbinit.ts';
import { openRemoteTarget } from './remote-target.ts';
import { type DebuggerEnd, requireDebugger, runDebugger } from './start-debugger.ts';
import { findSymbolFiles, type SymbolFiles } from './symbol-files.ts';
import type { Place, RecordingDescription, RemoteTarget } from './target.ts';

const log = logger('debug');
/** Characters that need no quotes in a shell. */
const plainWord = /^[\w@%+=:,./-]+$/;

/**
 * Debugs a recording. The exit status is the debugger's.
 * @throws EngineError for a trace that cannot be read, a debugger that is not there, a port in use, a place that the
 * recording does not have
 */
export async function debugRecording(options: DebugOptions): Promise<number> {
  const directory = resolveTrace(options.trace);
  if (options.port === undefined) requireDebugger(options.debuggerFile);
  tellProcessor(readVersion(directory).header);
  const { target, close } = await openRemoteTarget({
    directory,
    quiet: options.quiet,
    cpuUnbound: options.cpuUnbound,
    withoutCpuidFaulting: options.withoutCpuidFaulting,
    ...(options.terminal === undefined ? {} : { outputFile: options.terminal }),
  });
  const folder = mkdtempSync(join(tmpdir(), 'rr-debug-'));
  let end: DebuggerEnd;
  try {
    const recording = await target.recording();
    const places = beginning(options, recording);
    for (const place of places) await target.seek(place);
    if (!recording.isComplete) {
      log.warn(`the trace breaks off after event ${recording.lastEvent}; it can be debugged up to there`);
    }
    const session = { options, target, recording, folder, start: startOf(places) };
    end = options.port === undefined ? await withDebugger(session) : await listening(session, options.port);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await close();
  }
  // At a usual exit Node sets the terminal back, and aborts where there is none any more.
  if (end.isHungUp) process.kill(process.pid, 'SIGHUP');
  return end.status;
}

/** Where the debugger finds the program. @throws EngineError NO_PROCESS, NO_EVENT */
function beginning({ start }: DebugOptions, recording: RecordingDescription): Place[] {
  const places: Place[] = [];
  if (start.process !== undefined) places.push({ kind: 'process', pid: findProcess(recording, start.process).pid });
  if (start.fork !== undefined) places.push({ kind: 'fork', pid: findProcess(recording, `${start.fork}`).pid });
  if (start.event !== undefined) {
    if (start.event > recording.lastEvent) {
      const { lastEvent } = recording;
      throw new EngineError('NO_EVENT', `no event ${start.event}: the recording has events 1 to ${lastEvent}`);
    }
    places.push({ kind: 'event', event: start.event });
  }
  if (start.atEnd) places.push({ kind: 'end' });
  return places.length === 0 ? [{ kind: 'begin' }] : places;
}

/** Where `run` goes: with -p and -f, where the process began to be looked at. */
function startOf(places: readonly Place[]): Place {
  return places.find(({ kind }) => kind === 'process' || kind === 'fork') ?? { kind: 'begin' };
}

interface Session {
  readonly options: DebugOptions;
  readonly target: RemoteTarget;
  readonly recording: RecordingDescription;
  /** Ours, removed at the end. */
  readonly folder: string;
  readonly start: Place;
}

function serve({ options, target, recording, start }: Session, address: Address): Promise<DebugServer> {
  return DebugServer.listen({ target, recording, start, servesFiles: options.servesFiles, address });
}

async function withDebugger(session: Session): Promise<DebuggerEnd> {
  const { options, folder } = session;
  const isLldb = basename(options.debuggerFile).startsWith('lldb');
  // Nobody else can connect to a socket in our folder. lldb wants a port.
  const server = await serve(
    session,
    isLldb ? { kind: 'tcp', host: '127.0.0.1', port: 0 } : { kind: 'unix', path: join(folder, 'socket') },
  );
  let ended = false;
  const serving = (async () => {
    while (!ended) await server.serveOne();
  })();
  try {
    const command = isLldb ? await lldbCommand(session, server.port) : gdbCommand(session, join(folder, 'socket'));
    const { inherited } = options;
    const running = runDebugger({ command, ...(inherited === undefined ? {} : { inherited }) });
    // The server fails by a bug alone, and then there is nothing left for the debugger to do.
    return await Promise.race([running, serving.then(() => running)]);
  } finally {
    ended = true;
    server.close();
  }
}

function symbols({ folder, recording }: Session): SymbolFiles {
  const files = findSymbolFiles(recording.directory, folder);
  for (const remark of files.remarks) printMessage(remark);
  return files;
}

/** Writes what gdb reads first, and gives its path. */
function writeGdbinit(session: Session): string {
  const path = join(session.folder, 'gdbinit');
  writeFileSync(path, `${gdbinit()}set sysroot ${symbols(session).root}\n`);
  return path;
}

function gdbCommand(session: Session, address: string): string[] {
  const { options } = session;
  return [
    options.debuggerFile,
    '-q',
    ...(options.interpreter === undefined ? [] : ['-i', options.interpreter]),
    ...(options.fullname ? ['--fullname'] : []),
    '-x',
    writeGdbinit(session),
    '-ex',
    `target extended-remote ${address}`,
    ...options.commandFiles.flatMap((file) => ['-x', file]),
    ...options.debuggerOptions,
  ];
}

async function lldbCommand({ options, folder, target }: Session, port: number): Promise<string[]> {
  const path = join(folder, 'lldbinit');
  writeFileSync(path, lldbinit());
  const { program } = await target.state();
  return [
    options.debuggerFile,
    '-o',
    `command source -s true ${path}`,
    '-o',
    `gdb-remote 127.0.0.1:${port}`,
    ...options.commandFiles.flatMap((file) => ['-s', file]),
    ...options.debuggerOptions,
    program,
  ];
}

async function listening(session: Session, port: number): Promise<DebuggerEnd> {
  const { options, target } = session;
  const { host } = options;
  const server = await serve(session, { kind: 'tcp', host, port });
  const signals = new Promise<DebuggerEnd>((resolve) => {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
      ['SIGHUP', 1],
    ] as const) {
      process.once(signal, () => resolve({ status: 128 + number, isHungUp: signal === 'SIGHUP' }));
    }
  });
  try {
    const { program } = await target.state();
    const words = [
      'gdb',
      '-l',
      '10000',
      '-x',
      writeGdbinit(session),
      '-ex',
      `target extended-remote ${host}:${server.port}`,
      program,
    ];
    const quoted = words.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
    printMessage(`waiting for a debugger; attach one with\n  ${quoted.join(' ')}`);
    const serving = (async () => {
      do await server.serveOne();
      while (options.keepsListening);
      return { status: 0, isHungUp: false };
    })();
    return await Promise.race([serving, signals]);
  } finally {
    server.close();
  }
}

import { existsSync, mkdirSync, rmSync, writeSync } from 'node:fs';
import { constants, release } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { RecordOptions } from '../cli/options.ts';
import { EngineError } from '../errors.ts';
import { logger } from '../log.ts';
import { packageVersion } from '../package-root.ts';
import { createTraceDirectory, setLatestTrace, traceRoot } from '../trace/locations.ts';
import { Pipeline } from '../trace/pipeline.ts';
import { storeDirectory } from '../trace/store.ts';
import type { TraceHeader } from '../trace/trace-header.ts';
import { programEnvironment } from './environment.ts';
import { processorModel } from './machine.ts';
import {
  dieBySignal,
  launcherPath,
  launchSteps,
  type RecorderMessage,
  type RecordingEnd,
  startRecorder,
} from './native-recorder.ts';
import { chooseProcessor } from './processors.ts';
import { findProgram } from './program.ts';

const log = logger('record');

/**
 * Records a program: `rr record`. Resolves with the exit status of the first process, or does not return at all when
 * that died of a signal: then this process dies of the same.
 * @throws EngineError for a program that cannot be executed (126, 127; no trace is left behind), a machine that cannot
 * record, a trace that cannot be written
 */
export async function record(options: RecordOptions): Promise<number> {
  checkMachine();
  const environment = programEnvironment(options);
  const program = findProgram(options.program, variable(environment, 'PATH'));
  const cpu = options.cpuUnbound ? -1 : chooseProcessor(options.bindToCpu);
  const directory = createTraceDirectory({
    program,
    root: traceRoot(),
    ...(options.outputTraceDir === undefined ? {} : { output: options.outputTraceDir }),
  });
  const store = storeDirectory(traceRoot(), options.store);
  makeStore(store);
  const header: TraceHeader = {
    created: new Date().toISOString(),
    recorder: packageVersion(),
    program,
    arguments: [options.program, ...options.args],
    environment: environment.map((each) => each.toString()),
    workingDirectory: process.cwd(),
    machine: { architecture: 'x86_64', processor: processorModel(), kernel: release() },
    executionPoint: 'none',
    store,
    compression: options.compress,
    coreCount: options.numCores ?? 1,
    boundProcessor: cpu,
  };
  const pipeline = new Pipeline({
    directory,
    header,
    ...(options.ringSlots === undefined ? {} : { slotCount: options.ringSlots }),
    onFailure: (error) => log.error(`${error.message}; the program goes on unrecorded, the trace is good up to there`),
  });
  printTraceDirectory(options.printTraceDirFd, directory);
  // Ctrl-C is for the program. SIGTERM ends the recording; the trace stays good.
  const ignore = (): void => {};
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, ignore);
  const startTime = process.hrtime.bigint();
  const inherited = options.inherited;
  const end = await new Promise<RecordingEnd>((ended, reject) => {
    const onMessage = (message: RecorderMessage): void => {
      try {
        if (message.kind === 'firstSlotFull') pipeline.startPool();
        else if (message.kind === 'warning') log.warn(message.text);
        else if (message.kind === 'fatal') log.error(message.text);
        else if (message.kind === 'ended') ended(message);
      } catch (error) {
        // A warning that -E makes fatal.
        recorder.terminate();
        reject(error);
      }
    };
    const recorder = startRecorder(
      {
        launcher: launcherPath,
        program,
        arguments: options.exactArguments,
        environment,
        storeDirectory: store,
        ignoredSignals: inherited?.ignoredSignals ?? 0n,
        blockedSignals: inherited?.blockedSignals ?? 0n,
        softFileLimit: inherited?.softFileLimit ?? 1024n,
        hardFileLimit: inherited?.hardFileLimit ?? 2n ** 64n - 1n,
        closedDescriptors: inherited?.closedDescriptors ?? 0,
        inheritedDescriptors: inherited?.descriptors ?? [0, 1, 2],
        cpu,
        numCores: options.numCores ?? 1,
        waitForAll: options.wait,
        continueThroughSignal: options.continueThroughSignal ?? 0,
        checksum: options.checksum.when,
        checksumNumber: checksumNumber(options),
        markStdio: options.markStdio,
        debugLog: log.shows('debug'),
      },
      pipeline.bytes,
      pipeline.layout.ring,
      onMessage,
    );
    process.on('SIGTERM', () => recorder.terminate());
  });
  if (!end.started) {
    await pipeline.finish({ complete: false, reason: 'the program could not be executed' });
    rmSync(directory, { recursive: true, force: true });
    throw launchError(end, options.program);
  }
  const summary = await pipeline.finish({
    complete: !end.incomplete,
    ...(end.incomplete ? { reason: 'the recording was ended before the program' } : {}),
    status: end.status,
    duration: Number(process.hrtime.bigint() - startTime),
  });
  // A trace in a place of its own is the latest one too, where there are others.
  if (options.outputTraceDir === undefined || existsSync(traceRoot())) setLatestTrace(traceRoot(), directory);
  log.info(
    () =>
      `${end.events} events, ${end.rawBytes} bytes raw, ${summary.statistics.storedBytes} stored, ` +
      `${end.ringWaits} waits for the ring${summary.usedPool ? '' : ', encoded without workers'}`,
  );
  return finish(end.status);
}

function checkMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new EngineError('WRONG_MACHINE', `record: needs x86-64 Linux; this is ${process.arch} ${process.platform}`);
  }
}

function makeStore(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('STORE_UNWRITABLE', `record: cannot make the store ${directory}: ${reason}`, { cause });
  }
}

function variable(environment: readonly Buffer[], name: string): string | undefined {
  const prefix = `${name}=`;
  return environment
    .map((each) => each.toString())
    .find((each) => each.startsWith(prefix))
    ?.slice(prefix.length);
}

function checksumNumber({ checksum }: RecordOptions): number {
  if (checksum.when === 'every') return checksum.interval;
  return checksum.when === 'from' ? checksum.event : 0;
}

function printTraceDirectory(descriptor: number | undefined, directory: string): void {
  if (descriptor === undefined) return;
  try {
    writeSync(descriptor, `${directory}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('BAD_DESCRIPTOR', `record: --print-trace-dir ${descriptor}: ${reason}`, { cause });
  }
}

/** Text of an errno, as strerror(3) has it, with its name. */
function errorText(errno: number): string {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
  return `${text} (${name})`;
}

function launchError(end: RecordingEnd, program: string): EngineError {
  const reason = errorText(end.launchError);
  switch (end.launchStep) {
    case launchSteps.exec: {
      // The file was there and executable when it was looked up: what is missing is its interpreter.
      const missing = end.launchError === constants.errno.ENOENT;
      const text = missing
        ? `${program}: its interpreter or loader does not exist`
        : `cannot execute ${program}: ${reason}`;
      return new EngineError('PROGRAM_NOT_EXECUTABLE', text, { exitStatus: missing ? 127 : 126 });
    }
    case launchSteps.seccomp:
      return new EngineError(
        'NO_SECCOMP',
        `record: cannot install a seccomp filter: ${reason}; the kernel needs CONFIG_SECCOMP_FILTER, a container's profile must allow seccomp(2)`,
      );
    case launchSteps.timeStampTrap:
      return new EngineError('NO_TSC_TRAP', `record: cannot make rdtsc trap (prctl PR_SET_TSC): ${reason}`);
    default: {
      if (end.launchError === constants.errno.EPERM) {
        return new EngineError(
          'NO_PTRACE',
          'record: not permitted to trace the program (PTRACE_SEIZE: EPERM); see kernel.yama.ptrace_scope, or give the container SYS_PTRACE',
        );
      }
      const text = end.launchError === 0 ? 'the launcher ended before the program began' : reason;
      return new EngineError('LAUNCH_FAILED', `record: cannot start ${program} through ${launcherPath}: ${text}`);
    }
  }
}

/** Ends as the program did: its status, or its signal. */
function finish(status: number): number {
  const signal = status & 0x7f;
  if (signal === 0) return (status >> 8) & 0xff;
  dieBySignal(signal);
  // Still here: a signal that is not deadly by default. As a shell tells it.
  return 128 + signal;
}

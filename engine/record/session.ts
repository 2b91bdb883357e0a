import { randomInt, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readlinkSync, rmdirSync, writeSync } from 'node:fs';
import type { RecordOptions } from '../cli/options.ts';
import { EngineError } from '../errors.ts';
import { logger } from '../log.ts';
import { executionPoints } from '../machine/execution-points.ts';
import { makeFolders } from '../make-folders.ts';
import { packageVersion } from '../package-root.ts';
import { OpenRegistration } from '../store/registrations.ts';
import {
  createTraceDirectory,
  removeTraceFiles,
  setLatestTrace,
  storeDirectory,
  traceRoot,
} from '../trace/locations.ts';
import { Pipeline } from '../trace/pipeline.ts';
import { systemReason, TraceError } from '../trace/trace-error.ts';
import type { TraceHeader } from '../trace/trace-header.ts';
import { programEnvironment } from './environment.ts';
import { launchError } from './launch-error.ts';
import { describeMachine } from './machine.ts';
import {
  dieBySignal,
  launcherPath,
  type RecorderMessage,
  type RecordingEnd,
  startRecorder,
} from './native-recorder.ts';
import { chooseProcessor } from './processors.ts';
import { findProgram } from './program.ts';
import { asCallerOfSudo, type Command } from './sudo.ts';

const log = logger('record');

/**
 * Records a program: `rr record`. Resolves with the exit status of the first process, or does not return at all when
 * that died of a signal: then this process dies of the same.
 * @throws EngineError for a program that cannot be executed (126, 127; no trace is left behind) or not recorded, a
 * machine that cannot record, a trace that cannot be made
 */
export async function record(options: RecordOptions): Promise<number> {
  checkMachine();
  const environment = programEnvironment(options);
  const program = findProgram(options.exactArguments[0]!, variable(environment, 'PATH'));
  const command = options.setuidSudo
    ? asCallerOfSudo(options.exactArguments)
    : { program, arguments: options.exactArguments };
  const cpu = options.cpuUnbound || options.portable ? -1 : chooseProcessor(options.bindToCpu);
  const umask = keepOwnFilesOpen();
  const output = options.outputTraceDir;
  const existed = output !== undefined && existsSync(output);
  const directory = createTraceDirectory({
    program: program.toString(),
    root: traceRoot(),
    ...(output === undefined ? {} : { output }),
  });
  let outcome: Outcome;
  try {
    outcome = await run(options, { program, command, environment, cpu, directory, umask });
  } catch (error) {
    // Nothing was recorded; a directory that was there before stays.
    removeTraceFiles(directory);
    if (!existed) rmdirSync(directory);
    throw error;
  }
  const isPushed = await push(options, directory, outcome);
  // What could not be brought away is not lost.
  if (isKept(options.keep, outcome) || isPushed === false) {
    if (output === undefined || existsSync(traceRoot())) nameLatest(directory);
  } else {
    removeTraceFiles(directory);
    if (!existed) rmdirSync(directory);
  }
  if (outcome.failure !== undefined) throw outcome.failure;
  return finish(outcome.status);
}

interface Plan {
  readonly program: Buffer;
  /** What is executed first. */
  readonly command: Command;
  readonly environment: readonly Buffer[];
  /** To bind to; -1: none. */
  readonly cpu: number;
  /** Empty. */
  readonly directory: string;
  /** The program's. */
  readonly umask: number;
}

interface Outcome {
  /** Wait status of the first process. */
  readonly status: number;
  /** Why the recording ended before the program, when that is an error. */
  readonly failure: unknown;
}

/** Undefined where there was nothing to do; false when it failed, which changes nothing for the program. */
async function push(options: RecordOptions, directory: string, outcome: Outcome): Promise<boolean | undefined> {
  if (options.push === 'never' || !isKept(options.push, outcome)) return undefined;
  const { pushRecorded } = await import('../remote/push-recorded.ts');
  return pushRecorded(options.remote, directory);
}

/** A program that has failed: by its status, a signal, or because its recording failed. */
function isKept(keep: RecordOptions['keep'], { status, failure }: Outcome): boolean {
  if (keep === 'failures') return status !== 0 || failure !== undefined;
  return keep === 'always';
}

/** Runs the program and closes its trace. @throws EngineError when the program has not begun */
async function run(options: RecordOptions, plan: Plan): Promise<Outcome> {
  const store = storeDirectory(traceRoot(), options.store);
  makeStore(store, options.storeRights);
  const uuid = options.traceId ?? randomUUID();
  const registration = register(store, plan.directory, uuid);
  try {
    const outcome = await runRegistered(options, plan, { store, uuid, registration });
    // One that is to be pushed stays when that fails. Of one that has gone the store drops what it notes.
    if (isKept(options.keep, outcome) || isKept(options.push, outcome)) await registration?.end();
    else registration?.drop();
    return outcome;
  } catch (error) {
    registration?.drop();
    throw error;
  }
}

/** Undefined where the store cannot be written to: what it has is used all the same. */
function register(store: string, directory: string, uuid: string): OpenRegistration | undefined {
  try {
    return OpenRegistration.begin(store, directory, uuid);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log.info(error.message);
    return undefined;
  }
}

interface StorePlan {
  readonly store: string;
  readonly uuid: string;
  readonly registration: OpenRegistration | undefined;
}

async function runRegistered(
  options: RecordOptions,
  { program, command, environment, cpu, directory, umask }: Plan,
  { store, uuid, registration }: StorePlan,
): Promise<Outcome> {
  const points = executionPoints(options.counter, options.microarchitecture ?? '', cpu);
  log.debug(() => `execution points by ${points.kind}: ${points.reason}`);
  const chaosSeed = options.chaos ? (options.chaosSeed ?? randomInt(2 ** 32)) : undefined;
  const coreCount = options.numCores ?? (chaosSeed === undefined ? 1 : chaosCores(chaosSeed));
  if (chaosSeed !== undefined) log.info(`chaos with seed ${chaosSeed}, ${coreCount} cores`);
  const header: TraceHeader = {
    created: new Date().toISOString(),
    recorder: packageVersion(),
    uuid,
    program: program.toString(),
    arguments: [options.program, ...options.args],
    environment: environment.map((each) => each.toString()),
    workingDirectory: workingDirectory(),
    machine: describeMachine(cpu < 0 || options.hiddenFeatures.length > 0, !options.withoutCpuidFaulting),
    executionPoint: points.kind,
    ...(points.counter === undefined ? {} : { counter: points.counter }),
    store,
    compression: options.compress,
    coreCount,
    boundProcessor: cpu,
    ...(chaosSeed === undefined ? {} : { chaosSeed }),
  };
  const pipeline = new Pipeline({
    directory,
    header,
    pieces: { directory: store, registration: registration?.path },
    ...(options.ringSlots === undefined ? {} : { slotCount: options.ringSlots }),
    ...(options.maxSize === undefined ? {} : { maxBytes: options.maxSize }),
    onFailure: (error) => onTraceFailure(error),
  });
  printTraceDirectory(options.printTraceDirFd, directory);
  const startTime = process.hrtime.bigint();
  const inherited = options.inherited;
  let failure: unknown;
  let endedBy: EngineError | undefined;
  let onTraceFailure = tellFailure;
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const end = await new Promise<RecordingEnd>((ended) => {
    const onMessage = (message: RecorderMessage): void => {
      try {
        if (message.kind === 'firstSlotFull') pipeline.keepUp();
        else if (message.kind === 'note') log.info(message.text);
        else if (message.kind === 'warning') log.warn(message.text);
        else if (message.kind === 'fatal') failure ??= new EngineError('NOT_RECORDABLE', `record: ${message.text}`);
        else if (message.kind === 'ended') ended(message);
      } catch (error) {
        // A warning that -E makes fatal.
        failure ??= error;
        recorder.terminate();
      }
    };
    const recorder = startRecorder(
      {
        launcher: launcherPath,
        program: command.program,
        arguments: command.arguments,
        environment,
        storeDirectory: store,
        registration: registration?.path ?? '',
        skip: options.skip.map((pattern) => Buffer.from(pattern)),
        hiddenFeatures: options.hiddenFeatures,
        ignoredSignals: inherited?.ignoredSignals ?? 0n,
        blockedSignals: inherited?.blockedSignals ?? 0n,
        softFileLimit: inherited?.softFileLimit ?? 1024n,
        hardFileLimit: inherited?.hardFileLimit ?? 2n ** 64n - 1n,
        umask,
        closedDescriptors: inherited?.closedDescriptors ?? 0,
        inheritedDescriptors: inherited?.descriptors ?? [0, 1, 2],
        cpu,
        numCores: coreCount,
        waitForAll: options.wait,
        alwaysSwitch: options.alwaysSwitch,
        slice: options.slice ?? 0,
        chaosSeed,
        continueThroughSignal: options.continueThroughSignal ?? 0,
        ignoreSignal: options.ignoreSignal ?? 0,
        checksum: options.checksum.when,
        checksumNumber: checksumNumber(options),
        forceStopMinimum: (options.forceStops?.minimum ?? 0) * 1000,
        forceStopMaximum: (options.forceStops?.maximum ?? 0) * 1000,
        syscallBuffer: !options.noSyscallBuffer,
        patchAfter: options.patchAfter ?? 0,
        weakStops: options.weakStops,
        replaceTime: options.replaceTime,
        randomizeAddresses: options.randomizeAddresses || options.chaos,
        cpuidFaulting: !options.withoutCpuidFaulting,
        markStdio: options.markStdio,
        counter: points.counter,
        // Where there is a counter, -c means its ticks.
        sliceTicks: points.counter === undefined ? 0 : (options.sliceTicks ?? options.slice ?? 0),
        debugLog: log.shows('debug'),
      },
      pipeline.bytes,
      pipeline.layout.ring,
      onMessage,
    );
    onTraceFailure = (error) => {
      if (hasEnded) return log.error(`${error.message}; the trace is good up to there`);
      if (error.code !== 'TRACE_CAP' || options.atCap === 'stop') return tellFailure(error);
      killAtCap(error);
    };
    const killAtCap = (error: EngineError): void => {
      log.error(`${error.message}; the program is killed, the trace is good up to there`);
      endedBy = error;
      recorder.terminate();
    };
    timer = startTimer(options.maxTime, () => {
      const what = `the recording has taken the ${options.maxTime} ms of --max-time`;
      const error = new TraceError('TRACE_CAP', directory, what);
      // Where a program that computes is when it is killed belongs to the trace.
      if (options.atCap === 'kill') killAtCap(error);
      else pipeline.endEarly(error);
    });
  });
  hasEnded = true;
  clearTimeout(timer);
  const cause = failure ?? endedBy;
  const reason = cause instanceof Error ? cause.message : 'the recording was ended before the program';
  const summary = await pipeline.finish({
    complete: !end.incomplete,
    ...(end.incomplete ? { reason } : {}),
    status: end.status,
    duration: Number(process.hrtime.bigint() - startTime),
  });
  const { storeProblem } = summary.statistics;
  if (storeProblem !== undefined) log.info(`${storeProblem}; what is read stays in the trace`);
  if (!end.started) throw failure ?? launchError(end, options.program);
  log.info(
    () =>
      `${end.events} events, ${end.rawBytes} bytes raw, ${summary.statistics.storedBytes} stored, ` +
      `${end.ringWaits} waits for the ring, ${(end.ringWaitNanoseconds / 1e6).toFixed(1)} ms${summary.usedPool ? '' : ', encoded without workers'}`,
  );
  return { status: end.status, failure };
}

function tellFailure(error: EngineError): void {
  log.error(`${error.message}; the program goes on unrecorded, the trace is good up to there`);
}

/** Longer ones Node takes for none at all: 24 days. */
const longestTimer = 2 ** 31 - 1;

/** @param time milliseconds; undefined: never */
function startTimer(time: number | undefined, body: () => void): NodeJS.Timeout | undefined {
  if (time === undefined || time > longestTimer) return undefined;
  const timer = setTimeout(body, time);
  timer.unref();
  return timer;
}

/** How many processors a program is told of in chaos mode: 1 to 8. */
function chaosCores(seed: number): number {
  return 1 + (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 29);
}

/** A umask that takes rights from the user himself would close the trace to its own recorder. Gives the umask before. */
function keepOwnFilesOpen(): number {
  const before = process.umask(0o077);
  process.umask(before & 0o077);
  return before;
}

/** The current directory; one that was removed has ` (deleted)` behind its name, as the kernel tells it. */
function workingDirectory(): string {
  return readlinkSync('/proc/self/cwd');
}

/** The trace is there, whatever its link says. */
function nameLatest(directory: string): void {
  try {
    setLatestTrace(traceRoot(), directory);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log.warn(error.message);
  }
}

function checkMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new EngineError('WRONG_MACHINE', `record: needs x86-64 Linux; this is ${process.arch} ${process.platform}`);
  }
}

/** Modes of a store's folders: what is made in one that groups share belongs to the group, and only its maker removes it. */
const storeModes = { user: 0o700, group: 0o2770, all: 0o1777 } as const;

/** One that is there keeps its rights. @throws EngineError STORE_UNWRITABLE */
function makeStore(directory: string, rights: RecordOptions['storeRights']): void {
  try {
    const made = makeFolders(directory, storeModes.user);
    if (made && rights !== 'user') chmodSync(directory, storeModes[rights]);
  } catch (cause) {
    throw new EngineError('STORE_UNWRITABLE', `record: cannot make the store ${directory}: ${systemReason(cause)}`, {
      cause,
    });
  }
}

function variable(environment: readonly Buffer[], name: string): Buffer | undefined {
  const prefix = `${name}=`;
  return environment.find((each) => each.toString('latin1', 0, prefix.length) === prefix)?.subarray(prefix.length);
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

/** Ends as the program did: its status, or its signal. */
function finish(status: number): number {
  const signal = status & 0x7f;
  if (signal === 0) return (status >> 8) & 0xff;
  dieBySignal(signal);
  // Still here: a signal that is not deadly by default. As a shell tells it.
  return 128 + signal;
}

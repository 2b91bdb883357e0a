/**
 * The replay's thread as the debugger's side sees it: each method of Target is a message there and a promise here. While
 * the replay runs, requests wait; interrupt() alone reaches it then.
 */

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { primitives } from '../replay/primitives.ts';
import { type Answer, cells, type ReplayThreadData, runs } from './replay-thread.ts';
import type { RemoteTarget, Target } from './target.ts';

export interface RemoteTargetOptions {
  readonly directory: string;
  /** The program's output is not written again. */
  readonly quiet: boolean;
  readonly cpuUnbound: boolean;
  /** `cpuid` is not made to trap by the processor. */
  readonly withoutCpuidFaulting?: boolean;
  /** Where the program's output goes instead of our standard output. */
  readonly outputFile?: string;
}

/** Milliseconds: a signal that comes before the wait is lost, so it is repeated until it is acknowledged. */
const interruptInterval = 5;

const methods: Readonly<Record<keyof Target, true>> = {
  recording: true,
  state: true,
  registers: true,
  setRegisters: true,
  readMemory: true,
  writeMemory: true,
  signalInfo: true,
  auxiliaryVector: true,
  processFile: true,
  storedFile: true,
  setBreakpoints: true,
  passCounts: true,
  writes: true,
  namePosition: true,
  catchSyscalls: true,
  passSignals: true,
  resume: true,
  seek: true,
  checkpoint: true,
  checkpoints: true,
  deleteCheckpoint: true,
  close: true,
};

/** Starts the replay's thread; it stands at the beginning of the first program. @throws EngineError as the trace's reader */
export async function openRemoteTarget(
  options: RemoteTargetOptions,
): Promise<{ readonly target: RemoteTarget; close(): Promise<void> }> {
  const control = new Int32Array(new SharedArrayBuffer(cells.count * 4));
  const workerData: ReplayThreadData = { ...options, control };
  // Descriptors come from native code as well, of which Node knows nothing.
  const settings = { workerData, stdout: false, stderr: false, trackUnmanagedFds: false };
  const worker = new Worker(join(packageRoot, 'dist/replay.mjs'), settings);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  /** Requests to run that have no answer yet, the oldest first: what interrupt() is about. */
  const running = new Set<number>();
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
    running.clear();
  };
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    running.delete(answer.id);
    if ('error' in answer) asked?.reject(toError(answer.error));
    else asked?.resolve(answer.result);
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new EngineError('REPLAY_ENDED', 'the replay has ended')));
  let next = 1;
  const call = (method: keyof Target, args: readonly unknown[]): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      if (runs(method)) running.add(id);
      worker.postMessage({ id, method, args });
      Atomics.add(control, cells.requests, 1);
      Atomics.notify(control, cells.requests);
    });
  };
  let repeating: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    const [id] = running;
    if (id === undefined) return;
    Atomics.store(control, cells.interrupted, id);
    const poke = (): void => {
      const thread = Atomics.load(control, cells.threadId);
      if (!running.has(Atomics.load(control, cells.interrupted))) {
        clearInterval(repeating);
        repeating = undefined;
      } else if (thread !== 0) {
        primitives().breakWait(thread);
      }
    };
    repeating ??= setInterval(poke, interruptInterval);
    poke();
  };
  const named = Object.keys(methods).map((method) => [
    method,
    (...args: unknown[]) => call(method as keyof Target, args),
  ]);
  const target = { ...Object.fromEntries(named), interrupt } as unknown as RemoteTarget;
  await target.recording();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      interrupt();
      if (failure === undefined) await Promise.race([target.close().catch(() => undefined), delay(2000)]);
      clearInterval(repeating);
      await worker.terminate();
    })();
    return closing;
  };
  return { target, close };
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

function toError({ code, message, exitStatus }: { code?: string; message: string; exitStatus?: number }): Error {
  if (code === undefined) return new Error(message);
  return new EngineError(code, message, exitStatus === undefined ? {} : { exitStatus });
}

/** The replay's thread of a debugger session: takes requests from the main thread, one after the other. */
import { constants, openSync } from 'node:fs';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import { primitives } from '../replay/primitives.ts';
import { bindToRecordedProcessor } from '../replay/session.ts';
import { TraceReader } from '../trace/reader.ts';
import type { Client, Request } from './replay/client.ts';
import { ReplayTarget } from './replay/replay-target.ts';

/**
 * Cells of the memory that both threads share. `interrupted` is the id of the request that is to end soon, 0 when it has
 * seen that: one that comes too late for its request means no other.
 */
export const cells = { requests: 0, interrupted: 1, threadId: 2, count: 3 } as const;

/** Whether such a request may take long, so that it can be interrupted. */
export function runs(method: string): boolean {
  return method === 'resume' || method === 'seek' || method === 'writes' || method === 'namePosition';
}

export interface ReplayThreadData {
  readonly directory: string;
  readonly quiet: boolean;
  readonly cpuUnbound: boolean;
  readonly withoutCpuidFaulting?: boolean;
  readonly outputFile?: string;
  readonly control: Int32Array;
}

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly error: { readonly code?: string; readonly message: string; readonly exitStatus?: number };
    };

/** Serves until it is closed. */
export function runReplayThread(data: ReplayThreadData): void {
  const { control, directory, quiet, cpuUnbound, withoutCpuidFaulting = false } = data;
  const port = parentPort;
  if (port === null) throw new Error('this is for a worker thread');
  Atomics.store(control, cells.threadId, primitives().threadId());
  if (!cpuUnbound) {
    const reader = TraceReader.open(directory);
    try {
      bindToRecordedProcessor(reader.header.boundProcessor);
    } finally {
      reader.close();
    }
  }
  const refuse = (id: number, error: unknown): void => {
    const answer: Answer = { id, error: describe(error) };
    port.postMessage(answer);
  };
  let current = 0;
  const client: Client = {
    next: () => {
      for (;;) {
        const seen = Atomics.load(control, cells.requests);
        const message = receiveMessageOnPort(port);
        if (message !== undefined) {
          const request = message.message as Request;
          current = request.id;
          return request;
        }
        Atomics.wait(control, cells.requests, seen);
      }
    },
    reply: (id, result) => {
      const answer: Answer = { id, result };
      port.postMessage(answer);
    },
    refuse,
    isInterrupted: () => Atomics.load(control, cells.interrupted) === current,
    acknowledge: () => {
      Atomics.compareExchange(control, cells.interrupted, current, 0);
    },
  };
  let target: ReplayTarget;
  try {
    const output = data.outputFile === undefined ? {} : { output: openOutput(data.outputFile) };
    target = new ReplayTarget({ directory, quiet, withoutCpuidFaulting, client, ...output });
  } catch (error) {
    refuse(client.next().id, error);
    return;
  }
  target.serve();
}

/** Where the program's output goes; a terminal there does not become ours. @throws EngineError CANNOT_OPEN */
function openOutput(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOCTTY, 0o666);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new EngineError('CANNOT_OPEN', `--tty: cannot open ${path}: ${code}; name a terminal or a file`, { cause });
  }
}

function describe(error: unknown): { code?: string; message: string; exitStatus?: number } {
  if (error instanceof EngineError) {
    return { code: error.code, message: error.message, exitStatus: error.exitStatus };
  }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

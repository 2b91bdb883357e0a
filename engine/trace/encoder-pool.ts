/** The worker threads that encode: one long task each, until the ring is closed. */
import { join } from 'node:path';
import type { EncodeResult } from '../../workers/encode.ts';
import { importModule } from '../import-module.ts';
import { packageRoot } from '../package-root.ts';
import type { EncoderStatistics, EncoderTask } from './slot-encoder.ts';
import { leaveStandardStreamsBlocking } from './standard-streams.ts';
import { TraceError } from './trace-error.ts';

export interface EncoderPool {
  /** What the workers did. @throws TraceError of the first that failed, when all have ended. */
  readonly finished: Promise<EncoderStatistics[]>;
}

/** The worker's code: the source under tsx, else the bundle's. */
function workerModule(): { filename: string; execArgv: string[] } {
  if (import.meta.url.endsWith('.ts')) {
    return { filename: join(packageRoot, 'workers/encode.ts'), execArgv: ['--import', 'tsx'] };
  }
  return { filename: join(packageRoot, 'dist/encode.mjs'), execArgv: [] };
}

/**
 * Starts a thread for each task. `onFailure` is called as soon as the first of them ends with an error: the ring must
 * then be marked as failed, for a worker that was killed cannot do it itself.
 */
export async function startEncoderPool(
  tasks: readonly EncoderTask[],
  onFailure: (error: TraceError) => void,
): Promise<EncoderPool> {
  leaveStandardStreamsBlocking();
  const { Piscina } = (await importModule('piscina')) as typeof import('piscina');
  const pool = new Piscina({
    ...workerModule(),
    minThreads: tasks.length,
    maxThreads: tasks.length,
    // The tasks run until the end of the recording, so none may wait behind another.
    concurrentTasksPerWorker: 1,
    stricterFIFO: true,
  });
  const died = (cause: unknown): TraceError => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `a worker that encodes the trace died: ${reason}`;
    return new TraceError('TRACE_WORKER_DIED', tasks[0]!.directory, text, { cause });
  };
  // The pool starts another worker in the place of one that died. When that dies, too, no task is there to say so.
  pool.on('error', (cause: unknown) => onFailure(died(cause)));
  const run = async (task: EncoderTask): Promise<EncoderStatistics> => {
    const result = await (pool.run(task) as Promise<EncodeResult>).catch((cause: unknown) => {
      throw died(cause);
    });
    if ('failure' in result) {
      const { code, file, what } = result.failure;
      throw new TraceError(code, file, what);
    }
    return result.statistics;
  };
  const runs = tasks.map((task) =>
    run(task).catch((error: TraceError) => {
      onFailure(error);
      throw error;
    }),
  );
  const finished = Promise.allSettled(runs).then(async (results) => {
    await pool.destroy();
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  });
  // Whoever waits for it gets the error; until then it must not count as unhandled.
  finished.catch(() => undefined);
  return { finished };
}

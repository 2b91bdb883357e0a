import { EngineError } from '../errors.ts';
import { writeAll } from '../write-all.ts';
import type { RecordOptions } from './options.ts';

/** Whether this process itself is being recorded. */
export function isRecorded(): boolean {
  return process.env.RUNNING_UNDER_RR === '1';
}

/**
 * Tells the front to become the program (native/launcher/nested.h has the form) and gives the exit status that lets it.
 * @throws EngineError NESTED when no front waits for the answer
 */
export function runUnrecorded({ exactArguments, env }: RecordOptions): number {
  const descriptor = process.env._RR_NESTED_FD;
  const answer = `${[exactArguments.length, ...env].join('\0')}\0`;
  if (descriptor === undefined || !/^\d{1,9}$/.test(descriptor) || !writeAll(Number(descriptor), answer)) {
    throw new EngineError('NESTED', 'record: --nested=ignore works with bin/rr only, which starts the program itself');
  }
  return 0;
}

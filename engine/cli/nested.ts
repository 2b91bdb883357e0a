import { readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { writeAll } from '../write-all.ts';
import type { RecordOptions } from './options.ts';

/** Where a recording has a page of its own in each process (preload/layout.h), as /proc/PID/maps has it. */
const recordersPage = /^70000000-/m;

/** Whether this process itself is being recorded: the environment tells, which may have been cleared, or the memory. */
export function isRecorded(): boolean {
  return process.env.RUNNING_UNDER_RR === '1' || hasRecordersPage();
}

/** @throws EngineError NESTED in a process that is being recorded: its memory is taken where a replay wants its own. */
export function refuseRecordedReplay(): void {
  if (!hasRecordersPage()) return;
  throw new EngineError(
    'NESTED',
    'replay: this runs under a recording, and replays cannot be recorded; run rr replay outside of it',
  );
}

function hasRecordersPage(): boolean {
  return recordersPage.test(readFileSync('/proc/self/maps', 'latin1'));
}

/**
 * Tells the front to become the program (native/launcher/nested.h has the form) and gives the exit status that lets it.
 * @throws EngineError NESTED when no front waits for the answer
 */
export function runUnrecorded({ exactArguments, env }: RecordOptions, how: 'ignore' | 'release'): number {
  const descriptor = process.env._RR_NESTED_FD;
  const answer = `${[how === 'release' ? how : 'record', exactArguments.length, ...env].join('\0')}\0`;
  if (descriptor === undefined || !/^\d{1,9}$/.test(descriptor) || !writeAll(Number(descriptor), answer)) {
    throw new EngineError('NESTED', 'record: --nested works with bin/rr only, which starts the program itself');
  }
  return 0;
}

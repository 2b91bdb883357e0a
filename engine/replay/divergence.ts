import { readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { type FrameView, registerIndex } from '../generated/schema.ts';
import { printable } from '../printable.ts';
import type { RegisterDifference } from './compare.ts';
import type { ReplayProcesses } from './primitives.ts';
import { eventText, type RecentEvents } from './recent-events.ts';
import { register } from './registers.ts';
import type { Task } from './task.ts';

/** The replay is not the recording any more. The message is the whole report, of several lines. */
export class Divergence extends EngineError {
  /** Event of the recording that was not reached, or not as recorded. */
  readonly event: number;

  constructor(event: number, report: string) {
    super('DIVERGENCE', report);
    this.event = event;
  }
}

export interface DivergenceDetails {
  readonly expected: string;
  readonly found: string;
  readonly registers?: readonly RegisterDifference[];
  /** Where the process stands; left out: the task's own registers. */
  readonly address?: number;
}

const codeBefore = 16;
const codeAfter = 16;
const recentLimit = 10;

/** Composes the report while the process is still there to be looked at. */
export function makeDivergence(
  processes: ReplayProcesses,
  recent: RecentEvents,
  frame: FrameView,
  task: Task,
  details: DivergenceDetails,
): Divergence {
  const address = details.address ?? register(task.registers, registerIndex.rip);
  const lines = [
    `replay diverged from the recording at event ${frame.eventNumber}`,
    `  event     ${eventText(frame.eventKind, frame.number)}`,
    `  task      ${task.tid} of process ${task.threadGroup} (${printable(task.name)}); here process ${task.pid}`,
    `  expected  ${details.expected}`,
    `  found     ${details.found}`,
    ...(details.registers ?? []).map(
      ({ name, expected, found }) => `  ${name.padEnd(9)} expected ${expected}, found ${found}`,
    ),
    ...placeLines(processes, task, address),
    '  last events of the task:',
    ...recent.linesOf(task.tid, recentLimit).map((line) => `    ${line}`),
    `  To find out more: \`rr dump TRACE ${Math.max(1, frame.eventNumber - 20)}-${frame.eventNumber}\`; a recording with`,
    '  `rr -C on-all-events record` tells the first event after which memory differs.',
  ];
  return new Divergence(frame.eventNumber, lines.join('\n'));
}

/** The mapping around an address, and the bytes there. */
function placeLines(processes: ReplayProcesses, task: Task, address: number): readonly string[] {
  const place = `0x${address.toString(16)}`;
  let maps: string;
  try {
    maps = readFileSync(`/proc/${task.pid}/maps`, 'latin1');
  } catch (error) {
    return [`  at        ${place}; its mappings cannot be read: ${(error as NodeJS.ErrnoException).code}`];
  }
  const line = maps.split('\n').find((each) => {
    const [start, end] = (each.split(' ')[0] ?? '').split('-').map((digits) => Number.parseInt(digits, 16));
    return start !== undefined && end !== undefined && address >= start && address < end;
  });
  const file = task.addressSpace.files.find(address);
  const bytes = new Uint8Array(codeBefore + codeAfter);
  const before = processes.readMemory(task.pid, address - codeBefore, bytes, 0, codeBefore);
  const after = processes.readMemory(task.pid, address, bytes, codeBefore, codeAfter);
  const hex = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('hex');
  return [
    `  at        ${place}${file ? ` = ${printable(file.path)} + 0x${(address - file.start + file.offset).toString(16)}` : ''}`,
    `  mapping   ${line ? line.replace(/\s+/g, ' ') : 'none'}`,
    ...(after > 0
      ? [`  code      ${before === codeBefore ? hex(0, codeBefore) : ''} > ${hex(codeBefore, codeBefore + after)}`]
      : []),
  ];
}

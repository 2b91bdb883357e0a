/** Events as lines of text. */
import { printable } from '../printable.ts';
import type { DumpedData, DumpedEvent, DumpedMapping } from './dumped-event.ts';
import type { TaskEvent } from './process-table.ts';
import { waitStatusText } from './process-table.ts';
import { hex, seconds, shellWords } from './text.ts';

const eventWidth = 7;
const timeWidth = 11;
const tidWidth = 7;
const kindWidth = 13;
const registersInLine = 4;
const registerWidth = 26;
const indent = ' '.repeat(eventWidth + 1);

export const eventHeading = `${'EVENT'.padStart(eventWidth)} ${'SECONDS'.padStart(timeWidth)} ${'TID'.padStart(tidWidth)} ${'KIND'.padEnd(kindWidth)} WHAT\n`;

/** The line of an event, and those of whatever was chosen of it, each with its newline. */
export function eventLines(event: DumpedEvent): string {
  const { event: number, time, tid, kind, text, flags, stdio, data, mappings, tasks, buffered, sockets } = event;
  // Buffered calls have lines of their own (-b).
  const extra = [...(flags ?? []).filter((flag) => flag !== 'buffered'), ...(stdio === undefined ? [] : [stdio])].join(
    ', ',
  );
  const columns = [
    String(number).padStart(eventWidth),
    seconds(time).padStart(timeWidth),
    String(tid).padStart(tidWidth),
    kind.padEnd(kindWidth),
    `${printable(text)}${extra === '' ? '' : ` [${extra}]`}`,
  ];
  return [
    ...(buffered ?? []).map((each) => bufferedLine(tid, each)),
    columns.join(' ').trimEnd(),
    ...rawLines(event),
    ...(tasks ?? []).map(taskLine),
    ...(mappings ?? []).map(mappingLine),
    ...(data ?? []).map(dataLine),
    ...(sockets ?? []).map((each) => `${indent}socket ${printable(each)}`),
    '',
  ].join('\n');
}

function rawLines({ number, registers }: DumpedEvent): string[] {
  if (registers === undefined) return [];
  const cells = Object.entries(registers).map(([name, value]) => `${name}=${value}`.padEnd(registerWidth));
  const lines = [`${indent}number ${number}`];
  for (let index = 0; index < cells.length; index += registersInLine) {
    lines.push(
      `${indent}${cells
        .slice(index, index + registersInLine)
        .join(' ')
        .trimEnd()}`,
    );
  }
  return lines;
}

/** Before the line of its event; the event and the time are those of that. */
function bufferedLine(tid: number, text: string): string {
  const columns = [
    ' '.repeat(eventWidth),
    ' '.repeat(timeWidth),
    String(tid).padStart(tidWidth),
    'buffered'.padEnd(kindWidth),
    printable(text),
  ];
  return columns.join(' ').trimEnd();
}

function taskLine({ kind, tid, parentTid, threadGroup, status, strings }: TaskEvent): string {
  const what = {
    start: `made by ${parentTid}`,
    exec: `was ${parentTid}: ${shellWords(strings)}`,
    exit: waitStatusText(status),
  }[kind];
  return `${indent}task ${kind} ${tid} of ${threadGroup}, ${what}`;
}

function mappingLine({ address, length, protection, shared, source, offset, path, hash }: DumpedMapping): string {
  const end = BigInt(address) + BigInt(length);
  const content = hash === undefined ? source : `${source} ${hash.slice(0, 16)}`;
  const file = path === '' ? '' : ` ${printable(path)} + ${hex(offset)}`;
  return `${indent}map ${address}-${hex(end)} ${protection}${shared ? 's' : 'p'} ${content}${file}`;
}

function dataLine({ space, tid, address, length }: DumpedData): string {
  return `${indent}data ${space} ${address} + ${length} of ${tid}`;
}

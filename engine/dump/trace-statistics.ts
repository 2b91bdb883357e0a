/** What a recording consists of: counts of events, and bytes by kind of record. */
import { eventKindNames, eventKinds, type FrameView, frameFlags } from '../generated/schema.ts';
import { syscallName } from '../syscalls/decode.ts';
import { trappedInstruction } from '../trace/buffer-entries.ts';
import type { LaneSize } from '../trace/reader.ts';
import { byteCount } from './text.ts';

const schedName = eventKindNames[eventKinds.sched]!;

/**
 * Calls that change the address space or never return: they stop the program for other reasons than their own cost, and
 * are left out of the share that is buffered.
 */
const structural: ReadonlySet<string> = new Set([
  ...['mmap', 'munmap', 'mprotect', 'mremap', 'madvise', 'brk', 'pkey_mprotect', 'shmat', 'shmdt'],
  ...['execve', 'execveat', 'exit', 'exit_group'],
]);

interface CallCount {
  calls: number;
  /** Of them, those that the in-tracee runtime recorded. */
  buffered: number;
  /** Bytes of the data records that came with them. */
  dataBytes: number;
}

export class TraceStatistics {
  #events = 0;
  #weakStops = 0;
  readonly #kinds = new Map<string, number>();
  readonly #instructions = new Map<string, number>();
  readonly #calls = new Map<string, CallCount>();

  /** Counts an event; `dataBytes` is the payload of its data records. */
  add({ eventKind, number, flags }: FrameView, dataBytes: number): void {
    this.#events++;
    if (eventKind === eventKinds.sched && flags & frameFlags.weak) this.#weakStops++;
    const kind = eventKindNames[eventKind] ?? `kind ${eventKind}`;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    const isEnter = eventKind === eventKinds.syscallEnter;
    if (eventKind !== eventKinds.syscall && eventKind !== eventKinds.syscallExit && !isEnter) return;
    const name = syscallName(number);
    const count = this.#count(name);
    // An entry belongs to an exit that is counted; exit and exit_group have none.
    if (!isEnter || name.startsWith('exit')) count.calls++;
    count.dataBytes += dataBytes;
  }

  /** Counts a buffered call; `dataBytes` is what it wrote. Or an instruction that would have trapped. */
  addBuffered(number: number, dataBytes: number): void {
    const instruction = trappedInstruction(number);
    if (instruction !== undefined) {
      this.#instructions.set(instruction, (this.#instructions.get(instruction) ?? 0) + 1);
      return;
    }
    const count = this.#count(syscallName(number));
    count.calls++;
    count.buffered++;
    count.dataBytes += dataBytes;
  }

  #count(name: string): CallCount {
    let count = this.#calls.get(name);
    if (count === undefined) {
      count = { calls: 0, buffered: 0, dataBytes: 0 };
      this.#calls.set(name, count);
    }
    return count;
  }

  /** Calls other than those of the mmap family, exec and exit, and how many of them were buffered. */
  #share(): { readonly calls: number; readonly buffered: number } {
    let calls = 0;
    let buffered = 0;
    for (const [name, count] of this.#calls) {
      if (structural.has(name)) continue;
      calls += count.calls;
      buffered += count.buffered;
    }
    return { calls, buffered };
  }

  /** As a value for JSON; kinds and calls by falling count. */
  toJSON() {
    const byCount = <Value>(map: ReadonlyMap<string, Value>, count: (value: Value) => number) =>
      Object.fromEntries([...map].sort(([, one], [, other]) => count(other) - count(one)));
    return {
      events: this.#events,
      bufferable: this.#share(),
      kinds: byCount(this.#kinds, (count) => count),
      forcedStops: { all: this.#kinds.get(schedName) ?? 0, weak: this.#weakStops },
      calls: byCount(this.#calls, ({ calls }) => calls),
      bufferedInstructions: byCount(this.#instructions, (count) => count),
    };
  }
}

const percent = (part: number, whole: number) => `${whole === 0 ? '0.0' : ((100 * part) / whole).toFixed(1)}%`;

/** Tables for people; the bytes of lanes are those of the whole trace, whichever events were chosen. */
export function statisticsText(statistics: TraceStatistics, lanes: Readonly<Record<string, LaneSize>>): string {
  const { events, bufferable, kinds, calls, bufferedInstructions, forcedStops } = statistics.toJSON();
  const rows = (list: readonly (readonly string[])[]) =>
    list
      .map(([name, ...cells]) => `  ${name!.padEnd(20)}${cells.map((cell) => cell.padStart(12)).join('')}\n`)
      .join('');
  const sizes = Object.entries(lanes);
  const stored = sizes.reduce((sum, [, lane]) => sum + lane.storedBytes, 0);
  const raw = sizes.reduce((sum, [, lane]) => sum + lane.rawBytes, 0);
  const laneRow = (name: string, lane: Omit<LaneSize, 'chunks' | 'records'>, records: string) => [
    name,
    records,
    byteCount(lane.rawBytes),
    byteCount(lane.storedBytes),
    percent(lane.storedBytes, stored),
    lane.storedBytes === 0 ? '--' : (lane.rawBytes / lane.storedBytes).toFixed(1),
  ];
  return [
    `${events} events\n`,
    forcedStops.all === 0 ? '' : `${forcedStops.all} forced stops, ${forcedStops.weak} of them weak\n`,
    rows([
      ['kind', 'count', 'share'],
      ...Object.entries(kinds).map(([name, count]) => [name, `${count}`, percent(count, events)]),
    ]),
    '\nsystem calls\n',
    rows([
      ['call', 'count', 'buffered', 'data'],
      ...Object.entries(calls).map(([name, { calls: count, buffered, dataBytes }]) => [
        name,
        `${count}`,
        `${buffered}`,
        byteCount(dataBytes),
      ]),
    ]),
    `\n${bufferable.buffered} of ${bufferable.calls} calls other than the mmap family, exec and exit were buffered: `,
    `${percent(bufferable.buffered, bufferable.calls)}\n`,
    ...Object.entries(bufferedInstructions).map(([name, count]) => `${count} ${name} without a trap\n`),
    '\nbytes of the trace\n',
    rows([
      ['lane', 'records', 'raw', 'stored', 'share', 'ratio'],
      ...sizes.map(([name, lane]) => laneRow(name, lane, `${lane.records}`)),
      laneRow(
        'all',
        { rawBytes: raw, storedBytes: stored },
        `${sizes.reduce((sum, [, lane]) => sum + lane.records, 0)}`,
      ),
    ]),
  ].join('');
}

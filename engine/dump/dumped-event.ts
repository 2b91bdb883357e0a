/** An event of a trace as a value that does not change: what `rr dump` prints, as text or JSON. */
import {
  type DataRecordView,
  dataSpaceNames,
  dataSpaces,
  eventKindNames,
  eventKinds,
  type FrameView,
  frameFlags,
  type MappingView,
  mappingSourceNames,
  mappingSources,
  registerIndex,
  registerNames,
  trapKindNames,
} from '../generated/schema.ts';
import { decodeSyscall, type ReadMemory, signalName, syscallName } from '../syscalls/decode.ts';
import { bufferedCall, entryOffsets, readBufferEntries, trappedInstruction } from '../trace/buffer-entries.ts';
import type { TraceReader } from '../trace/reader.ts';
import { type TaskEvent, waitStatusText } from './process-table.ts';
import { readTaskEvent } from './read-processes.ts';
import { givenAddress } from './socket-address.ts';
import { hex, shellWords } from './text.ts';

export interface DumpedData {
  readonly space: string;
  readonly tid: number;
  readonly address: string;
  readonly length: number;
}

export interface DumpedMapping {
  readonly tid: number;
  readonly address: string;
  readonly length: number;
  readonly protection: string;
  readonly shared: boolean;
  readonly source: string;
  readonly offset: number;
  readonly path: string;
  /** Content in the store; absent without one. */
  readonly hash?: string;
}

export interface DumpedEvent {
  readonly event: number;
  /** Nanoseconds since the recording began. */
  readonly time: number;
  readonly tid: number;
  readonly kind: string;
  /** What happened: a decoded call, a signal's name, ... */
  readonly text: string;
  /** The calls that the in-tracee runtime recorded before the event: decoded. */
  readonly buffered?: readonly string[];
  /** Frame flags that are set. */
  readonly flags?: readonly string[];
  readonly stdio?: 'stdout' | 'stderr';
  /** Raw: the frame's number, and registers by name. */
  readonly number?: number;
  readonly registers?: Readonly<Record<string, string>>;
  readonly data?: readonly DumpedData[];
  readonly mappings?: readonly DumpedMapping[];
  readonly tasks?: readonly TaskEvent[];
  /** Socket addresses that the event's call, and buffered ones before it, gave: `accept4: 127.0.0.1:80`. */
  readonly sockets?: readonly string[];
}

/** What to print besides the event itself. */
export interface DumpChoice {
  readonly raw: boolean;
  readonly data: boolean;
  readonly mappings: boolean;
  readonly tasks: boolean;
  readonly buffered: boolean;
  readonly sockets: boolean;
}

/** Bytes of a data record that are kept for decoding: more than any argument shows. */
const decodedBytes = 4096;
const argumentRegisters = ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const;
const sharedMapping = 1;

interface KeptData {
  readonly shown: DumpedData;
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** The reader's current event. @throws TraceError */
export function dumpEvent(reader: TraceReader, choice: DumpChoice): DumpedEvent {
  const { frame } = reader;
  const entries = readEntries(reader);
  const data = readAll(frame.dataCount, () => reader.nextData(), keepData);
  const tasks = readAll(frame.taskCount, () => reader.nextTask(), readTaskEvent);
  const sockets = choice.sockets ? socketLines(frame, entries, data) : [];
  const flags = Object.entries(frameFlags)
    .filter(([, bit]) => (frame.flags & bit) !== 0)
    .map(([name]) => name);
  return {
    event: frame.eventNumber,
    time: frame.timeNumber,
    tid: frame.tid,
    kind: eventKindNames[frame.eventKind] ?? `kind ${frame.eventKind}`,
    text: eventText(frame, data, tasks),
    ...(choice.buffered && entries !== undefined ? { buffered: bufferedTexts(entries) } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(frame.stdio === 1 ? { stdio: 'stdout' as const } : frame.stdio === 2 ? { stdio: 'stderr' as const } : {}),
    ...(choice.raw ? { number: frame.number, registers: registersOf(frame) } : {}),
    ...(choice.data && data.length > 0 ? { data: data.map(({ shown }) => shown) } : {}),
    ...(choice.mappings && frame.mappingCount > 0
      ? { mappings: readAll(frame.mappingCount, () => reader.nextMapping(), dumpMapping) }
      : {}),
    ...(choice.tasks && tasks.length > 0 ? { tasks } : {}),
    ...(sockets.length > 0 ? { sockets } : {}),
  };
}

function readEntries(reader: TraceReader): Buffer | undefined {
  if (!(reader.frame.flags & frameFlags.buffered)) return undefined;
  return readBufferEntries(() => reader.nextData());
}

function bufferedTexts(entries: Buffer): readonly string[] {
  return (entryOffsets(entries) ?? []).map((offset) => {
    const { number, args, returnAddress, result, writes, strings } = bufferedCall(entries, offset);
    const known = [...strings.map(withEnd), ...writes];
    const instruction = trappedInstruction(number);
    if (instruction !== undefined) return `${instruction} at 0x${returnAddress.toString(16)}`;
    return decodeSyscall(number, args, result, (address, length) => {
      for (const { address: start, bytes } of known) {
        const at = Number(address - start);
        if (at >= 0 && at + length <= bytes.length) return bytes.subarray(at, at + length);
      }
      return undefined;
    });
  });
}

/** The addresses of buffered calls, then that of the event's own. */
function socketLines(frame: FrameView, entries: Buffer | undefined, data: readonly KeptData[]): string[] {
  const lines: string[] = [];
  const add = (number: number, address: string | undefined): void => {
    if (address !== undefined) lines.push(`${syscallName(number)}: ${address}`);
  };
  for (const offset of (entries && entryOffsets(entries)) ?? []) {
    const { number, args, result, writes } = bufferedCall(entries!, offset);
    add(
      number,
      givenAddress(number, args, result, (at) => writes.find(({ address }) => address === at)?.bytes),
    );
  }
  if (frame.eventKind === eventKinds.syscall || frame.eventKind === eventKinds.syscallExit) {
    const written = (at: bigint) => data.find(({ address, bytes }) => address === at && bytes.length > 0)?.bytes;
    const result = frame.register(registerIndex.rax);
    add(frame.number, givenAddress(frame.number, callArguments(frame), result, written));
  }
  return lines;
}

/** A string as it stands in memory. */
function withEnd<Piece extends { readonly bytes: Uint8Array }>(piece: Piece): Piece {
  return { ...piece, bytes: Uint8Array.of(...piece.bytes, 0) };
}

/** The records as values: a view is good until the next one is read. */
function readAll<View, Value>(
  count: number,
  next: () => View | undefined,
  convert: (view: View) => Value | undefined,
): Value[] {
  const values: Value[] = [];
  for (let index = 0; index < count; index++) {
    const view = next();
    const value = view === undefined ? undefined : convert(view);
    if (value !== undefined) values.push(value);
  }
  return values;
}

function keepData(view: DataRecordView): KeptData {
  const { address, tid, space, length } = view;
  return {
    shown: { space: dataSpaceNames[space] ?? `space ${space}`, tid, address: hex(address), length },
    address,
    bytes: keptBytes(view),
  };
}

function keptBytes({ space, payload }: DataRecordView): Uint8Array {
  if (space === dataSpaces.memory) return payload.slice(0, decodedBytes);
  return space === dataSpaces.string ? Uint8Array.of(...payload, 0) : new Uint8Array(0);
}

function dumpMapping(view: MappingView): DumpedMapping {
  const { tid, address, lengthNumber, protection, mapFlags, source, offsetNumber, payload, hash } = view;
  return {
    tid,
    address: hex(address),
    length: lengthNumber,
    protection: `${protection & 1 ? 'r' : '-'}${protection & 2 ? 'w' : '-'}${protection & 4 ? 'x' : '-'}`,
    shared: (mapFlags & 3) === sharedMapping || (mapFlags & 3) === 3,
    source: mappingSourceNames[source] ?? `source ${source}`,
    offset: offsetNumber,
    path: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString(),
    ...(source === mappingSources.store ? { hash: Buffer.from(hash).toString('hex') } : {}),
  };
}

function registersOf(frame: FrameView): Readonly<Record<string, string>> {
  return Object.fromEntries(registerNames.map((name, index) => [name, hex(frame.register(index))]));
}

/** What the event says in one line, without its kind. */
function eventText(frame: FrameView, data: readonly KeptData[], tasks: readonly TaskEvent[]): string {
  const { number } = frame;
  const { rip, rax } = registerIndex;
  const place = `at ${hex(frame.register(rip))}`;
  switch (frame.eventKind) {
    case eventKinds.syscall:
    case eventKinds.syscallExit: {
      // What rt_sigreturn restored are not its arguments.
      if (syscallName(number) === 'rt_sigreturn') return 'rt_sigreturn()';
      return decodeSyscall(number, callArguments(frame), frame.register(rax), memoryOf(data));
    }
    case eventKinds.syscallEnter:
      return decodeSyscall(number, callArguments(frame), undefined, memoryOf(data)).replace(/ = \?$/, ' ...');
    case eventKinds.signal:
    case eventKinds.signalHandler:
      return `${signalName(number)} ${place}`;
    case eventKinds.step:
    case eventKinds.registersSet:
      return place;
    case eventKinds.trap:
      return `${trapKindNames[number] ?? `trap ${number}`} ${place}`;
    case eventKinds.taskStart: {
      const start = tasks.find(({ kind }) => kind === 'start');
      if (start === undefined) return '';
      if (start.parentTid === 0) return 'the first process';
      return start.tid === start.threadGroup
        ? `process made by ${start.parentTid}`
        : `thread of ${start.threadGroup} made by ${start.parentTid}`;
    }
    case eventKinds.exec: {
      const [path = '', ...words] = tasks.find(({ kind }) => kind === 'exec')?.strings ?? [];
      return `${path}: ${shellWords(words)}`;
    }
    case eventKinds.exit: {
      const exit = tasks.find(({ kind }) => kind === 'exit');
      return waitStatusText(exit?.status ?? number);
    }
    case eventKinds.traceEnd:
      return waitStatusText(number);
    default:
      return `number ${number}`;
  }
}

function callArguments(frame: FrameView): bigint[] {
  return argumentRegisters.map((name) => frame.register(registerIndex[name]));
}

/** Memory as far as the event's own data tells. */
function memoryOf(data: readonly KeptData[]): ReadMemory {
  return (address, length) => {
    for (const { address: start, bytes } of data) {
      const offset = address - start;
      if (offset < 0n || offset + BigInt(length) > BigInt(bytes.length)) continue;
      return bytes.subarray(Number(offset), Number(offset) + length);
    }
    return undefined;
  };
}

/** Traces made by hand: records built field by field, and the program that they tell of, assembled beside them. */
import {
  DataRecordView,
  dataOffsets,
  dataSize,
  dataSpaces,
  eventKinds,
  FrameView,
  frameOffsets,
  frameSize,
  MappingView,
  mappingOffsets,
  mappingSize,
  mappingSources,
  recordHeaderOffsets,
  recordKinds,
  registerIndex,
  registerNames,
  TaskView,
  taskKinds,
  taskOffsets,
  taskSize,
} from '../../engine/generated/schema.ts';
import type { EventSource } from '../../engine/replay/event-source.ts';

export type RegisterName = (typeof registerNames)[number];
export type Registers = Record<RegisterName, bigint>;

export interface DataFields {
  readonly address?: number | bigint;
  readonly tid?: number;
  readonly space?: number;
  readonly bytes: Uint8Array;
}

export interface MappingFields {
  readonly address: number | bigint;
  readonly length: number | bigint;
  readonly protection: number;
  readonly mapFlags: number;
  readonly source?: number;
  readonly offset?: number | bigint;
  readonly device?: number;
  readonly inode?: number;
  readonly fileSize?: number;
  readonly hash?: string;
  readonly path?: string;
}

export interface TaskFields {
  readonly kind: number;
  readonly tid: number;
  readonly parentTid?: number;
  readonly cloneFlags?: number;
  readonly status?: number;
  readonly threadGroup?: number;
  /** Path, arguments: each with its end. */
  readonly text?: string;
}

export interface EventFields {
  readonly kind: number;
  readonly number?: number;
  readonly flags?: number;
  readonly stdio?: number;
  readonly time?: number;
  readonly tid: number;
  readonly registers: Registers;
  readonly data?: readonly DataFields[];
  readonly mappings?: readonly MappingFields[];
  readonly tasks?: readonly TaskFields[];
}

interface BuiltEvent {
  readonly frame: Uint8Array;
  readonly data: readonly Uint8Array[];
  readonly mappings: readonly Uint8Array[];
  readonly tasks: readonly Uint8Array[];
}

function record(size: number, kind: number, flags: number, event: number): DataView {
  const view = new DataView(new ArrayBuffer(Math.ceil(size / 8) * 8));
  view.setUint32(recordHeaderOffsets.size, view.byteLength, true);
  view.setUint8(recordHeaderOffsets.kind, kind);
  view.setUint8(recordHeaderOffsets.flags, flags);
  view.setBigUint64(recordHeaderOffsets.event, BigInt(event), true);
  return view;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

function buildFrame(event: number, fields: EventFields): Uint8Array {
  const view = record(frameSize, recordKinds.frame, fields.flags ?? 0, event);
  view.setBigUint64(frameOffsets.time, BigInt(fields.time ?? event * 1000), true);
  view.setInt32(frameOffsets.tid, fields.tid, true);
  view.setInt32(frameOffsets.number, fields.number ?? 0, true);
  view.setUint8(frameOffsets.eventKind, fields.kind);
  view.setUint8(frameOffsets.stdio, fields.stdio ?? 0);
  view.setUint32(frameOffsets.dataCount, fields.data?.length ?? 0, true);
  view.setUint32(frameOffsets.mappingCount, fields.mappings?.length ?? 0, true);
  view.setUint32(frameOffsets.taskCount, fields.tasks?.length ?? 0, true);
  for (const name of registerNames) {
    view.setBigUint64(frameOffsets.registers + 8 * registerIndex[name], fields.registers[name], true);
  }
  return bytesOf(view);
}

function buildData(event: number, tid: number, fields: DataFields): Uint8Array {
  const view = record(dataSize + fields.bytes.length, recordKinds.data, 0, event);
  view.setBigUint64(dataOffsets.address, BigInt(fields.address ?? 0), true);
  view.setInt32(dataOffsets.tid, fields.tid ?? tid, true);
  view.setUint8(dataOffsets.space, fields.space ?? dataSpaces.memory);
  view.setUint32(dataOffsets.length, fields.bytes.length, true);
  bytesOf(view).set(fields.bytes, dataSize);
  return bytesOf(view);
}

function buildMapping(event: number, tid: number, fields: MappingFields): Uint8Array {
  const path = Buffer.from(fields.path ?? '');
  const view = record(mappingSize + path.length, recordKinds.mapping, 0, event);
  view.setBigUint64(mappingOffsets.address, BigInt(fields.address), true);
  view.setBigUint64(mappingOffsets.length, BigInt(fields.length), true);
  view.setBigUint64(mappingOffsets.offset, BigInt(fields.offset ?? 0), true);
  view.setBigUint64(mappingOffsets.device, BigInt(fields.device ?? 0), true);
  view.setBigUint64(mappingOffsets.inode, BigInt(fields.inode ?? 0), true);
  view.setBigUint64(mappingOffsets.fileSize, BigInt(fields.fileSize ?? 0), true);
  view.setInt32(mappingOffsets.tid, tid, true);
  view.setUint32(mappingOffsets.protection, fields.protection, true);
  view.setUint32(mappingOffsets.mapFlags, fields.mapFlags, true);
  view.setUint8(mappingOffsets.source, fields.source ?? mappingSources.anonymous);
  bytesOf(view).set(Buffer.from(fields.hash ?? '', 'hex'), mappingOffsets.hash);
  view.setUint32(mappingOffsets.pathLength, path.length, true);
  bytesOf(view).set(path, mappingSize);
  return bytesOf(view);
}

function buildTask(event: number, fields: TaskFields): Uint8Array {
  const text = Buffer.from(fields.text ?? '');
  const view = record(taskSize + text.length, recordKinds.task, 0, event);
  view.setInt32(taskOffsets.tid, fields.tid, true);
  view.setInt32(taskOffsets.parentTid, fields.parentTid ?? 0, true);
  view.setInt32(taskOffsets.threadGroup, fields.threadGroup ?? fields.tid, true);
  view.setInt32(taskOffsets.status, fields.status ?? 0, true);
  view.setBigUint64(taskOffsets.cloneFlags, BigInt(fields.cloneFlags ?? 0), true);
  view.setUint8(taskOffsets.taskKind, fields.kind);
  view.setUint32(taskOffsets.textLength, text.length, true);
  bytesOf(view).set(text, taskSize);
  return bytesOf(view);
}

/** Events in memory. */
export class SyntheticTrace implements EventSource {
  private readonly events: BuiltEvent[] = [];
  private position = -1;
  private dataPosition = 0;
  private mappingPosition = 0;
  private taskPosition = 0;
  readonly frame = new FrameView();
  private readonly dataView = new DataRecordView();
  private readonly mappingView = new MappingView();
  private readonly taskView = new TaskView();

  add(fields: EventFields): void {
    const event = this.events.length + 1;
    this.events.push({
      frame: buildFrame(event, fields),
      data: (fields.data ?? []).map((each) => buildData(event, fields.tid, each)),
      mappings: (fields.mappings ?? []).map((each) => buildMapping(event, fields.tid, each)),
      tasks: (fields.tasks ?? []).map((each) => buildTask(event, each)),
    });
  }

  /** All records, in the order in which a recorder writes them. */
  records(): readonly Uint8Array[] {
    return this.events.flatMap(({ data, mappings, tasks, frame }) => [...data, ...mappings, ...tasks, frame]);
  }

  next(): boolean {
    const event = this.events[++this.position];
    if (event === undefined) return false;
    this.frame.bind(event.frame, 0);
    this.dataPosition = this.mappingPosition = this.taskPosition = 0;
    return true;
  }

  nextData(): DataRecordView | undefined {
    const record = this.events[this.position]!.data[this.dataPosition++];
    return record && this.dataView.bind(record, 0);
  }

  nextMapping(): MappingView | undefined {
    const record = this.events[this.position]!.mappings[this.mappingPosition++];
    return record && this.mappingView.bind(record, 0);
  }

  nextTask(): TaskView | undefined {
    const record = this.events[this.position]!.tasks[this.taskPosition++];
    return record && this.taskView.bind(record, 0);
  }
}

/** Where the synthetic program and its stack lie. */
export const codeStart = 0x40_0000;
export const stackStart = 0x7fff_0000_0000;
export const stackLength = 0x2000;
export const initialTid = 1000;

const flags = 0x202n;
const notImplemented = -38n;

const unsigned = (value: bigint | number): bigint => BigInt.asUintN(64, BigInt(value));

/** Opcode bytes of `mov REGISTER, imm64`. */
const moves: Partial<Record<RegisterName, readonly number[]>> = {
  rax: [0x48, 0xb8],
  rdi: [0x48, 0xbf],
  rsi: [0x48, 0xbe],
  rdx: [0x48, 0xba],
  r10: [0x49, 0xba],
  r8: [0x49, 0xb8],
  r9: [0x49, 0xb9],
};
const argumentNames: readonly RegisterName[] = ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'];

/**
 * Assembles a program while it tells what it does: each method appends instructions and the event that they lead to,
 * with the registers that a processor would have there.
 */
export class SyntheticProgram {
  readonly trace = new SyntheticTrace();
  readonly registers: Registers;
  private readonly code: number[] = [];
  private readonly later: EventFields[] = [];
  tid = initialTid;

  constructor() {
    const zero = Object.fromEntries(registerNames.map((name) => [name, 0n])) as Registers;
    this.registers = {
      ...zero,
      cs: 0x33n,
      ss: 0x2bn,
      eflags: flags,
      rip: BigInt(codeStart),
      rsp: BigInt(stackStart + stackLength - 64),
    };
  }

  /** Loads registers. */
  set(values: Partial<Record<RegisterName, number | bigint>>): void {
    for (const [name, value] of Object.entries(values) as [RegisterName, number | bigint][]) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(unsigned(value));
      this.emit([...moves[name]!, ...bytes]);
      this.registers[name] = unsigned(value);
    }
  }

  /** Instructions without an event. What they do to registers is the caller's to tell. */
  emit(bytes: readonly number[]): void {
    this.code.push(...bytes);
    this.registers.rip += BigInt(bytes.length);
  }

  event(fields: Partial<EventFields> & { readonly kind: number }): void {
    this.later.push({ tid: this.tid, registers: { ...this.registers }, ...fields });
  }

  private enter(number: number, args: readonly (number | bigint)[]): void {
    for (const [index, value] of args.entries()) this.set({ [argumentNames[index]!]: value });
    this.set({ rax: number });
    this.emit([0x0f, 0x05]);
    this.registers.rcx = this.registers.rip;
    this.registers.r11 = this.registers.eflags;
    this.registers.orig_rax = BigInt(number);
  }

  /** A system call and its event. */
  call(
    number: number,
    args: readonly (number | bigint)[],
    result: number | bigint,
    more: Partial<EventFields> = {},
  ): void {
    this.enter(number, args);
    this.registers.rax = unsigned(result);
    this.event({ kind: eventKinds.syscall, number, ...more });
  }

  /** A system call that is entered only. */
  callEnter(number: number, args: readonly (number | bigint)[]): void {
    this.enter(number, args);
    this.registers.rax = unsigned(notImplemented);
    this.event({ kind: eventKinds.syscallEnter, number });
  }

  /** The end of one that was entered. */
  callExit(number: number, result: number | bigint, more: Partial<EventFields> = {}): void {
    this.registers.rax = unsigned(result);
    this.event({ kind: eventKinds.syscallExit, number, ...more });
  }

  /** The trace: task and program start, the events, and the end. */
  finish(status = 0): SyntheticTrace {
    for (const event of this.events(status)) this.trace.add(event);
    return this.trace;
  }

  /** The events of the trace: the start of the task is the first, its program the second, the end the last. */
  events(status = 0): EventFields[] {
    const start: Registers = { ...this.registers, ...new SyntheticProgram().registers };
    const code = Uint8Array.from(this.code);
    const length = Math.max(4096, Math.ceil(code.length / 4096) * 4096);
    const events: EventFields[] = [];
    events.push({
      kind: eventKinds.taskStart,
      tid: initialTid,
      registers: start,
      tasks: [{ kind: taskKinds.start, tid: initialTid }],
    });
    events.push({
      kind: eventKinds.exec,
      number: 59,
      tid: initialTid,
      registers: start,
      tasks: [{ kind: taskKinds.exec, tid: initialTid, parentTid: initialTid }],
      mappings: [
        { address: codeStart, length, protection: 5, mapFlags: 2, source: mappingSources.recorded, path: '/bin/made' },
        { address: stackStart, length: stackLength, protection: 3, mapFlags: 0x122, source: mappingSources.stack },
      ],
      data: [{ address: codeStart, bytes: code }],
    });
    events.push(...this.later);
    events.push({ kind: eventKinds.traceEnd, number: status, tid: initialTid, registers: start });
    return events;
  }
}

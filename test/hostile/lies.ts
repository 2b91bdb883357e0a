/**
 * Traces that are valid but for one lie. Each is made twice, by the same hand: with the truth, so that it is known to be
 * a trace that replays, and with the lie in its place.
 */
import { dataSpaces, eventKinds, frameFlags, mappingSources, taskKinds } from '../../engine/generated/schema.ts';
import {
  codeStart,
  type DataFields,
  type EventFields,
  initialTid,
  type MappingFields,
  type RegisterName,
  SyntheticProgram,
  stackStart,
} from '../replay/synthetic-trace.ts';

/**
 * What ends the replay of a lie: `sense` is one line that calls the trace damaged, `store` one that names the file that is
 * missing, `divergence` the report that the program does something else. `harmless` is that report or none, as the machine
 * is: what counts is that no call is made.
 */
export type Ending = 'sense' | 'divergence' | 'store' | 'harmless';

export interface Lie {
  readonly name: string;
  readonly ending: Ending;
  /** The events: with the lie, or with what is right in its place. */
  make(lies: boolean): readonly EventFields[];
}

export const page = 4096;
export const area = 0x10_0000_0000;
export const ourPage = 0x7000_0000;
const ourEnd = 0x7000_2000;
const userEnd = 0x7fff_ffff_f000;
const readWrite = 3;
const privateAnonymous = 0x22;
const shared = 1;
const spare = area + 2 ** 30;

const call = {
  read: 0,
  write: 1,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  brk: 12,
  writev: 20,
  mremap: 25,
  madvise: 28,
  shmat: 30,
  shmdt: 67,
  getpid: 39,
  clone: 56,
  exit: 60,
  creat: 85,
  sendto: 44,
  modify_ldt: 154,
} as const;

/** A program that may lie: what its author does with `value` is the same for both. */
type Write<Value> = (program: SyntheticProgram, value: Value) => void;

/** A lie for each of the values. */
function lies<Value>(
  what: string,
  ending: Ending,
  truth: Value,
  values: Readonly<Record<string, Value>>,
  write: Write<Value>,
): readonly Lie[] {
  return Object.entries(values).map(([name, value]) => ({
    name: `${what}: ${name}`,
    ending,
    make: (isLie) => {
      const program = new SyntheticProgram();
      write(program, isLie ? value : truth);
      program.call(call.getpid, [], 1);
      return program.events();
    },
  }));
}

/** Lies that change the events of a program whose author is honest. */
function changes(
  what: string,
  ending: Ending,
  write: (program: SyntheticProgram) => void,
  change: Readonly<Record<string, (events: EventFields[]) => readonly EventFields[]>>,
): readonly Lie[] {
  return Object.entries(change).map(([name, apply]) => ({
    name: `${what}: ${name}`,
    ending,
    make: (isLie) => {
      const program = new SyntheticProgram();
      write(program);
      program.call(call.getpid, [], 1);
      const events = program.events();
      return isLie ? apply(events) : events;
    },
  }));
}

const replaced = (events: readonly EventFields[], index: number, fields: Partial<EventFields>): EventFields[] =>
  events.map((event, at) => (at === index ? { ...event, ...fields } : event));

const rightMapping: MappingFields = {
  address: area,
  length: 4 * page,
  protection: readWrite,
  mapFlags: privateAnonymous,
};

function map(program: SyntheticProgram, fields: MappingFields = rightMapping): void {
  program.call(call.mmap, [area, 4 * page, readWrite, privateAnonymous, -1, 0], area, { mappings: [fields] });
}

const mapping = (fields: Partial<MappingFields>): MappingFields => ({ ...rightMapping, ...fields });

/** Ranges that no recording has: start and length. */
const badRanges: Readonly<Record<string, readonly [number | bigint, number | bigint]>> = {
  'our first page': [ourPage, page],
  'our second page': [ourPage + page, page],
  'across our pages': [ourPage - page, 8 * page],
  'the end of which is ours': [ourPage - 4 * page, 5 * page],
  'all of memory': [0, userEnd],
  'beyond user space': [userEnd, page],
  'the kernel': [0xffff_8000_0000_0000n, page],
  'wrapping around': [0xffff_ffff_ffff_f000n, 2 * page],
  'wrapping around to our pages': [0xffff_ffff_ffff_f000n, ourPage + 2 * page],
  'of 2^62 bytes': [area, 2n ** 62n],
  'of 2^64 - 4096 bytes': [area, 2n ** 64n - 4096n],
};

const mappingLies: readonly Lie[] = [
  ...lies(
    'a mapping',
    'sense',
    rightMapping,
    Object.fromEntries([
      ...Object.entries(badRanges).map(([name, [address, length]]) => [name, mapping({ address, length })] as const),
      ['of no bytes', mapping({ length: 0 })],
      ['of half a page', mapping({ length: 2048 })],
      ['in the middle of a page', mapping({ address: area + 8 })],
      ['of an unknown source', mapping({ source: 99 })],
      ['of a file beyond byte 2^53', mapping({ source: 2, mapFlags: shared, inode: 7, offset: 2n ** 63n })],
      ['of a private file beyond byte 2^53', mapping({ source: mappingSources.store, inode: 7, offset: 2n ** 60n })],
      ['of a file from its byte 5 on', mapping({ source: 2, mapFlags: shared, inode: 7, offset: 5 })],
    ]),
    map,
  ),
  ...lies(
    'a file of the store',
    'store',
    rightMapping,
    {
      'that it has not': mapping({ source: mappingSources.store, hash: '00'.repeat(32), fileSize: 4096, inode: 7 }),
      'that it has not, shared': mapping({
        source: mappingSources.store,
        mapFlags: shared,
        hash: 'ff'.repeat(32),
        fileSize: 2 ** 52,
        inode: 8,
      }),
    },
    map,
  ),
];

type Range = readonly [number | bigint, number | bigint];
const rightRange: Range = [area, page];

/** Calls whose arguments are in registers. */
function rangeCall(number: number, third: number): Write<Range> {
  return (program, [start, length]) => {
    map(program);
    program.call(number, [start, length, third], 0);
  };
}

const callLies: readonly Lie[] = [
  ...lies('munmap', 'sense', rightRange, badRanges, rangeCall(call.munmap, 0)),
  ...lies('mprotect', 'sense', rightRange, badRanges, rangeCall(call.mprotect, 7)),
  ...lies('madvise', 'sense', rightRange, badRanges, rangeCall(call.madvise, 4)),
  ...lies('mremap to', 'sense', [spare, page] as Range, badRanges, (program, [start, length]) => {
    map(program);
    program.call(call.mremap, [area, page, length, 3, start], start);
  }),
  ...lies('mremap of', 'sense', rightRange, badRanges, (program, [start, length]) => {
    map(program);
    program.call(call.mremap, [start, length, page, 3, spare], spare);
  }),
  ...lies(
    'the heap',
    'sense',
    area,
    {
      'ends in our pages': ourPage + page,
      'ends behind our pages': ourEnd + page,
      'ends in the kernel': 0xffff_8000_0000_0000n,
      'ends at 2^62': 2n ** 62n,
    } as Readonly<Record<string, number | bigint>>,
    (program, end) => {
      program.call(call.brk, [0], ourPage - page);
      program.call(call.brk, [0], ourPage - 8 * page);
      program.call(call.brk, [end], typeof end === 'number' && end === area ? ourPage - 4 * page : end);
    },
  ),
  ...lies(
    'a segment',
    'sense',
    rightRange,
    { 'attached to our pages': badRanges['our first page']!, 'attached to the kernel': badRanges['the kernel']! },
    (program, [address, length]) => {
      program.call(call.shmat, [1, 0, 0], address, { mappings: [mapping({ address, length, mapFlags: shared })] });
    },
  ),
  ...lies(
    'a segment detached from',
    'sense',
    rightRange,
    { 'our pages': badRanges['our first page']!, 'all of memory': badRanges['all of memory']! },
    (program, [address, length]) => {
      map(program);
      program.call(call.shmdt, [area], 0, { mappings: [mapping({ address, length })] });
    },
  ),
];

const word = Buffer.alloc(8);
const rightData: DataFields = { address: stackStart, bytes: word };

function read(program: SyntheticProgram, data: DataFields): void {
  program.call(call.read, [5, stackStart, 8], 8, { data: [data] });
}

function checksumOf(start: number | bigint, length: number | bigint, sum = 0n): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(start), 0);
  bytes.writeBigUInt64LE(BigInt(length), 8);
  bytes.writeBigUInt64LE(sum, 16);
  return bytes;
}

const dataLies: readonly Lie[] = [
  ...lies(
    'data',
    'sense',
    rightData,
    {
      'in our first page': { address: ourPage, bytes: word },
      'in our second page': { address: ourPage + page + 8, bytes: word },
      'up to our first page': { address: ourPage - 4, bytes: word },
      'over all our pages': { address: ourPage - 4, bytes: Buffer.alloc(4 * page) },
      'behind user space': { address: userEnd, bytes: word },
      'in the kernel': { address: 0xffff_8000_0000_0000n, bytes: word },
      'at the end of all addresses': { address: 2n ** 64n - 4n, bytes: word },
      'of a task that is not there': { ...rightData, tid: 4711 },
      'of an unknown space': { space: 200, bytes: word },
      'of a forced stop, where none is': { space: dataSpaces.pointMemory, bytes: word },
      'of buffered calls, where none are': { space: dataSpaces.syscallBuffer, bytes: word },
      'of debug registers, too few': { space: dataSpaces.debugRegisters, bytes: word },
      'of debug registers, too many': { space: dataSpaces.debugRegisters, bytes: Buffer.alloc(640) },
      'of half a checksum': { space: dataSpaces.checksum, bytes: Buffer.alloc(12) },
      'of a checksum of 2^62 bytes': { space: dataSpaces.checksum, bytes: checksumOf(area, 2n ** 62n) },
      'of a checksum of the kernel': { space: dataSpaces.checksum, bytes: checksumOf(0xffff_8000_0000_0000n, page) },
      'of a checksum of our pages': { space: dataSpaces.checksum, bytes: checksumOf(ourPage, page) },
      'of a checksum that wraps around': { space: dataSpaces.checksum, bytes: checksumOf(area, 2n ** 64n - 4096n) },
      'of output to no stream': { space: dataSpaces.output, bytes: word },
    } as Readonly<Record<string, DataFields>>,
    read,
  ),
  ...lies(
    'data',
    'divergence',
    rightData,
    {
      'where nothing is mapped': { address: 0x5555_0000, bytes: word },
      'in page zero': { address: 0, bytes: word },
      'of extended registers, too few': { space: dataSpaces.xsave, bytes: word },
      'of extended registers, too many': { space: dataSpaces.xsave, bytes: Buffer.alloc(1 << 20, 0xff) },
      'of debug registers in the kernel': { space: dataSpaces.debugRegisters, bytes: Buffer.alloc(64, 0xff) },
      'of a checksum of memory that is not there': {
        space: dataSpaces.checksum,
        bytes: checksumOf(0x5555_0000, page, 1n),
      },
    } as Readonly<Record<string, DataFields>>,
    read,
  ),
];

const outputLies: readonly Lie[] = [
  ...lies('a write', 'sense', 5, { 'of 2^40 bytes': 2 ** 40, 'of 2^31 bytes': 2 ** 31 }, (program, length) => {
    program.call(call.write, [1, stackStart, length], length, { stdio: 1 });
  }),
  ...lies('a write', 'divergence', 5, { 'of more bytes than there are': 0x7fff_f000 }, (program, length) => {
    program.call(call.write, [1, stackStart, length], length, { stdio: 1 });
  }),
  ...lies('a write', 'sense', 1, { 'to stream 3': 3, 'to stream 255': 255 }, (program, stdio) => {
    program.call(call.write, [1, stackStart, 5], 5, { stdio });
  }),
  ...lies('writev', 'sense', 0, { 'of 2^40 bytes': 2 ** 40 }, (program, length) => {
    program.call(call.writev, [1, stackStart, 2 ** 40], length, { stdio: 1 });
  }),
  ...lies('sendto', 'divergence', stackStart, { 'from our pages': ourPage + 2 * page - 2 }, (program, start) => {
    program.call(call.sendto, [1, start, 8], 8, { stdio: 1 });
  }),
];

const child = 1001;

/** A task that makes another, which ends at once. */
function fork(program: SyntheticProgram, change: Partial<EventFields> = {}): void {
  program.callEnter(call.clone, [0, 0, 0, 0, 0]);
  program.event({
    kind: eventKinds.taskStart,
    tid: child,
    registers: { ...program.registers, rax: 0n },
    tasks: [{ kind: taskKinds.start, tid: child, parentTid: initialTid }],
    ...change,
  });
  program.callExit(call.clone, child);
  program.event({ kind: eventKinds.exit, tid: child, tasks: [{ kind: taskKinds.exit, tid: child }] });
}

/** Of the events: the task's start, its program, and behind them the fork's. */
const at = { start: 0, exec: 1, enter: 2, child: 3, leave: 4, exit: 5 } as const;

const taskLies: readonly Lie[] = changes('tasks', 'sense', fork, {
  'the first is its own parent': (events) =>
    replaced(events, at.start, { tasks: [{ kind: taskKinds.start, tid: initialTid, parentTid: initialTid }] }),
  'the first starts twice': (events) => events.toSpliced(1, 0, events[at.start]!),
  'the first starts again when it is gone': (events) =>
    events.toSpliced(2, 0, { ...events[at.exit]!, tid: initialTid }, events[at.start]!, events[at.exec]!),
  'a start without its record': (events) => replaced(events, at.child, { tasks: [] }),
  'a start of one that is there': (events) =>
    replaced(events, at.child, {
      tid: initialTid,
      tasks: [{ kind: taskKinds.start, tid: initialTid, parentTid: initialTid }],
    }),
  'a start by one that is not there': (events) =>
    replaced(events, at.child, { tasks: [{ kind: taskKinds.start, tid: child, parentTid: 4711 }] }),
  'a start under another id': (events) =>
    replaced(events, at.child, { tasks: [{ kind: taskKinds.start, tid: 1002, parentTid: initialTid }] }),
  'a start with id 0': (events) =>
    replaced(events, at.child, { tid: 0, tasks: [{ kind: taskKinds.start, tid: 0, parentTid: initialTid }] }),
  'a start with a negative id': (events) =>
    replaced(events, at.child, { tid: -5, tasks: [{ kind: taskKinds.start, tid: -5, parentTid: initialTid }] }),
  'a start by one that computes': (events) => events.toSpliced(at.enter, 0, events[at.child]!),
  'an exec of one that is not there': (events) =>
    replaced(events, at.exec, { tasks: [{ kind: taskKinds.exec, tid: initialTid, parentTid: 4711 }] }),
  'an exec without its record': (events) => replaced(events, at.exec, { tasks: [] }),
  'an exec that takes the id of another': (events) =>
    events.toSpliced(at.leave, 0, { ...events[at.exec]!, tid: child }),
  'an end of one that is not there': (events) => replaced(events, at.exit, { tid: 4711 }),
  'a call of one that is gone': (events) => events.toSpliced(at.exit + 1, 0, { ...events[at.enter]!, tid: child }),
  'an end that writes to our pages': (events) =>
    replaced(events, at.exit, { data: [{ address: ourPage, bytes: word }] }),
  'an end that writes to the kernel': (events) =>
    replaced(events, at.exit, { data: [{ address: 2n ** 63n, bytes: word }] }),
  'a call that ends twice': (events) => events.toSpliced(at.leave, 0, events[at.leave]!),
  'a call that begins twice': (events) => events.toSpliced(at.enter, 0, events[at.enter]!),
  'an event of an unknown kind': (events) => replaced(events, at.leave, { kind: 99 }),
  'a trap of an unknown kind': (events) => replaced(events, at.exit + 1, { kind: eventKinds.trap, number: 99 }),
  'a signal without its siginfo': (events) =>
    replaced(events, at.exit + 1, {
      kind: eventKinds.signal,
      number: 11,
      flags: frameFlags.deterministic,
      data: [{ space: dataSpaces.signalInfo, bytes: word }],
    }),
  'buffered calls that are not there': (events) => replaced(events, at.exit + 1, { flags: frameFlags.buffered }),
  'buffered calls beyond the buffer': (events) =>
    replaced(events, at.exit + 1, {
      flags: frameFlags.buffered,
      data: [{ address: 2 ** 40, space: dataSpaces.syscallBuffer, bytes: word }],
    }),
  'a buffered call without a size': (events) =>
    replaced(events, at.exit + 1, {
      flags: frameFlags.buffered,
      data: [{ address: 24, space: dataSpaces.syscallBuffer, bytes: Buffer.alloc(24) }],
    }),
});

const otherTaskLies: readonly Lie[] = changes('tasks', 'divergence', fork, {
  'a call that is another': (events) => replaced(events, at.enter, { number: call.creat }),
  'registers that are others': (events) =>
    replaced(events, at.enter, { registers: { ...events[at.enter]!.registers, rbx: 5n } }),
  'a step at a system call': (events) => replaced(events, at.exit + 1, { kind: eventKinds.step, number: 5 }),
  'a signal that does not come': (events) =>
    replaced(events, at.exit + 1, { kind: eventKinds.signal, number: 9999, flags: frameFlags.deterministic }),
  'a program without code': (events) => replaced(events, at.exec, { data: [] }),
});

const nop = 0x90;

/** A forced stop behind one instruction. */
function stop(program: SyntheticProgram, change: Partial<EventFields>): void {
  program.emit([nop]);
  program.event({ kind: eventKinds.sched, ...change });
}

const registersOf = (program: SyntheticProgram, values: Partial<Record<RegisterName, bigint>>) => ({
  ...program.registers,
  ...values,
});

function piece(address: bigint, length: bigint, bytes: number): Uint8Array {
  const piece = Buffer.alloc(16 + bytes);
  piece.writeBigUInt64LE(address, 0);
  piece.writeBigUInt64LE(length, 8);
  return piece;
}

const stopLies: readonly Lie[] = [
  ...lies(
    'a forced stop',
    'sense',
    undefined,
    {
      'in our first page': BigInt(ourPage),
      'behind our system call': BigInt(ourPage + 2),
      'in our second page': BigInt(ourPage + page),
      'in the kernel': 0xffff_8000_0000_0000n,
      'at the end of all addresses': 2n ** 64n - 1n,
      'behind user space': BigInt(userEnd),
    } as Readonly<Record<string, bigint | undefined>>,
    (program, rip) => {
      if (rip === undefined) program.emit([nop]);
      else stop(program, { registers: registersOf(program, { rip }) });
    },
  ),
  ...lies(
    'a forced stop with a piece of memory',
    'sense',
    undefined,
    {
      'that ends early': piece(0n, 4096n, 8),
      'of 2^62 bytes': piece(0n, 2n ** 62n, 8),
      'of 2^64 - 1 bytes': piece(0n, 2n ** 64n - 1n, 8),
      'in the kernel': piece(2n ** 63n, 8n, 8),
      'without a length': Buffer.alloc(8),
      'of more than any stop has': piece(0n, 16n << 20n, 16 << 20),
    } as Readonly<Record<string, Uint8Array | undefined>>,
    (program, bytes) => {
      if (bytes === undefined) program.emit([nop]);
      else stop(program, { data: [{ space: dataSpaces.pointMemory, bytes }] });
    },
  ),
  ...lies(
    'a forced stop with data',
    'sense',
    undefined,
    {
      'of an unknown space': { space: 77, bytes: word },
      'of half a checksum': { space: dataSpaces.checksum, bytes: Buffer.alloc(12) },
    } as Readonly<Record<string, DataFields | undefined>>,
    (program, data) => {
      if (data === undefined) program.emit([nop]);
      else stop(program, { data: [data] });
    },
  ),
];

/** What would make the kernel act, if anything could. */
const attacks: readonly Lie[] = [
  ...lies('creat, by a step', 'divergence', false, { 'over a system call': true }, (program, steps) => {
    program.set({ rax: call.creat, rdi: stackStart, rsi: 0o777 });
    program.event({ kind: eventKinds.registersSet });
    program.emit([0x0f, 0x05]);
    program.registers.rcx = program.registers.rip;
    program.registers.r11 = program.registers.eflags;
    program.registers.orig_rax = BigInt(call.creat);
    program.registers.rax = 3n;
    program.event(steps ? { kind: eventKinds.step, number: 5 } : { kind: eventKinds.syscall, number: call.creat });
  }),
  ...lies(
    'creat, by our instruction',
    'divergence',
    undefined,
    { 'stepped over': eventKinds.step, 'run to': eventKinds.syscall, 'run over, to a signal': eventKinds.signal },
    (program, kind) => {
      if (kind === undefined) return;
      program.registers.rax = BigInt(call.creat);
      program.registers.rdi = BigInt(stackStart);
      program.registers.rip = BigInt(ourPage);
      program.event({ kind: eventKinds.registersSet });
      program.registers.rip = BigInt(ourPage + (kind === eventKinds.signal ? 3 : 2));
      program.registers.rax = 3n;
      program.event({ kind, number: kind === eventKinds.syscall ? call.creat : 5, flags: frameFlags.deterministic });
    },
  ),
  ...lies(
    'creat, by int 0x80',
    // Where the kernel knows such calls, recordings have them, and this is one: answered without the kernel.
    'harmless',
    undefined,
    { 'stepped over': eventKinds.step, 'run to': eventKinds.syscall },
    (program, kind) => {
      if (kind === undefined) return;
      program.set({ rax: 8, rdi: stackStart });
      program.emit([0xcd, 0x80]);
      program.event({ kind, number: 8 });
    },
  ),
  ...lies(
    'creat, by sysenter',
    'divergence',
    undefined,
    { 'stepped over': eventKinds.step, 'run to': eventKinds.syscall },
    (program, kind) => {
      if (kind === undefined) return;
      program.set({ rax: 8, rdi: stackStart });
      program.emit([0x0f, 0x34]);
      program.event({ kind, number: 8 });
    },
  ),
  ...lies(
    'a call by the vsyscall page',
    'sense',
    undefined,
    { 'that returns to our page': ourPage, 'that returns to the kernel': 2 ** 53 },
    (program, place) => {
      if (place === undefined) return;
      program.event({
        kind: eventKinds.syscall,
        number: 96,
        flags: frameFlags.vsyscall,
        registers: registersOf(program, { rip: BigInt(place) }),
      });
    },
  ),
  ...lies(
    'code of the trace’s own in our page',
    'sense',
    undefined,
    // mov $85, %eax; mov $codeStart, %edi; syscall: for the next call that the tracer makes.
    { 'for the next call': Buffer.from([0xb8, 85, 0, 0, 0, 0xbf, 0, 0, 0x40, 0, 0x0f, 0x05, 0xcc]) },
    (program, bytes) => {
      if (bytes !== undefined) read(program, { address: ourPage, bytes });
      map(program);
    },
  ),
  ...lies('a code segment', 'divergence', 0x33n, { 'of 32 bits': 0x23n }, (program, cs) => {
    program.event({ kind: eventKinds.registersSet, registers: registersOf(program, { cs }) });
  }),
  ...lies('a code segment', 'sense', 0x33n, { 'of the kernel': 0x10n, 'of null': 0n }, (program, cs) => {
    program.event({ kind: eventKinds.registersSet, registers: registersOf(program, { cs }) });
  }),
  ...lies(
    'a segment base',
    'sense',
    0n,
    { 'in the kernel': 0xffff_8000_0000_0000n, 'that is no address': 2n ** 63n },
    (program, base) => {
      program.event({ kind: eventKinds.registersSet, registers: registersOf(program, { fs_base: base }) });
    },
  ),
  ...lies('segments of its own', 'divergence', 0, { 'of 2^40 bytes': 2 ** 40 }, (program, size) => {
    if (size > 0) program.call(call.modify_ldt, [0x11, codeStart, size], 0);
  }),
];

export const allLies: readonly Lie[] = [
  ...mappingLies,
  ...callLies,
  ...dataLies,
  ...outputLies,
  ...taskLies,
  ...otherTaskLies,
  ...stopLies,
  ...attacks,
];

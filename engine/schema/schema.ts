/**
 * The trace schema: every raw record that the recorder writes into a ring slot, field by field.
 *
 * This is one of the two sources of truth (the other is engine/syscalls/). `npm run generate` compiles it into C++
 * structs (native/generated/), AssemblyScript constants (codec/generated/) and TypeScript views (engine/generated/).
 * All values are little-endian; a field is naturally aligned; a record's size is a multiple of 8.
 */

export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** Number of elements, for an array; 1 when left out. */
  readonly count?: number;
  /**
   * How the codec foretells it. `previous` (when left out): as in the lane's record before; `task`: as in the task's
   * frame before; `raw`: as `previous`, but stored whole when it differs (for what has no near values).
   */
  readonly coding?: 'previous' | 'task' | 'raw';
  readonly doc: string;
}

export type LaneName = 'events' | 'data' | 'mmaps' | 'tasks';

export interface RecordShape {
  /** Value of the header's `kind`. */
  readonly kind: number;
  readonly lane: LaneName;
  /** Fields after the common header. */
  readonly fields: readonly Field[];
  /** The field that holds the length of the variable payload behind the fixed fields, in bytes before padding. */
  readonly payloadLength?: string;
  readonly doc: string;
}

/**
 * Format number stored in the `version` file and in each chunk; a reader refuses any other. 2: what tells a forced stop from
 * others of its address is one record. 3: what calls send and the strings that they read are there to be compared. 4: data
 * that the store has is a reference, and chunks may be modelled. 5: chunks may be patched. 6: they may be packed, or their
 * columns modelled. 7: several slots may be one chunk. 8: until a
 * trace is closed, slots may be in several chunks.
 */
export const formatVersion = 8;
/** The oldest that is still read: what came since is only more. */
export const oldestFormatVersion = 3;

export const lanes: Readonly<Record<LaneName, number>> = { events: 0, data: 1, mmaps: 2, tasks: 3 };

/** Names of `registers` in a frame: Linux's `struct user_regs_struct` for x86-64 (sys/user.h), in its order. */
export const registerNames = [
  'r15',
  'r14',
  'r13',
  'r12',
  'rbp',
  'rbx',
  'r11',
  'r10',
  'r9',
  'r8',
  'rax',
  'rcx',
  'rdx',
  'rsi',
  'rdi',
  'orig_rax',
  'rip',
  'cs',
  'eflags',
  'rsp',
  'ss',
  'fs_base',
  'gs_base',
  'ds',
  'es',
  'fs',
  'gs',
] as const;

export const recordHeader: readonly Field[] = [
  { name: 'size', type: 'u32', doc: 'Whole record in bytes, header and padding included; a multiple of 8.' },
  { name: 'kind', type: 'u8', doc: 'Which record this is.' },
  { name: 'flags', type: 'u8', doc: 'Flags of the kind.' },
  { name: 'reserved', type: 'u16', doc: 'Zero.' },
  { name: 'event', type: 'u64', doc: 'Number of the event that this record belongs to; the first is 1.' },
];

export const records: Readonly<Record<'frame' | 'data' | 'mapping' | 'task', RecordShape>> = {
  frame: {
    kind: 1,
    lane: 'events',
    doc: 'One event. It is written after the data, mapping and task records of the same event, and closes it.',
    fields: [
      { name: 'time', type: 'u64', doc: 'Nanoseconds since the recording began (CLOCK_MONOTONIC), in steps of 1024.' },
      { name: 'tid', type: 'i32', doc: 'Recorded thread id of the task.' },
      {
        name: 'number',
        type: 'i32',
        doc: 'System call number, signal number, wait status or trap kind, by event kind.',
      },
      { name: 'eventKind', type: 'u8', coding: 'task', doc: 'One of eventKinds.' },
      {
        name: 'stdio',
        type: 'u8',
        doc: 'The call wrote to the recording’s own 1: standard output, 2: standard error; 0: neither.',
      },
      { name: 'reserved2', type: 'u16', doc: 'Zero.' },
      { name: 'dataCount', type: 'u32', coding: 'task', doc: 'Number of data records of this event.' },
      { name: 'mappingCount', type: 'u32', coding: 'task', doc: 'Number of mapping records of this event.' },
      { name: 'taskCount', type: 'u32', coding: 'task', doc: 'Number of task records of this event.' },
      {
        name: 'sent',
        type: 'u32',
        doc: 'Hash of what the call sends (preload/sent-hash.h); 0 where nothing is known.',
      },
      { name: 'reserved3', type: 'u32', doc: 'Zero.' },
      {
        name: 'ticks',
        type: 'u64',
        coding: 'task',
        doc: 'The task’s ticks since its start where a counter is in use; 2^64 - 1 where that failed; else 0.',
      },
      {
        name: 'registers',
        type: 'u64',
        count: 27,
        coding: 'task',
        doc: 'user_regs_struct after the event, see registerNames.',
      },
    ],
  },
  data: {
    kind: 2,
    lane: 'data',
    payloadLength: 'length',
    doc: 'Bytes that the kernel wrote (or state that is not memory, by `space`).',
    fields: [
      { name: 'address', type: 'u64', doc: 'Address in the task’s memory.' },
      { name: 'tid', type: 'i32', doc: 'Recorded thread id of the task whose address space it is.' },
      { name: 'space', type: 'u8', doc: 'One of dataSpaces.' },
      { name: 'reserved2', type: 'u8', doc: 'Zero.' },
      { name: 'reserved3', type: 'u16', doc: 'Zero.' },
      { name: 'length', type: 'u32', doc: 'Payload bytes before padding.' },
      { name: 'reserved4', type: 'u32', doc: 'Zero.' },
    ],
  },
  mapping: {
    kind: 3,
    lane: 'mmaps',
    payloadLength: 'pathLength',
    doc: 'A mapping that the event created. The payload is the path as the kernel named it.',
    fields: [
      { name: 'address', type: 'u64', doc: 'Start address.' },
      { name: 'length', type: 'u64', doc: 'Bytes, rounded up to pages.' },
      { name: 'offset', type: 'u64', doc: 'Offset in the file, bytes.' },
      { name: 'device', type: 'u64', doc: 'st_dev of the file, 0 without one.' },
      { name: 'inode', type: 'u64', doc: 'st_ino of the file, 0 without one.' },
      { name: 'fileSize', type: 'u64', doc: 'st_size of the file when it was mapped.' },
      { name: 'tid', type: 'i32', doc: 'Recorded thread id of the task that mapped it.' },
      { name: 'protection', type: 'u32', doc: 'PROT_* bits.' },
      { name: 'mapFlags', type: 'u32', doc: 'MAP_* bits.' },
      { name: 'source', type: 'u8', doc: 'One of mappingSources.' },
      { name: 'reserved2', type: 'u8', count: 3, doc: 'Zero.' },
      {
        name: 'hash',
        type: 'u8',
        count: 32,
        coding: 'raw',
        doc: 'Hash of the whole file in the store; zero without one.',
      },
      { name: 'pathLength', type: 'u32', doc: 'Payload bytes before padding.' },
      { name: 'reserved3', type: 'u32', doc: 'Zero.' },
    ],
  },
  task: {
    kind: 4,
    lane: 'tasks',
    payloadLength: 'textLength',
    doc: 'A change to the tree of tasks. The payload is NUL-terminated strings: for an exec the path, then the arguments.',
    fields: [
      { name: 'tid', type: 'i32', doc: 'Recorded thread id.' },
      {
        name: 'parentTid',
        type: 'i32',
        doc: 'start: the task that made it (0 for the first); exec: its tid before the exec.',
      },
      { name: 'threadGroup', type: 'i32', doc: 'Recorded thread group id (pid).' },
      { name: 'status', type: 'i32', doc: 'exit: the wait status.' },
      { name: 'cloneFlags', type: 'u64', doc: 'start: CLONE_* flags, the exit signal in the low byte.' },
      { name: 'taskKind', type: 'u8', doc: 'One of taskKinds.' },
      { name: 'reserved2', type: 'u8', count: 3, doc: 'Zero.' },
      { name: 'textLength', type: 'u32', doc: 'Payload bytes before padding.' },
    ],
  },
};

/** What an event is; docs/events.md tells for each what is recorded and what replay does. */
export const eventKinds = {
  syscall: 1,
  syscallEnter: 2,
  syscallExit: 3,
  signal: 4,
  signalHandler: 5,
  trap: 6,
  taskStart: 7,
  exec: 8,
  exit: 9,
  sched: 10,
  traceEnd: 11,
  step: 12,
  registersSet: 13,
} as const;

/** Flags of a frame's header. */
export const frameFlags = {
  /** signal: raised by the task's own instruction; replay runs until it comes. */
  deterministic: 1,
  /** signal: delivered instead of the system call at `rip`, which was reached and put off. */
  atSyscallEntry: 2,
  /** traceEnd: the recording ended before the program did (cap, disk full, killed). */
  incomplete: 4,
  /** syscallExit, syscall: the result was made by the recorder; the kernel was not asked. */
  emulated: 8,
  /** signal: the default action ends the process. */
  fatal: 16,
  /** sched: memory is too large to be hashed at each forced stop; the point is told by registers and pointMemory alone. */
  weak: 32,
  /** syscall: made through the vsyscall page, where the kernel acts without a system call stop. */
  vsyscall: 64,
  /** Calls that the in-tracee runtime recorded precede the event: its first data records, of space `syscallBuffer`. */
  buffered: 128,
} as const;

/** Flags of a data record's header. */
export const dataFlags = {
  /** Bytes that a call has read from a regular file which everybody may read. */
  fromFile: 1,
  /** In place of the payload, or within it, are references to pieces in the store. */
  stored: 2,
} as const;

/** A reference to a part of a piece. The parts of several, one behind the other, are the bytes that they stand for. */
export const pieceReference: readonly Field[] = [
  { name: 'hash', type: 'u8', count: 32, doc: 'SHA-256 of the whole piece.' },
  { name: 'offset', type: 'u32', doc: 'Where the part begins in the piece.' },
  { name: 'length', type: 'u32', doc: 'Bytes of the part, at least 1.' },
];

export const dataSpaces = {
  memory: 0,
  /** The task's XSAVE area (NT_X86_XSTATE), set after the event. */
  xsave: 1,
  /** siginfo_t of the signal, for display. */
  signalInfo: 2,
  /** Array of {u64 address, u64 length, u64 checksum}: memory checksums after the event. */
  checksum: 3,
  /** Bytes that the call wrote to standard output or error and that are not in the task's memory. */
  output: 4,
  /**
   * sched: memory around what the registers and the stack point to, to tell the point from others at its address. Pieces
   * of {u64 address, u64 length, bytes, padded to 8}, one behind the other; longer than a record, in several.
   */
  pointMemory: 5,
  /** sched: the task's XSAVE area, to compare with, without the zeros at its end. */
  pointXsave: 6,
  /**
   * Entries of the syscall buffer (preload/layout.h), made since the task's event before. `address` is the length of them
   * all; the payloads of the event's records of this space, one behind the other.
   */
  syscallBuffer: 7,
  /** The task's debug registers as its tracer in the recording has set them: DR0 to DR7, eight u64 (docs/ptrace.md). */
  debugRegisters: 8,
  /** A string that the call reads, before it does; without its end. */
  string: 9,
} as const;

export const mappingSources = {
  /** Zero pages. */
  anonymous: 0,
  /** The file in the store named by `hash`. */
  store: 1,
  /** Zero pages, then filled by the data records of the same event. */
  recorded: 2,
  /** The heap ([heap]), zero-length when the program has not called brk yet. */
  heap: 3,
  /** The stack: grows down; filled by data records. */
  stack: 4,
  /** The in-tracee runtime: replay maps its own (docs/syscall-buffer.md). */
  runtime: 5,
} as const;

export const taskKinds = { start: 1, exec: 2, exit: 3 } as const;

export const trapKinds = { rdtsc: 1, rdtscp: 2, cpuid: 3, random: 4 } as const;

/** Control block of the ring, at its start in the shared memory. Words marked futex are waited on. */
export const ringControl: readonly Field[] = [
  { name: 'magic', type: 'u32', doc: '0x52525247, "GRRR".' },
  { name: 'slotCount', type: 'u32', doc: 'Number of slots.' },
  { name: 'slotSize', type: 'u32', doc: 'Bytes of a slot.' },
  { name: 'stop', type: 'u32', doc: 'Set when consumers must stop.' },
  { name: 'fullSignal', type: 'u32', doc: 'Futex; incremented when a slot is sealed, and on stop.' },
  { name: 'freeSignal', type: 'u32', doc: 'Futex; incremented when a slot is freed, and on stop.' },
  { name: 'closed', type: 'u32', doc: 'Set when no further slot will be sealed.' },
  {
    name: 'failed',
    type: 'u32',
    doc: 'Set by a consumer that cannot go on: the producer drops what follows and says so.',
  },
  { name: 'sealed', type: 'u64', doc: 'Slots sealed so far.' },
  { name: 'taken', type: 'u64', doc: 'Slots taken so far; a consumer takes a slot by compare-and-swap.' },
  { name: 'waits', type: 'u64', doc: 'How often the producer had to wait for a free slot.' },
  { name: 'reserved', type: 'u64', doc: 'Zero.' },
];

/** Header of a slot, in an array behind the control block. The slot of sequence number n is n mod slotCount. */
export const slotHeader: readonly Field[] = [
  { name: 'state', type: 'u32', doc: '0 free, 1 filling, 2 full, 3 taken.' },
  { name: 'used', type: 'u32', doc: 'Bytes of records.' },
  { name: 'sequence', type: 'u64', doc: 'Global sequence number, from 0.' },
  { name: 'firstEvent', type: 'u64', doc: 'Smallest event number in it.' },
  { name: 'lastEvent', type: 'u64', doc: 'Largest event number in it.' },
  { name: 'laneMask', type: 'u32', doc: 'Bit per lane that has records in it.' },
  { name: 'recordCount', type: 'u32', doc: 'Number of records.' },
  { name: 'slotCount', type: 'u32', doc: 'Of a batch of slots that an encoder has made: how many; 0 in the ring.' },
  { name: 'old', type: 'u32', doc: '1: handed over for its age, before it was full.' },
  { name: 'reserved', type: 'u64', count: 2, doc: 'Zero.' },
];

/** Magic of the ring's control block. */
export const ringMagic = 0x52525247;

/** Values of a slot header's `state`. */
export const slotStates = { free: 0, filling: 1, full: 2, taken: 3 } as const;

/** Header of a chunk, the unit of a lane file; the stored bytes follow it. docs/trace-format.md tells more. */
export const chunkHeader: readonly Field[] = [
  { name: 'magic', type: 'u32', doc: '0x48435252, "RRCH".' },
  { name: 'headerSize', type: 'u16', doc: 'Bytes of this header: 64.' },
  { name: 'format', type: 'u16', doc: 'The format number, as in the version file.' },
  { name: 'lane', type: 'u8', doc: 'One of lanes; the same for every chunk of a file.' },
  { name: 'codec', type: 'u8', doc: 'One of chunkCodecs.' },
  { name: 'content', type: 'u8', doc: 'One of chunkContents.' },
  { name: 'laneMask', type: 'u8', doc: 'Bit per lane that has a chunk of the same slots; 0 in an index.' },
  { name: 'recordCount', type: 'u32', doc: 'Records in it (index: entries).' },
  {
    name: 'slotSequence',
    type: 'u64',
    doc: 'Sequence number of the first ring slot that it was made from; 0 in an index.',
  },
  { name: 'firstEvent', type: 'u64', doc: 'Event of its first record; 0 in an index.' },
  { name: 'lastEvent', type: 'u64', doc: 'Event of its last record; 0 in an index.' },
  { name: 'rawSize', type: 'u32', doc: 'Bytes of the records as the recorder wrote them (index: of the entries).' },
  {
    name: 'encodedSize',
    type: 'u32',
    doc: 'Bytes after the columns are coded, before packing or LZ4; of a modelled chunk its rawSize.',
  },
  { name: 'storedSize', type: 'u32', doc: 'Bytes that follow this header.' },
  {
    name: 'slotCount',
    type: 'u32',
    doc: 'Slots that it was made from, from slotSequence on, up to 65535; 0 in an index, and up to format 6, where it is one slot.',
  },
  {
    name: 'checksum',
    type: 'u64',
    doc: 'XXH64, seed 0, of this header with the field zero, then of the stored bytes.',
  },
];

export const chunkMagic = 0x48435252;

/** How the stored bytes come from the records. */
export const chunkCodecs = {
  /** They are the encoded bytes. */
  plain: 0,
  /** They are one LZ4 block of them. */
  lz4: 1,
  /** They are the records, each told by adaptive models; from format 4 on. */
  modelled: 2,
  /** They are a list of pieces in the store, and how the encoded bytes come of these; from format 5 on. */
  patched: 3,
  /** They are the encoded bytes, packed; from format 6 on. */
  packed: 4,
  /** They are the encoded bytes, told by adaptive models; from format 6 on. */
  modelledColumns: 5,
} as const;

/** What a chunk holds: records of its lane, or the list of the file's other chunks. */
export const chunkContents = { records: 0, index: 1 } as const;

/** One entry of an index chunk: a chunk of the same file, in the order of the file. */
export const indexEntry: readonly Field[] = [
  { name: 'offset', type: 'u64', doc: 'Offset of the chunk’s header in the file.' },
  { name: 'slotSequence', type: 'u64', doc: 'As in the chunk’s header.' },
  { name: 'firstEvent', type: 'u64', doc: 'As in the chunk’s header.' },
  { name: 'lastEvent', type: 'u64', doc: 'As in the chunk’s header.' },
  { name: 'storedSize', type: 'u32', doc: 'As in the chunk’s header.' },
  { name: 'rawSize', type: 'u32', doc: 'As in the chunk’s header.' },
  { name: 'recordCount', type: 'u32', doc: 'As in the chunk’s header.' },
  { name: 'laneMask', type: 'u8', doc: 'As in the chunk’s header.' },
  { name: 'reserved', type: 'u8', doc: 'Zero.' },
  { name: 'slotCount', type: 'u16', doc: 'As in the chunk’s header.' },
];

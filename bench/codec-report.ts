/**
 * The codec beside others, on the raw lanes of a workload's trace: stored bytes, and MB/s of a core. Ours by slots as a
 * recording has them (fast) and as `rr compress` makes them (best); lz4-napi by the same slots; `zstd`, `xz`, `lz4` and
 * brotli on whole lanes, where they are installed. What no command is there for is left empty.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { compressSync, uncompressSync } from 'lz4-napi';
import { type RecordView, slotHeaderOffsets } from '../engine/generated/schema.ts';
import { codecStaticBytes, compressionLevels, createSharedMemory, instantiateCodec } from '../engine/trace/codec.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { formatTable } from '../test/harness/table.ts';

/** Records beyond it are left out: xz -9 takes a second for each 2 MB. Bytes. */
const rawLimit = 16 << 20;
const recordingSlot = 1 << 20;
const compressSlot = 8 << 20;
/** Milliseconds of processor time that a speed is measured for at least. */
const leastTime = 300;

type Lanes = ReadonlyMap<string, Buffer>;

/** The records of a trace by lane, as far as the limit goes. */
export function rawLanes(trace: string): Lanes {
  const parts = new Map<string, Uint8Array[]>([
    ['events', []],
    ['data', []],
    ['mmaps', []],
    ['tasks', []],
  ]);
  let total = 0;
  const reader = TraceReader.open(trace);
  const take = (lane: string, view: RecordView): void => {
    parts.get(lane)!.push(view.buffer.slice(view.position, view.position + view.size));
    total += view.size;
  };
  try {
    while (total < rawLimit && reader.next()) {
      for (let view = reader.nextStoredData(); view; view = reader.nextStoredData()) take('data', view);
      for (let view = reader.nextMapping(); view; view = reader.nextMapping()) take('mmaps', view);
      for (let view = reader.nextTask(); view; view = reader.nextTask()) take('tasks', view);
      take('events', reader.frame);
    }
  } finally {
    reader.close();
  }
  return new Map([...parts].map(([lane, records]) => [lane, Buffer.concat(records)]));
}

/** Whole records of at most `most` bytes, one part behind the other. */
function inSlots(lane: Buffer, most: number): Buffer[] {
  const slots: Buffer[] = [];
  for (let start = 0, at = 0; at < lane.length; ) {
    const size = lane.readUInt32LE(at);
    if (at > start && at + size - start > most) {
      slots.push(lane.subarray(start, at));
      start = at;
    }
    at += size;
    if (at === lane.length) slots.push(lane.subarray(start, at));
  }
  return slots;
}

interface Speed {
  readonly stored: number;
  /** MB/s; the first pass of a module that has just been compiled, and when it is warm. */
  readonly cold: number;
  readonly encode: number;
  readonly decode: number;
}

const processorTime = (): number => process.cpuUsage().user / 1000;

/** MB/s of `run`, which handles `bytes` bytes, by processor time. */
function speedOf(bytes: number, run: () => void): number {
  const started = processorTime();
  let passes = 0;
  let time = 0;
  do {
    run();
    passes++;
    time = processorTime() - started;
  } while (time < leastTime);
  return (bytes * passes) / 1000 / time;
}

/** Encodes with the hash, as a recording does, and decodes again. */
function ours(lanes: Lanes, level: 'fast' | 'best', slotSize: number): Speed {
  const header = codecStaticBytes;
  const slot = header + 4096;
  const output = slot + slotSize + 4096;
  const work = output + slotSize * 3;
  const workBytes = slotSize * 4 + (8 << 20);
  const decoded = work + workBytes;
  const memory = createSharedMemory(decoded + slotSize + 4096);
  const codec = instantiateCodec(memory);
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const slots = [...lanes.values()].flatMap((lane) => inSlots(lane, slotSize));
  const raw = slots.reduce((sum, { length }) => sum + length, 0);
  const encode = (each: Buffer): number => {
    bytes.set(each, slot);
    view.setUint32(header + slotHeaderOffsets.used, each.length, true);
    const length = codec.encodeSlot(header, slot, slotSize, compressionLevels[level], output, work);
    if (length < 0) throw new Error(`encodeSlot: ${length}`);
    return length;
  };
  const chunks: Buffer[] = [];
  const started = processorTime();
  for (const each of slots) chunks.push(Buffer.from(bytes.slice(output, output + encode(each))));
  const cold = raw / 1000 / Math.max(0.1, processorTime() - started);
  const decode = (): void => {
    for (const chunk of chunks) {
      bytes.set(chunk, slot);
      const size = codec.decodeChunk(slot, chunk.length, decoded, slotSize, work, workBytes);
      if (size < 0) throw new Error(`decodeChunk: ${size}`);
    }
  };
  return {
    stored: chunks.reduce((sum, { length }) => sum + length, 0),
    cold,
    encode: speedOf(raw, () => {
      for (const each of slots) encode(each);
    }),
    decode: speedOf(raw, decode),
  };
}

function napi(lanes: Lanes): Speed {
  const slots = [...lanes.values()].flatMap((lane) => inSlots(lane, recordingSlot));
  const raw = slots.reduce((sum, { length }) => sum + length, 0);
  const blocks = slots.map((each) => compressSync(each));
  return {
    stored: blocks.reduce((sum, { length }) => sum + length, 0),
    cold: 0,
    encode: speedOf(raw, () => {
      for (const each of slots) compressSync(each);
    }),
    decode: speedOf(raw, () => {
      for (const each of blocks) uncompressSync(each);
    }),
  };
}

/** Bytes that a command makes of all lanes; undefined where it is not installed. */
function storedBy(lanes: Lanes, command: string, ...options: readonly string[]): number | undefined {
  let sum = 0;
  for (const lane of lanes.values()) {
    if (lane.length === 0) continue;
    const { status, stdout } = spawnSync(command, [...options, '-c'], { input: lane, maxBuffer: rawLimit * 2 });
    if (status !== 0) return undefined;
    sum += stdout.length;
  }
  return sum;
}

/** MB/s that the command's own benchmark tells for the largest lane, compressing; undefined where it is not installed. */
function speedBy(lanes: Lanes, scratch: string, command: string, level: number): number | undefined {
  const folder = mkdtempSync(join(scratch, 'lane-'));
  try {
    const file = join(folder, 'lane');
    writeFileSync(file, [...lanes.values()].sort((a, b) => b.length - a.length)[0] ?? '');
    const { stdout, stderr, status } = spawnSync(command, [`-b${level}`, `-e${level}`, '-i1', file], {
      encoding: 'utf8',
    });
    if (status !== 0) return undefined;
    const told = [...`${stdout}${stderr}`.matchAll(/([0-9.]+) MB\/s/g)];
    return told.length < 2 ? undefined : Number(told.at(-2)![1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const text = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(0));

/** Rows for one workload of both tables. */
export class CodecReport {
  readonly #sizes: string[][] = [];
  readonly #speeds: string[][] = [];
  readonly #scratch: string;

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  add(name: string, trace: string): void {
    const lanes = rawLanes(trace);
    const raw = [...lanes.values()].reduce((sum, { length }) => sum + length, 0);
    const fast = ours(lanes, 'fast', recordingSlot);
    const best = ours(lanes, 'best', compressSlot);
    const lz4 = napi(lanes);
    const [quick, thorough, xz] = [
      storedBy(lanes, 'zstd', '-q', '-1'),
      storedBy(lanes, 'zstd', '-q', '-19'),
      storedBy(lanes, 'xz', '-9'),
    ];
    const better = Math.min(thorough ?? Infinity, xz ?? Infinity);
    const ratio = (ours: number, other: number | undefined): string =>
      other === undefined || other === Infinity ? '' : (ours / other).toFixed(2);
    this.#sizes.push([
      name,
      String(raw),
      String(fast.stored),
      text(quick),
      ratio(fast.stored, quick),
      String(best.stored),
      text(thorough),
      text(xz),
      ratio(best.stored, better),
    ]);
    const largest = [...lanes.values()].sort((a, b) => b.length - a.length)[0]!;
    const brotli = speedOf(largest.length, () => {
      brotliCompressSync(largest, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    });
    this.#speeds.push([
      name,
      ...[fast.cold, fast.encode, fast.decode, lz4.encode, lz4.decode, best.cold, best.encode, best.decode].map(text),
      text(speedBy(lanes, this.#scratch, 'lz4', 1)),
      ...[1, 3, 19].map((level) => text(speedBy(lanes, this.#scratch, 'zstd', level))),
      text(brotli),
    ]);
  }

  print(): void {
    const most = rawLimit >> 20;
    console.log(
      `\nstored bytes of the raw lanes, of their first ${most} MiB; best by slots of ${compressSlot >> 20} MiB`,
    );
    console.log(
      formatTable(
        ['workload', 'raw', 'fast', 'zstd -1', 'ratio', 'best', 'zstd -19', 'xz -9', 'best / better'],
        this.#sizes,
      ),
    );
    console.log('\nMB/s of a core by processor time, raw bytes; ours with columns and hash; cold: the first pass');
    console.log(
      formatTable(
        [
          ...['workload', 'fast cold', 'fast', 'decode', 'lz4-napi', 'decode', 'best cold', 'best', 'decode'],
          ...['lz4 -1', 'zstd -1', 'zstd -3', 'zstd -19', 'brotli -5'],
        ],
        this.#speeds,
      ),
    );
  }
}

/** Milliseconds from nothing to the first chunk: the module is compiled, and a small slot encoded. */
export function coldStart(): number {
  const started = performance.now();
  const slotSize = 65536;
  const work = codecStaticBytes + 8192 + slotSize * 4;
  const memory = createSharedMemory(work + slotSize * 4 + (8 << 20));
  const codec = instantiateCodec(memory);
  codec.encodeIndex(0, codecStaticBytes, 4, compressionLevels.fast, codecStaticBytes + 8192, work);
  return performance.now() - started;
}

/**
 * The codec beside others, on the raw records of a workload's trace: stored bytes, and MB/s of a core. Ours by as many
 * records as a recording encodes together (fast), and `rr compress` (best); lz4-napi by the same slots; `zstd`, `xz`, `lz4` and
 * brotli on whole lanes, where they are installed. What no command is there for is left empty.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { formatTable } from '../test/harness/table.ts';
import { napi, ours, oursWithNapi, speedOf, storedBytes } from './codec-speeds.ts';
import { benchFolder } from './measure.ts';
import { inSlots, type RawRecords, rawRecords } from './raw-records.ts';

/** Records beyond it are left out: xz -9 takes a second for each 2 MB. Bytes. */
const rawLimit = 16 << 20;
/** What a recording encodes together at most (engine/trace/pipeline.ts), and `rr compress`. Bytes. */
const slotBytes = 8 << 20;

/** Of the cold start of each short recording: the least tells what the codec takes, not what else runs. */
const coldRuns = 3;

type Lanes = ReadonlyMap<string, Buffer>;

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

const sizesHeader = ['workload', 'raw', 'fast', 'zstd -1', 'ratio', 'best', 'zstd -19', 'xz -9', 'ratio'];

/** Rows for one workload of each table. */
export class CodecReport {
  readonly #sizes: string[][] = [];
  readonly #speeds: string[][] = [];
  readonly #cold: string[][] = [];
  readonly #scratch: string;

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /** @param withSpeeds else sizes alone, which take a tenth of the time */
  add(name: string, trace: string, withSpeeds: boolean): void {
    const records = rawRecords(trace, rawLimit);
    const slots = inSlots(records, slotBytes);
    this.#addSizes(name, records, slots);
    if (!withSpeeds) return;
    this.#addSpeeds(name, records.lanes, slots);
    if (slots.length === 1) this.#addCold(name, slots[0]!);
  }

  #addSizes(name: string, { all, lanes }: RawRecords, slots: readonly Buffer[]): void {
    const fast = storedBytes(slots, 'fast', slotBytes);
    const best = storedBytes(slots, 'best', slotBytes);
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
      String(all.length),
      String(fast),
      text(quick),
      ratio(fast, quick),
      String(best),
      text(thorough),
      text(xz),
      ratio(best, better),
    ]);
  }

  #addSpeeds(name: string, lanes: Lanes, slots: readonly Buffer[]): void {
    const stages = [
      ours(slots, 'none', slotBytes),
      ours(slots, 'fast', slotBytes),
      oursWithNapi(slots, slotBytes),
      napi(slots),
      ours(slots, 'best', slotBytes),
    ];
    const largest = [...lanes.values()].sort((a, b) => b.length - a.length)[0]!;
    const brotli = speedOf(largest.length, () => {
      brotliCompressSync(largest, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
    });
    const speeds = stages.flatMap(({ encode, decode }) => [encode, decode]);
    this.#speeds.push([
      name,
      ...speeds.map(text),
      text(speedBy(lanes, this.#scratch, 'lz4', 1)),
      ...[1, 3, 19].map((level) => text(speedBy(lanes, this.#scratch, 'zstd', level))),
      text(brotli),
    ]);
  }

  #addCold(name: string, slot: Buffer): void {
    const file = join(this.#scratch, 'slot');
    writeFileSync(file, slot);
    const cold = (level: string): string[] => {
      const runs = Array.from({ length: coldRuns }, () => {
        const words = ['--import', 'tsx', join(benchFolder, 'cold-codec.ts'), file, level];
        return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Record<string, number>;
      });
      return ['first', 'second'].map((which) => Math.min(...runs.map((run) => run[which]!)).toFixed(1));
    };
    this.#cold.push([name, String(slot.length), ...cold('fast'), ...cold('best')]);
  }

  /** The rows of docs/trace-size.md. */
  printSizes(): void {
    const most = rawLimit >> 20;
    console.log(`\nstored bytes of the raw lanes, of their first ${most} MiB; by slots of ${slotBytes >> 20} MiB`);
    for (const row of [sizesHeader, sizesHeader.map(() => '---'), ...this.#sizes])
      console.log(`| ${row.join(' | ')} |`);
  }

  printSpeeds(): void {
    console.log(
      '\nMB/s of a core by processor time, raw bytes, encoding and decoding; ours with the hash, all of them warm',
    );
    const stages = ['columns', 'fast', 'columns, lz4-napi', 'lz4-napi alone', 'best'];
    console.log(
      formatTable(
        [
          'workload',
          ...stages.flatMap((stage) => [stage, 'decode']),
          ...['lz4 -1', 'zstd -1', 'zstd -3', 'zstd -19', 'brotli -5'],
        ],
        this.#speeds,
      ),
    );
    console.log(
      `\nms of a first slot in a process of its own, compiling included, and of the next one; least of ${coldRuns}`,
    );
    console.log(formatTable(['workload', 'slot', 'fast', 'again', 'best', 'again'], this.#cold));
  }
}

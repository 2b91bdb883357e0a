/** Traces for tests: written through the whole pipeline, read back to one line an event. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordView } from '../engine/generated/schema.ts';
import { Pipeline, type PipelineOptions, type PipelineSummary } from '../engine/trace/pipeline.ts';
import type { TraceReader } from '../engine/trace/reader.ts';
import { ringFunctions } from '../engine/trace/ring.ts';
import type { TraceHeader } from '../engine/trace/trace-header.ts';

export const header: TraceHeader = {
  created: '2026-01-02T03:04:05.678Z',
  recorder: '0.1.0',
  program: '/bin/true',
  arguments: ['true', 'ä'],
  environment: ['HOME=/root', 'EMPTY='],
  workingDirectory: '/tmp',
  machine: { architecture: 'x86-64', processor: 'a processor', kernel: '6.1.0' },
  executionPoint: 'none',
  store: '/nowhere/.store',
  compression: 'fast',
  coreCount: 1,
  boundProcessor: -1,
};

/** Runs `use` with a new directory that is gone afterwards. */
export async function withDirectory<Result>(use: (directory: string) => Promise<Result> | Result): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'rr-trace-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A slot's records, for each slot. */
export type Slots = readonly (readonly Uint8Array[])[];

/** Divides records into slots of `count` records each. */
export function inSlots(records: readonly Uint8Array[], count: number): Slots {
  const slots: Uint8Array[][] = [];
  for (let first = 0; first < records.length; first += count) slots.push(records.slice(first, first + count));
  return slots;
}

/**
 * Writes a trace without workers, a chunk of each lane for each slot. `close: false` leaves it as a recorder that was
 * killed does.
 */
export async function writeTrace(
  directory: string,
  slots: Slots,
  options: Partial<PipelineOptions> & { close?: boolean } = {},
): Promise<PipelineSummary | undefined> {
  const { close = true, ...rest } = options;
  const pipeline = new Pipeline({ directory, header, slotCount: 64, slotSize: 65536, batchSlots: 1, ...rest });
  const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
  for (const slot of slots) {
    for (const record of slot) producer.write(record);
    producer.seal();
  }
  producer.close();
  if (close) return pipeline.finish({ complete: true, status: 0 });
  pipeline.encodeNow();
  return undefined;
}

function digest(view: RecordView): string {
  const bytes = view.buffer.subarray(view.position, view.position + view.size);
  return createHash('sha256').update(bytes).digest('base64').slice(0, 12);
}

/** A line for the current event of the reader: number, and digests of its frame and of all its records. */
export function eventLine(reader: TraceReader): string {
  const parts = [`${reader.event}`, digest(reader.frame)];
  for (let record = reader.nextData(); record; record = reader.nextData()) parts.push(`d${digest(record)}`);
  for (let record = reader.nextMapping(); record; record = reader.nextMapping()) parts.push(`m${digest(record)}`);
  for (let record = reader.nextTask(); record; record = reader.nextTask()) parts.push(`t${digest(record)}`);
  return parts.join(' ');
}

/** All events of a trace, and the error that ended them, if one did. */
export function readAll(reader: TraceReader): { lines: string[]; error: unknown } {
  const lines: string[] = [];
  try {
    while (reader.next()) lines.push(eventLine(reader));
    return { lines, error: undefined };
  } catch (error) {
    return { lines, error };
  }
}

/** The lines that readAll gives for records in the order in which they were written. */
export function expectedLines(records: readonly Uint8Array[]): string[] {
  const letters = ['', '', 'd', 'm', 't'];
  const lines: string[] = [];
  let parts: string[][] = [[], [], [], [], []];
  for (const record of records) {
    const hash = createHash('sha256').update(record).digest('base64').slice(0, 12);
    const kind = record[4]!;
    parts[kind]!.push(letters[kind] + hash);
    if (kind !== 1) continue;
    lines.push([new DataView(record.buffer).getUint32(8, true), ...parts.flat()].join(' '));
    parts = [[], [], [], [], []];
  }
  return lines;
}

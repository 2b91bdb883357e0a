/**
 * The version file: a line with the format number, JSON, and a line with the CRC-32 of all before it. docs/
 * trace-format.md describes it.
 */
import { formatVersion } from '../generated/schema.ts';
import { crc32 } from './crc32.ts';
import { laneOrder } from './lane-files.ts';
import { maxVersionBytes } from './limits.ts';
import { TraceError } from './trace-error.ts';
import type { VersionContent } from './trace-header.ts';

export function formatVersionFile(content: VersionContent): Uint8Array {
  const body = Buffer.from(`${formatVersion}\n${JSON.stringify(content, null, 1)}\n`);
  return Buffer.concat([body, Buffer.from(`crc32 ${crc32(body).toString(16).padStart(8, '0')}\n`)]);
}

/** @throws TraceError NOT_A_TRACE, TRACE_NEWER, TRACE_OLDER, TRACE_TRUNCATED, TRACE_DAMAGED */
export function parseVersionFile(file: string, bytes: Uint8Array): VersionContent {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === 0) throw new TraceError('TRACE_TRUNCATED', file, 'the file is empty');
  if (buffer.length > maxVersionBytes) throw new TraceError('NOT_A_TRACE', file, 'the file is too large for a header');
  const firstLine = /^([0-9]{1,9})\n/.exec(buffer.toString('latin1', 0, 16))?.[1];
  if (firstLine === undefined) throw new TraceError('NOT_A_TRACE', file, 'no format number on the first line');
  const format = Number(firstLine);
  if (format > formatVersion) {
    throw new TraceError(
      'TRACE_NEWER',
      file,
      `format ${format}; this version reads format ${formatVersion}: use a newer one`,
    );
  }
  const seal = /\ncrc32 ([0-9a-f]{8})\n$/.exec(buffer.toString('latin1', Math.max(0, buffer.length - 16)));
  if (!seal) throw new TraceError('TRACE_TRUNCATED', file, 'the line with the checksum at the end is missing');
  const body = buffer.subarray(0, buffer.length - 'crc32 00000000\n'.length);
  const sum = crc32(body).toString(16).padStart(8, '0');
  if (sum !== seal[1]) throw new TraceError('TRACE_DAMAGED', file, `checksum ${sum}, the file says ${seal[1]}`);
  if (format < 1) throw new TraceError('NOT_A_TRACE', file, `format ${format} never existed`);
  if (format < formatVersion) {
    throw new TraceError(
      'TRACE_OLDER',
      file,
      `format ${format}; this version reads format ${formatVersion}: use the version that recorded it`,
    );
  }
  return checkContent(file, body.toString('utf8', firstLine.length + 1));
}

/** More than any kernel knows (CONFIG_NR_CPUS). */
const mostProcessors = 1 << 16;

type Unknown = Readonly<Record<string, unknown>>;

/** Checks the types of all that is used: a right checksum says nothing about who wrote the file. */
function checkContent(file: string, json: string): VersionContent {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (cause) {
    throw new TraceError('TRACE_DAMAGED', file, 'the header is not JSON', { cause });
  }
  const fail = (path: string): never => {
    throw new TraceError('TRACE_DAMAGED', file, `the header’s ${path} is missing, of the wrong type or impossible`);
  };
  const object = (value: unknown, path: string): Unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknown) : fail(path);
  const whole = (value: unknown, path: string): void => {
    if (!Number.isSafeInteger(value)) fail(path);
  };
  const strings = (value: Unknown, names: readonly string[]): void => {
    for (const name of names) if (typeof value[name] !== 'string') fail(name);
  };

  const root = object(content, 'content');
  const header = object(root.header, 'header');
  strings(header, ['created', 'recorder', 'program', 'workingDirectory', 'executionPoint', 'store', 'compression']);
  strings(object(header.machine, 'machine'), ['architecture', 'processor', 'kernel']);
  for (const name of ['arguments', 'environment']) {
    const list = header[name];
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) fail(name);
  }
  whole(header.coreCount, 'coreCount');
  whole(header.boundProcessor, 'boundProcessor');
  if (Math.abs(header.boundProcessor as number) > mostProcessors) fail('boundProcessor');
  if (!/^\/[^\0]*$/.test(header.store as string)) fail('store');
  if (header.chaosSeed !== undefined) whole(header.chaosSeed, 'chaosSeed');
  if (header.counter !== undefined) {
    const counter = object(header.counter, 'counter');
    for (const name of ['type', 'config', 'address', 'skid']) whole(counter[name], `counter.${name}`);
    for (const name of ['counts', 'event', 'microarchitecture']) {
      if (typeof counter[name] !== 'string') fail(`counter.${name}`);
    }
  }
  if (root.end !== undefined) {
    const end = object(root.end, 'end');
    if (typeof end.complete !== 'boolean') fail('end.complete');
    if (end.reason !== undefined && typeof end.reason !== 'string') fail('end.reason');
    if (end.status !== undefined) whole(end.status, 'end.status');
  }
  if (root.lanes !== undefined) {
    const extents = object(root.lanes, 'lanes');
    for (const lane of laneOrder) {
      const extent = object(extents[lane], `lanes.${lane}`);
      whole(extent.size, `lanes.${lane}.size`);
      whole(extent.index, `lanes.${lane}.index`);
      if ((extent.index as number) < 0 || (extent.index as number) > (extent.size as number)) fail(`lanes.${lane}`);
    }
  }
  return content as VersionContent;
}

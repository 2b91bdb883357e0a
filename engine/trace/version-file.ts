/**
 * The version file: a line with the format number, JSON, and a line with the CRC-32 of all before it. docs/
 * trace-format.md describes it.
 */
import { formatVersion, oldestFormatVersion } from '../generated/schema.ts';
import { crc32 } from './crc32.ts';
import { maxVersionBytes } from './limits.ts';
import { TraceError } from './trace-error.ts';
import type { VersionContent } from './trace-header.ts';
import { ContentError, readContent } from './version-content.ts';

const formats = `${oldestFormatVersion} to ${formatVersion}`;

/** With the format number of `content`; a new one has this version's. */
export function formatVersionFile(content: VersionContent): Uint8Array {
  const body = Buffer.from(
    `${content.format ?? formatVersion}\n${JSON.stringify({ ...content, format: undefined }, null, 1)}\n`,
  );
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
      `format ${format}; this version reads formats ${formats}: use a newer one`,
    );
  }
  const seal = /\ncrc32 ([0-9a-f]{8})\n$/.exec(buffer.toString('latin1', Math.max(0, buffer.length - 16)));
  if (!seal) throw new TraceError('TRACE_TRUNCATED', file, 'the line with the checksum at the end is missing');
  const body = buffer.subarray(0, buffer.length - 'crc32 00000000\n'.length);
  const sum = crc32(body).toString(16).padStart(8, '0');
  if (sum !== seal[1]) throw new TraceError('TRACE_DAMAGED', file, `checksum ${sum}, the file says ${seal[1]}`);
  if (format < 1) throw new TraceError('NOT_A_TRACE', file, `format ${format} never existed`);
  if (format < oldestFormatVersion) {
    throw new TraceError(
      'TRACE_OLDER',
      file,
      `format ${format}; this version reads formats ${formats}: use the version that recorded it`,
    );
  }
  return { ...checkContent(file, body.toString('utf8', firstLine.length + 1)), format };
}

function checkContent(file: string, json: string): VersionContent {
  try {
    return readContent(JSON.parse(json));
  } catch (cause) {
    if (!(cause instanceof ContentError) && !(cause instanceof SyntaxError)) throw cause;
    const what = cause instanceof ContentError ? cause.message : 'the header is not JSON';
    throw new TraceError('TRACE_DAMAGED', file, what, { cause });
  }
}

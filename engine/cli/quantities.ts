/** Sizes and times as people write them. */
import { UsageError } from '../errors.ts';

const kibi = 1024;
const sizeUnits: Readonly<Record<string, number>> = { '': 1, K: kibi, M: kibi ** 2, G: kibi ** 3, T: kibi ** 4 };
/** In milliseconds. */
const timeUnits: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Bytes: 500, 20K, 1.5G, 10MiB. `what` is what a message calls it. @throws UsageError BAD_VALUE */
export function parseSize(text: string, what: string): number {
  const [, number, unit] = /^(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const size = Math.floor(Number(number) * (sizeUnits[unit?.toUpperCase() ?? ''] ?? Number.NaN));
  if (size >= 1 && Number.isSafeInteger(size)) return size;
  throw new UsageError('BAD_VALUE', `${what} ${text}: expected a size, as 500K, 20M or 1.5G`);
}

/** Milliseconds: 90 (seconds), 500ms, 30s, 10m, 2h, 7d, 2w. @throws UsageError BAD_VALUE */
export function parseTime(text: string, what: string): number {
  const [, number, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|[smhdw]?)$/.exec(text) ?? [];
  const time = Math.ceil(Number(number) * (timeUnits[unit] ?? Number.NaN));
  if (time >= 1 && Number.isSafeInteger(time)) return time;
  throw new UsageError('BAD_VALUE', `${what} ${text}: expected a time, as 500ms, 30s, 10m, 2h or 7d`);
}

/** How numbers and bytes are written in listings. */
import { printable } from '../printable.ts';

/** `0x` and the digits that it needs. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Seconds with microseconds, of nanoseconds. */
export function seconds(nanoseconds: number): string {
  return (nanoseconds / 1e9).toFixed(6);
}

/** Bytes for people: 512, 1.2K, 34M. */
export function byteCount(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

/** Words as a shell reads them again. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (printable(word) !== word) return `$'${printable(word.replace(/[\\']/g, '\\$&'))}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Which pass of its address each forced stop of a recording is, as the first replay that went through to the end has
 * counted: the file `ordinals` beside the trace. With it later replays need not search (docs/execution-points.md). The
 * trace is whole without it; one on a medium that cannot be written to does without.
 *
 * The file: the text "RRORDNL1", u64 last event of the trace, u64 count, then count times u64 event and u64 pass, by
 * rising event; last the CRC-32 of all before, as u64. Little-endian.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { logger } from '../log.ts';
import { newOrdinalsName, ordinalsName } from './lane-files.ts';

const magic = 'RRORDNL1';
const headerSize = 24;
const entrySize = 16;
const checksumSize = 8;

const log = logger('replay');

export class Ordinals {
  readonly #path: string;
  readonly #lastEvent: number;
  #known: ReadonlyMap<number, number> = new Map();
  readonly #counted = new Map<number, number>();

  /** Reads the file of a trace; one that is damaged, or another trace's, counts as none. */
  constructor(directory: string, lastEvent: number) {
    this.#path = join(directory, ordinalsName);
    this.#lastEvent = lastEvent;
    try {
      this.#known = parse(readFileSync(this.#path), lastEvent);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      log.warn(`${this.#path} is not used: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The pass at which the forced stop of an event is, counted from the task's event before; 0: not known. */
  of(event: number): number {
    return this.#known.get(event) ?? 0;
  }

  /** This replay has counted; 0 for a point that needed no pass. */
  note(event: number, passes: number): void {
    this.#counted.set(event, passes);
  }

  /** Keeps what was counted, once the replay has gone through to the end and so shown that every point was right. */
  save(): void {
    if (this.#known.size > 0 || this.#counted.size === 0) return;
    const temporary = join(dirname(this.#path), newOrdinalsName);
    try {
      writeFileSync(temporary, format(this.#counted, this.#lastEvent), { mode: 0o644 });
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      log.info(`${this.#path} is not written (${code}): later replays will search again`);
    }
  }
}

function format(passes: ReadonlyMap<number, number>, lastEvent: number): Buffer {
  const sorted = [...passes].sort(([one], [other]) => one - other);
  const buffer = Buffer.alloc(headerSize + sorted.length * entrySize + checksumSize);
  buffer.write(magic, 'latin1');
  buffer.writeBigUInt64LE(BigInt(lastEvent), 8);
  buffer.writeBigUInt64LE(BigInt(sorted.length), 16);
  sorted.forEach(([event, pass], index) => {
    buffer.writeBigUInt64LE(BigInt(event), headerSize + index * entrySize);
    buffer.writeBigUInt64LE(BigInt(pass), headerSize + index * entrySize + 8);
  });
  const end = buffer.length - checksumSize;
  buffer.writeBigUInt64LE(BigInt(crc32(buffer.subarray(0, end))), end);
  return buffer;
}

/** @throws Error that says what is wrong */
function parse(buffer: Buffer, lastEvent: number): ReadonlyMap<number, number> {
  const whole = buffer.length >= headerSize + checksumSize && buffer.toString('latin1', 0, 8) === magic;
  const count = whole ? Number(buffer.readBigUInt64LE(16)) : -1;
  const end = headerSize + count * entrySize;
  if (!whole || end + checksumSize !== buffer.length) throw new Error('it is not a list of passes');
  if (Number(buffer.readBigUInt64LE(end)) !== crc32(buffer.subarray(0, end))) throw new Error('its checksum is wrong');
  if (Number(buffer.readBigUInt64LE(8)) !== lastEvent) throw new Error('it is of another recording');
  const passes = new Map<number, number>();
  for (let at = headerSize; at < end; at += entrySize) {
    passes.set(Number(buffer.readBigUInt64LE(at)), Number(buffer.readBigUInt64LE(at + 8)));
  }
  return passes;
}

/**
 * Which pass of its address each forced stop of a recording is, as the first replay that went through to the end has
 * counted. With it later replays need not search (docs/execution-points.md). It is kept in the user's cache, under a name
 * made from what the trace contains, and is dropped when a replay that used it diverges.
 *
 * The file: the text "RRORDNL1", u64 last event of the trace, u64 count, then count times u64 event and u64 pass, by
 * rising event; last the CRC-32 of all before, as u64. Little-endian.
 */
import { crc32 } from 'node:zlib';
import { logger } from '../log.ts';
import { UserCache } from './user-cache.ts';

const kind = 'ordinals';
/** Traces whose passes are kept, and bytes of one: 16 for each forced stop. */
const mostFiles = 1000;
const mostBytes = 64 << 20;

const magic = 'RRORDNL1';
const headerSize = 24;
const entrySize = 16;
const checksumSize = 8;

const log = logger('replay');

/** What tells a trace from all others: TraceReader has it. */
export interface TraceIdentity {
  /** Hexadecimal digits, made from all that the trace contains. */
  readonly contentKey: string;
  readonly lastEvent: number;
}

export class Ordinals {
  readonly #cache: UserCache;
  readonly #name: string;
  readonly #lastEvent: number;
  #known: ReadonlyMap<number, number> = new Map();
  #used = false;
  #counted = new Map<number, number>();

  /** Reads what is known of a trace; a file that is damaged, or another trace's, counts as none. */
  constructor(trace: TraceIdentity, cache: UserCache = new UserCache()) {
    this.#cache = cache;
    this.#name = trace.contentKey;
    this.#lastEvent = trace.lastEvent;
    const bytes = cache.read(kind, this.#name, mostBytes);
    if (bytes === undefined) return;
    const parsed = parse(bytes, trace.lastEvent);
    if (typeof parsed !== 'string') this.#known = parsed;
    else log.info(`what an earlier replay has counted is not used: ${parsed}`);
  }

  /** The pass at which the forced stop of an event is, counted from the task's event before; 0: not known. */
  of(event: number): number {
    const pass = this.#known.get(event) ?? 0;
    if (pass > 0) this.#used = true;
    // One replay of a debugger's session knows what another one has counted.
    return pass > 0 ? pass : (this.#counted.get(event) ?? 0);
  }

  /** This replay has counted; 0 for a point that needed no pass. */
  note(event: number, passes: number): void {
    this.#counted.set(event, passes);
  }

  /** What was counted from that event on may be wrong. */
  forget(from: number): void {
    for (const event of this.#counted.keys()) if (event >= from) this.#counted.delete(event);
  }

  /**
   * The replay has diverged. True when it had used what was known: that is dropped, and the replay is to begin again. A
   * pass that is wrong may lead past the point, or to one that only looks like it.
   */
  retry(): boolean {
    this.#counted = new Map();
    if (!this.#used) return false;
    this.#used = false;
    this.#known = new Map();
    this.#cache.remove(kind, this.#name);
    log.info('the replay diverged with what an earlier one has counted: again, without it');
    return true;
  }

  /** Keeps what was counted, once the replay has gone through to the end and so shown that every point was right. */
  save(): void {
    if (this.#known.size > 0 || this.#counted.size === 0) return;
    this.#cache.write(kind, this.#name, format(this.#counted, this.#lastEvent), mostFiles);
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

/** The passes, or what is wrong. */
function parse(buffer: Buffer, lastEvent: number): ReadonlyMap<number, number> | string {
  const whole = buffer.length >= headerSize + checksumSize && buffer.toString('latin1', 0, 8) === magic;
  const count = whole ? Number(buffer.readBigUInt64LE(16)) : -1;
  const end = headerSize + count * entrySize;
  if (!whole || end + checksumSize !== buffer.length) return 'it is not a list of passes';
  if (Number(buffer.readBigUInt64LE(end)) !== crc32(buffer.subarray(0, end))) return 'its checksum is wrong';
  if (Number(buffer.readBigUInt64LE(8)) !== lastEvent) return 'it is of another recording';
  const passes = new Map<number, number>();
  for (let at = headerSize; at < end; at += entrySize) {
    const pass = Number(buffer.readBigUInt64LE(at + 8));
    if (!Number.isSafeInteger(pass)) return 'a pass in it is impossible';
    passes.set(Number(buffer.readBigUInt64LE(at)), pass);
  }
  return passes;
}

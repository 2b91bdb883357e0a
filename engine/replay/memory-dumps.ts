/**
 * Memory of a task as text, at events that `--dump-on` and `--dump-at` choose: to be compared by people and by diff(1). The
 * files lie in the current directory, `rr-memory-EVENT-TID`: for each mapping its line of /proc/PID/maps, then 32 bytes a
 * line. Lines of zeros, and what cannot be read, are left out.
 */
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { constants as system } from 'node:os';
import type { GlobalOptions } from '../cli/options.ts';
import { EngineError, UsageError } from '../errors.ts';
import { eventKinds, type FrameView } from '../generated/schema.ts';
import { logger } from '../log.ts';
import { syscallNumber } from '../syscalls/decode.ts';
import { systemReason } from '../trace/trace-error.ts';
import type { Task } from './task.ts';

const log = logger('replay');

const pieceSize = 1 << 16;
const lineSize = 32;
const zeros = Buffer.alloc(pieceSize);

export class MemoryDumps {
  readonly #at: number | undefined;
  readonly #on: Cause | undefined;

  /** @throws UsageError BAD_VALUE */
  constructor({ dumpOn, dumpAt }: Pick<GlobalOptions, 'dumpOn' | 'dumpAt'>) {
    this.#at = dumpAt;
    this.#on = dumpOn === undefined ? undefined : parseCause(dumpOn);
  }

  /** Writes the memory after an event, when that is chosen. @throws EngineError DUMP_FAILED */
  after(frame: FrameView, task: Task | undefined): void {
    if (task === undefined || !this.#chooses(frame)) return;
    const path = `rr-memory-${frame.eventNumber}-${frame.tid}`;
    try {
      writeMemory(task.pid, path);
    } catch (cause) {
      throw new EngineError('DUMP_FAILED', `cannot write memory to ${path}: ${systemReason(cause)}`, { cause });
    }
    log.info(() => `event ${frame.eventNumber}: memory of task ${frame.tid} is in ${path}`);
  }

  #chooses({ eventKind, number, eventNumber }: FrameView): boolean {
    if (this.#at === eventNumber) return true;
    if (number !== this.#on?.number) return false;
    const isCall = eventKind === eventKinds.syscall || eventKind === eventKinds.syscallExit;
    return this.#on.kind === 'syscall' ? isCall : eventKind === eventKinds.signal;
  }
}

interface Cause {
  readonly kind: 'syscall' | 'signal';
  readonly number: number;
}

/** As rr has it: a system call by name or number, a signal by name or as a negative number. @throws UsageError BAD_VALUE */
function parseCause(text: string): Cause {
  const signals: Readonly<Record<string, number>> = system.signals;
  const signal = signals[text.toUpperCase()];
  if (signal !== undefined) return { kind: 'signal', number: signal };
  if (/^-[0-9]{1,2}$/.test(text)) return { kind: 'signal', number: -Number(text) };
  const number = /^[0-9]{1,4}$/.test(text) ? Number(text) : syscallNumber(text);
  if (number !== undefined) return { kind: 'syscall', number };
  throw new UsageError('BAD_VALUE', `--dump-on ${text}: expected a system call, or a signal as SIGNAME or -NUMBER`);
}

function writeMemory(pid: number, path: string): void {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd().split('\n');
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;
    const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      for (const line of maps) {
        writeSync(file, `${line}\n`);
        const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
        if (start.length < 16) writeRange(memory, file, Number.parseInt(start, 16), Number.parseInt(end, 16));
      }
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(memory);
  }
}

/** NaN for a mapping without the right to read: nothing then. */
function writeRange(memory: number, file: number, start: number, end: number): void {
  const piece = Buffer.alloc(pieceSize);
  for (let address = start; address < end; address += pieceSize) {
    const count = readSome(memory, piece, Math.min(pieceSize, end - address), address);
    const bytes = piece.subarray(0, count);
    if (bytes.equals(zeros.subarray(0, count))) continue;
    const lines: string[] = [];
    for (let at = 0; at < count; at += lineSize) {
      const part = bytes.subarray(at, at + lineSize);
      if (!part.equals(zeros.subarray(0, part.length))) {
        lines.push(
          `${(address + at).toString(16).padStart(12, '0')} ${part.toString('hex').replace(/.{8}(?=.)/g, '$& ')}\n`,
        );
      }
    }
    writeSync(file, lines.join(''));
  }
}

/** 0 where the memory cannot be read: a file that is shorter than its mapping. */
function readSome(memory: number, into: Buffer, length: number, address: number): number {
  try {
    return readSync(memory, into, 0, length, address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
    throw error;
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRecording } from '../debug/describe-recording.ts';
import { findProcess } from '../debug/find-process.ts';
import { openRemoteTarget } from '../debug/remote-target.ts';
import { findSymbolFiles } from '../debug/symbol-files.ts';
import type { RecordingDescription } from '../debug/target.ts';
import { dumpEvent } from '../dump/dumped-event.ts';
import { EngineError } from '../errors.ts';
import { TraceReader } from '../trace/reader.ts';
import { DrivenReplay } from './driven-replay.ts';
import { MappedSymbols } from './mapped-symbols.ts';
import type { EventOptions, Process, Replay, ReplayOptions, Trace, TraceEvent } from './rr-engine.d.ts';

export class OpenTrace implements Trace {
  readonly directory: string;
  readonly lastEvent: number;
  readonly isComplete: boolean;
  readonly processes: readonly Process[];
  readonly #recording: RecordingDescription;
  readonly #replays = new Set<Replay>();
  #symbols: { readonly folder: string; readonly files: MappedSymbols } | undefined;
  #isClosed = false;

  /** @throws TraceError */
  constructor(directory: string) {
    const reader = TraceReader.open(directory);
    try {
      this.#recording = describeRecording(reader).description;
    } finally {
      reader.close();
    }
    this.directory = directory;
    this.lastEvent = this.#recording.lastEvent;
    this.isComplete = this.#recording.isComplete;
    this.processes = this.#recording.processes.map(({ pid, parent, program, firstEvent, lastEvent, status }) => ({
      pid,
      parent,
      program,
      firstEvent,
      lastEvent,
      status,
    }));
  }

  async *events({
    from = 1,
    to = this.lastEvent,
    tid,
    registers = false,
  }: EventOptions = {}): AsyncGenerator<TraceEvent> {
    if (!Number.isInteger(from) || from < 1 || from > this.lastEvent) {
      throw new EngineError('NO_EVENT', `no event ${from}: the recording has events 1 to ${this.lastEvent}`);
    }
    this.#checkOpen();
    const reader = TraceReader.open(this.directory);
    try {
      reader.seek(from);
      while (reader.event < Math.min(to, this.lastEvent) && reader.next()) {
        if (tid !== undefined && reader.frame.tid !== tid) continue;
        yield readEvent(reader, registers);
      }
    } finally {
      reader.close();
    }
  }

  async replay(options: ReplayOptions = {}): Promise<Replay> {
    this.#checkOpen();
    const { at, process, showOutput = false } = options;
    const start = process === undefined ? undefined : findProcess(this.#recording, `${process}`);
    this.#symbols ??= this.#openSymbols();
    const { target, close } = await openRemoteTarget({
      directory: this.directory,
      quiet: !showOutput,
      cpuUnbound: false,
    });
    const replay = new DrivenReplay({
      trace: this,
      recording: this.#recording,
      target,
      symbols: this.#symbols.files,
      close: async () => {
        this.#replays.delete(replay);
        await close();
      },
    });
    this.#replays.add(replay);
    try {
      await replay.begin();
      await replay.goTo(start === undefined ? 'begin' : { process: start.pid });
      if (at !== undefined) await replay.goTo(at);
    } catch (error) {
      await replay.close();
      throw error;
    }
    return replay;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#replays].map((replay) => replay.close()));
    const symbols = this.#symbols;
    this.#symbols = undefined;
    if (symbols === undefined) return;
    await symbols.files.close();
    rmSync(symbols.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openSymbols(): { folder: string; files: MappedSymbols } {
    const folder = mkdtempSync(join(tmpdir(), 'rr-library-'));
    try {
      return { folder, files: new MappedSymbols(findSymbolFiles(this.directory, folder).root) };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** @throws EngineError CLOSED */
  #checkOpen(): void {
    if (this.#isClosed) throw new EngineError('CLOSED', `the trace ${this.directory} has been closed: open it again`);
  }
}

/** The reader's current event. @throws TraceError */
function readEvent(reader: TraceReader, registers: boolean): TraceEvent {
  const choice = { data: false, mappings: false, tasks: false, buffered: true, sockets: false };
  const event = dumpEvent(reader, { ...choice, raw: registers });
  const words = Object.entries(event.registers ?? {}).map(([name, value]) => [name, BigInt(value)] as const);
  return {
    event: event.event,
    seconds: event.time / 1e9,
    tid: event.tid,
    kind: event.kind,
    text: event.text,
    buffered: event.buffered ?? [],
    ...(registers ? { registers: Object.fromEntries(words) } : {}),
  };
}

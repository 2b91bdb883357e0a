import { findProcess } from '../debug/find-process.ts';
import type {
  Breakpoint,
  RecordingDescription,
  RemoteTarget,
  Place as TargetPlace,
  Stop as TargetStop,
} from '../debug/target.ts';
import { EngineError } from '../errors.ts';
import type { MappedSymbols } from './mapped-symbols.ts';
import { namedRegisters } from './named-registers.ts';
import type {
  Checkpoint,
  ElfSymbol,
  Handler,
  Place,
  Registers,
  Replay,
  RunOptions,
  SourceLine,
  State,
  StepOptions,
  Stop,
  Stopper,
  Trace,
  WatchOptions,
  Where,
} from './rr-engine.d.ts';

const lastSignal = 64;
const addressSize = 8;
/** Bytes that are read at once in search of a text's end. */
const textPiece = 256;
const mostText = 1 << 16;

/** A breakpoint or watchpoint that was asked for. */
interface Asked {
  readonly kind: 'software' | 'write' | 'read' | 'access';
  readonly address: number;
  readonly length: number;
  readonly handler: Handler | undefined;
  count: number;
}

interface Parts {
  readonly trace: Trace;
  readonly recording: RecordingDescription;
  readonly target: RemoteTarget;
  readonly symbols: MappedSymbols;
  readonly close: () => Promise<void>;
}

/** A Replay over the replay's thread. */
export class DrivenReplay implements Replay {
  readonly trace: Trace;
  readonly #recording: RecordingDescription;
  readonly #target: RemoteTarget;
  readonly #symbols: MappedSymbols;
  readonly #close: () => Promise<void>;
  readonly #asked = new Set<Asked>();
  #signals: readonly number[] = [];
  #syscalls: readonly number[] | undefined;
  /** The method that moves the replay now. */
  #moving: string | undefined;
  #isInHandler = false;

  constructor(parts: Parts) {
    this.trace = parts.trace;
    this.#recording = parts.recording;
    this.#target = parts.target;
    this.#symbols = parts.symbols;
    this.#close = parts.close;
  }

  /** To be called once, before all else. */
  async begin(): Promise<void> {
    await this.#apply();
  }

  // Where it stands, and going elsewhere.

  async state(): Promise<State> {
    const { process, tid, tasks, event, elapsedSeconds, program } = await this.#target.state();
    return { process, tid, tasks, event, elapsedSeconds, program };
  }

  async position(): Promise<string> {
    const { position } = await this.#target.state();
    if (!position.includes('?')) return position;
    return this.#isInHandler ? this.#target.namePosition() : this.#move('position', () => this.#target.namePosition());
  }

  goTo(place: Place): Promise<void> {
    return this.#move('goTo', () => this.#target.seek(this.#placeOf(place)));
  }

  run({ back = false }: RunOptions = {}): Promise<Stop> {
    return this.#move('run', async () => {
      const { tid } = await this.#target.state();
      for (;;) {
        const stop = await this.#target.resume({ direction: back ? 'backward' : 'forward', how: 'continue', tid });
        if (!(await this.#goesOn(stop))) return publicStop(stop);
      }
    });
  }

  step({ back = false, count = 1, tid }: StepOptions = {}): Promise<Stop> {
    return this.#move('step', async () => {
      const stepped = tid ?? (await this.#target.state()).tid;
      let stop: TargetStop = { kind: 'step', tid: stepped };
      for (let left = count; left > 0; left--) {
        stop = await this.#target.resume({ direction: back ? 'backward' : 'forward', how: 'step', tid: stepped });
        if (stop.kind !== 'step' && !this.#hasHandlersOnly(stop)) break;
      }
      return publicStop(stop);
    });
  }

  async *stops(options: RunOptions = {}): AsyncGenerator<Stop> {
    for (;;) {
      const stop = await this.run(options);
      if (stop.kind === 'exit' || stop.kind === 'begin' || stop.kind === 'end') return;
      yield stop;
    }
  }

  interrupt(): void {
    this.#target.interrupt();
  }

  // Stopping it.

  async breakpoint(where: Where, handler?: Handler): Promise<Stopper> {
    const address = await this.#addressOf(where);
    return this.#ask({ kind: 'software', address, length: 1, handler, count: 0 });
  }

  async watchpoint(where: Where, { length, access = 'write' }: WatchOptions = {}, handler?: Handler): Promise<Stopper> {
    const symbol = typeof where === 'string' ? await this.symbol(where) : undefined;
    const address = symbol?.address ?? (await this.#addressOf(where));
    const size = length ?? (symbol === undefined || symbol.size === 0 ? addressSize : symbol.size);
    return this.#ask({ kind: access, address, length: size, handler, count: 0 });
  }

  async catchSignals(numbers: readonly number[]): Promise<void> {
    this.#signals = numbers;
    await this.#apply();
  }

  async catchSyscalls(numbers: 'all' | readonly number[]): Promise<void> {
    if (numbers === 'all') this.#syscalls = [];
    else this.#syscalls = numbers.length === 0 ? undefined : numbers;
    await this.#apply();
  }

  async countPasses(where: readonly Where[], { until }: { until?: Where } = {}): Promise<number[]> {
    const addresses = await Promise.all(where.map((each) => this.#addressOf(each)));
    const end = until === undefined ? undefined : await this.#addressOf(until);
    const counts = new Map<number, number>();
    await this.#move('countPasses', () =>
      this.#without(addresses, end, async () => {
        const { tid } = await this.#target.state();
        await this.#target.resume({ direction: 'forward', how: 'continue', tid });
        for (const [address, passes] of await this.#target.passCounts()) counts.set(address, passes);
      }),
    );
    return addresses.map((address) => counts.get(address)!);
  }

  // Looking at it.

  async registers(tid?: number): Promise<Registers> {
    return namedRegisters(await this.#target.registers(tid ?? (await this.#target.state()).tid));
  }

  async memory(where: Where, length: number): Promise<Uint8Array> {
    const address = await this.#addressOf(where);
    const bytes = await this.#target.readMemory(address, length);
    if (bytes.length === length) return bytes;
    throw unreadable(address + bytes.length);
  }

  async integer(where: Where, size: 1 | 2 | 4 | 8 = 8, { signed = false } = {}): Promise<bigint> {
    const digits = Buffer.from(await this.memory(where, size))
      .reverse()
      .toString('hex');
    const value = BigInt(`0x${digits}`);
    return signed ? BigInt.asIntN(8 * size, value) : value;
  }

  async text(where: Where, most = mostText): Promise<string> {
    const address = await this.#addressOf(where);
    const pieces: Uint8Array[] = [];
    for (let length = 0; length < most; length += textPiece) {
      const wanted = Math.min(textPiece, most - length);
      const piece = await this.#target.readMemory(address + length, wanted);
      const end = piece.indexOf(0);
      pieces.push(end < 0 ? piece : piece.subarray(0, end));
      if (end >= 0) break;
      if (piece.length < wanted) throw unreadable(address + length + piece.length);
    }
    return Buffer.concat(pieces).toString();
  }

  async symbol(name: string): Promise<ElfSymbol> {
    const { maps, program } = await this.#mappings();
    return this.#symbols.find(maps, program, name);
  }

  async symbols(file?: string): Promise<readonly ElfSymbol[]> {
    const { maps, program } = await this.#mappings();
    return this.#symbols.all(maps, program, file);
  }

  async symbolAt(address: number): Promise<ElfSymbol | undefined> {
    const { maps, program } = await this.#mappings();
    return this.#symbols.at(maps, program, address);
  }

  async line(address: number): Promise<SourceLine | undefined> {
    const { maps, program } = await this.#mappings();
    return this.#symbols.line(maps, program, address);
  }

  // Remembering a place, and the end.

  async checkpoint(): Promise<Checkpoint> {
    const position = await this.position();
    const { number, event } = await this.#target.checkpoint();
    let isThere = true;
    const remove = async (): Promise<void> => {
      if (!isThere) return;
      isThere = false;
      await this.#target.deleteCheckpoint(number);
    };
    return { number, position, event, remove, [Symbol.asyncDispose]: remove };
  }

  close(): Promise<void> {
    return this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Does what moves the replay. @throws EngineError BUSY when something does already */
  async #move<Value>(method: string, body: () => Promise<Value>): Promise<Value> {
    if (this.#moving !== undefined) {
      const advice = this.#isInHandler ? "a handler can look, and return 'stop'" : 'wait for its promise first';
      throw new EngineError('BUSY', `${method}: the replay is moved by ${this.#moving}: ${advice}`);
    }
    this.#moving = method;
    try {
      return await body();
    } finally {
      this.#moving = undefined;
    }
  }

  #placeOf(place: Place): TargetPlace {
    if (place === 'begin' || place === 'end') return { kind: place };
    if (typeof place === 'number') return { kind: 'event', event: place };
    if (typeof place === 'string') return { kind: 'position', text: place };
    if ('number' in place) return { kind: 'checkpoint', number: place.number };
    return { kind: 'process', pid: findProcess(this.#recording, `${place.process}`).pid };
  }

  async #addressOf(where: Where): Promise<number> {
    return typeof where === 'number' ? where : (await this.symbol(where)).address;
  }

  async #mappings(): Promise<{ maps: string; program: string }> {
    const { process, program } = await this.#target.state();
    const maps = await this.#target.processFile(`/proc/${process}/maps`);
    return { maps: Buffer.from(maps ?? []).toString(), program };
  }

  async #ask(asked: Asked): Promise<Stopper> {
    this.#asked.add(asked);
    try {
      await this.#apply();
    } catch (error) {
      this.#asked.delete(asked);
      throw error;
    }
    const remove = async (): Promise<void> => {
      if (this.#asked.delete(asked)) await this.#apply();
    };
    return {
      address: asked.address,
      get count() {
        return asked.count;
      },
      remove,
      [Symbol.asyncDispose]: remove,
    };
  }

  /** Tells the replay what is to stop it. */
  async #apply(): Promise<void> {
    const seen = new Set<string>();
    const all: Breakpoint[] = [];
    for (const { kind, address, length } of this.#asked) {
      const key = `${kind} ${address} ${length}`;
      if (!seen.has(key)) all.push({ kind, address, length, conditions: [] });
      seen.add(key);
    }
    await this.#target.setBreakpoints(all);
    await this.#target.catchSyscalls(this.#syscalls);
    const passed = Array.from({ length: lastSignal }, (_, index) => index + 1);
    await this.#target.passSignals(passed.filter((signal) => !this.#signals.includes(signal)));
  }

  /** These addresses are counted meanwhile, and nothing stops it but `end`. */
  async #without<Value>(
    counted: readonly number[],
    end: number | undefined,
    body: () => Promise<Value>,
  ): Promise<Value> {
    const only = [...new Set(counted)].map((address): Breakpoint => {
      return { kind: 'software', address, length: 1, conditions: [], counts: true };
    });
    if (end !== undefined) only.push({ kind: 'software', address: end, length: 1, conditions: [] });
    await this.#target.setBreakpoints(only);
    await this.#target.catchSyscalls(undefined);
    await this.#target.passSignals(Array.from({ length: lastSignal }, (_, index) => index + 1));
    try {
      return await body();
    } finally {
      await this.#apply();
    }
  }

  /** Those that a stop is about. */
  #metBy(stop: TargetStop): Asked[] {
    if (stop.kind !== 'breakpoint' && stop.kind !== 'watchpoint') return [];
    const kind = stop.kind === 'breakpoint' ? 'software' : stop.access;
    return [...this.#asked].filter((asked) => asked.kind === kind && asked.address === stop.address);
  }

  #hasHandlersOnly(stop: TargetStop): boolean {
    const met = this.#metBy(stop);
    return met.length > 0 && met.every(({ handler }) => handler !== undefined);
  }

  /** Calls the handlers. True: the run goes on. */
  async #goesOn(stop: TargetStop): Promise<boolean> {
    const met = this.#metBy(stop);
    let goesOn = met.length > 0;
    for (const asked of met) {
      asked.count++;
      const { address, count, handler } = asked;
      if (handler === undefined) {
        goesOn = false;
        continue;
      }
      this.#isInHandler = true;
      try {
        if ((await handler({ replay: this, tid: stop.tid, address, count })) === 'stop') goesOn = false;
      } finally {
        this.#isInHandler = false;
      }
    }
    return goesOn;
  }
}

/** Without what is of no use here. */
function publicStop(stop: TargetStop): Stop {
  const { tid } = stop;
  switch (stop.kind) {
    case 'breakpoint':
    case 'watchpoint':
      return { kind: stop.kind, tid, address: stop.address };
    case 'diversionEnd':
      throw new Error('a program that nothing has changed ran in a copy');
    default:
      return stop;
  }
}

function unreadable(address: number): EngineError {
  return new EngineError('UNREADABLE', `nothing is mapped at 0x${address.toString(16)}`);
}

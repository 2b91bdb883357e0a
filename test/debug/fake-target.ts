/**
 * A target without a replay behind it, to test what speaks to debuggers: memory and files are those of a live process that
 * stands still, and resumes are answered from a list. What it was asked is kept.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type {
  Breakpoint,
  CheckpointDescription,
  MemoryWrite,
  Place,
  RecordingDescription,
  RemoteTarget,
  Resume,
  Stop,
  Target,
  TargetState,
  TaskRegisters,
} from '../../engine/debug/target.ts';
import { EngineError } from '../../engine/errors.ts';
import { registerIndex } from '../../engine/generated/schema.ts';
import { newRegisters, setRegister } from '../../engine/replay/registers.ts';

const xsaveBytes = 2696;
const xsaveFeatures = 0xe7;

export class FakeTarget implements Target {
  readonly asked: string[] = [];
  readonly resumes: Resume[] = [];
  readonly places: Place[] = [];
  breakpoints: readonly Breakpoint[] = [];
  stops: Stop[] = [];
  here: TargetState;
  readonly #child: ChildProcess;
  readonly #memory: number;
  readonly #registers = new Map<number, TaskRegisters>();
  readonly #checkpoints: CheckpointDescription[] = [];

  private constructor(child: ChildProcess, program: string, threadPointer: number) {
    this.#child = child;
    const pid = child.pid!;
    this.#memory = openSync(`/proc/${pid}/mem`, 'r');
    this.here = {
      process: pid,
      tid: pid,
      tasks: [
        { tid: pid, name: 'paused', threadPointer },
        { tid: pid + 1, name: 'a<b&"c"', threadPointer: 0 },
      ],
      event: 12,
      position: '12.3',
      ticks: undefined,
      elapsedSeconds: 1.5,
      absoluteSeconds: 1_700_000_000,
      program,
      image: 1,
      isCopy: false,
    };
    for (const { tid } of this.here.tasks) this.#registers.set(tid, this.#readRegisters(pid, threadPointer));
  }

  /** Starts the program (test/guests-debug/paused.c), which tells its thread pointer and then stands still. */
  static async start(program: string): Promise<FakeTarget> {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(child.stdout!, 'data')) as [Buffer];
    // It has said all, and is about to make the call in which it stays.
    while (!readFileSync(`/proc/${child.pid}/syscall`, 'latin1').startsWith('34 ')) await new Promise(setImmediate);
    return new FakeTarget(child, program, Number.parseInt(text.toString(), 16));
  }

  #readRegisters(pid: number, threadPointer: number): TaskRegisters {
    const words = readFileSync(`/proc/${pid}/syscall`, 'latin1').trim().split(' ');
    const general = newRegisters();
    setRegister(general, registerIndex.rsp, Number(words[7]));
    setRegister(general, registerIndex.rip, Number(words[8]));
    setRegister(general, registerIndex.fs_base, threadPointer);
    setRegister(general, registerIndex.rbx, 0x1234_5678_9abc);
    setRegister(general, registerIndex.cs, 0x33);
    const xsave = new Uint8Array(xsaveBytes);
    const view = new DataView(xsave.buffer);
    view.setUint16(0, 0x37f, true);
    view.setUint32(24, 0x1f80, true);
    view.setUint32(464, xsaveFeatures, true);
    view.setFloat64(160, 2.5, true);
    xsave[576] = 0x42;
    return { general, xsave };
  }

  recording(): RecordingDescription {
    const { process, program } = this.here;
    const programs = [{ event: 1, path: program }];
    const description = {
      parent: undefined,
      program,
      executed: program,
      commandName: program,
      programs,
      firstEvent: 1,
      execEvent: 1,
      lastEvent: 100,
      status: 0,
    };
    return {
      directory: '/trace',
      firstProcess: process,
      lastEvent: 100,
      isComplete: true,
      hasTicks: false,
      processes: [{ pid: process, ...description }],
    };
  }

  state(): TargetState {
    this.asked.push('state');
    return this.here;
  }

  registers(tid: number): TaskRegisters {
    this.asked.push(`registers ${tid}`);
    const found = this.#registers.get(tid);
    if (found === undefined) throw new EngineError('NO_TASK', `no task ${tid}`);
    return found;
  }

  setRegisters(tid: number, registers: TaskRegisters): void {
    this.#registers.set(tid, registers);
  }

  readMemory(address: number, length: number): Uint8Array {
    this.asked.push(`memory ${address}`);
    const bytes = Buffer.alloc(length);
    try {
      return bytes.subarray(0, readSync(this.#memory, bytes, 0, length, address));
    } catch {
      return new Uint8Array();
    }
  }

  writeMemory(_address: number, bytes: Uint8Array): number {
    return bytes.length;
  }

  signalInfo(): Uint8Array | undefined {
    const bytes = Buffer.alloc(128);
    bytes.writeInt32LE(11, 0);
    bytes.writeInt32LE(1, 8);
    bytes.writeBigUInt64LE(0xdeadn, 16);
    return bytes;
  }

  auxiliaryVector(): Uint8Array {
    return readFileSync(`/proc/${this.here.process}/auxv`);
  }

  processFile(path: string): Uint8Array | undefined {
    try {
      return /\/(exe|cwd)$/.test(path) ? Buffer.from(readlinkSync(path)) : readFileSync(path);
    } catch {
      return undefined;
    }
  }

  storedFile(): undefined {
    return undefined;
  }

  setBreakpoints(all: readonly Breakpoint[]): void {
    this.breakpoints = all;
  }

  passCounts(): readonly (readonly [number, number])[] {
    return [];
  }

  catchSyscalls(numbers: readonly number[] | undefined): void {
    this.asked.push(`catch ${numbers}`);
  }

  passSignals(numbers: readonly number[]): void {
    this.asked.push(`pass ${numbers}`);
  }

  resume(resume: Resume): Stop {
    this.resumes.push(resume);
    return this.stops.shift() ?? { kind: 'end', tid: this.here.tid };
  }

  seek(place: Place): void {
    this.places.push(place);
  }

  namePosition(): string {
    throw new Error('no position');
  }

  writes(): readonly MemoryWrite[] {
    return [];
  }

  checkpoint(): CheckpointDescription {
    const number = this.#checkpoints.length + 1;
    const { position, event, process } = this.here;
    const made = { number, position, event, process, address: 0x401000 };
    this.#checkpoints.push(made);
    return made;
  }

  checkpoints(): readonly CheckpointDescription[] {
    return this.#checkpoints;
  }

  deleteCheckpoint(number: number): void {
    this.#checkpoints.splice(
      this.#checkpoints.findIndex((each) => each.number === number),
      1,
    );
  }

  close(): void {
    closeSync(this.#memory);
    this.#child.kill('SIGKILL');
  }
}

/** A target as another thread sees it. */
export function remote(target: Target): RemoteTarget {
  const handler: ProxyHandler<Target> = {
    get(_, name) {
      if (name === 'interrupt') return () => undefined;
      return async (...parameters: unknown[]) => {
        const method = Reflect.get(target, name) as (...parameters: unknown[]) => unknown;
        return method.apply(target, parameters);
      };
    },
  };
  return new Proxy(target, handler) as unknown as RemoteTarget;
}

/** What can be asked of a replay that stands somewhere, without running it. */
import { readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { newRegisters, register, resumeFlag } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import { auxiliary, parseAuxiliaryVector } from '../auxiliary-vector.ts';
import { programAt } from '../describe-recording.ts';
import { type ProcessFacts, processFile } from '../process-files.ts';
import { readSignalInfo } from '../signal-info.ts';
import type {
  Breakpoint,
  CheckpointDescription,
  KeptFile,
  RecordingDescription,
  Target,
  TargetState,
  TaskRegisters,
} from '../target.ts';
import type { Changes } from './changes.ts';
import { KeptFiles } from './kept-files.ts';
import { isAmong } from './memory-state.ts';
import { type Position, positionText } from './position.ts';
import type { Timeline } from './timeline.ts';
import type { WantedStops } from './wanted-stops.ts';

/** Memory of ours in each process. */
const oursStart = 0x7000_0000;
const oursEnd = 0x7020_0000;

type Answered = Omit<Target, 'resume' | 'seek' | 'writes' | 'namePosition' | 'close'>;

export class Requests implements Answered {
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  readonly #changes: Changes;
  readonly #explicit: { readonly description: CheckpointDescription; readonly position: Position }[] = [];
  #nextCheckpoint = 1;
  #keptFiles: KeptFiles | undefined;

  constructor(timeline: Timeline, wanted: WantedStops, changes: Changes) {
    this.#timeline = timeline;
    this.#wanted = wanted;
    this.#changes = changes;
  }

  recording(): RecordingDescription {
    return this.#timeline.recorded.description;
  }

  state(): TargetState {
    const timeline = this.#timeline;
    const { run, process } = timeline;
    if (run === undefined) throw new EngineError('NO_PLACE', 'the replay stands nowhere: seek somewhere first');
    const current = timeline.anyTask();
    const { position } = run.driver;
    const elapsedSeconds = timeline.timeOf(run) / 1e9;
    const { beganAt } = timeline.recorded;
    return {
      process,
      tid: current?.tid ?? process,
      tasks: this.#describeTasks(),
      event: position.event,
      position: timeline.textOf(position),
      ticks: undefined,
      elapsedSeconds,
      absoluteSeconds: beganAt === undefined ? undefined : beganAt + elapsedSeconds,
      program: current === undefined ? '' : this.programOf(current),
      image: imageOf(current),
      isCopy: this.#changes.runsCopy,
    };
  }

  /** The program that the task runs where the replay stands. */
  programOf(task: Task): string {
    const { recorded, run } = this.#timeline;
    return programAt(recorded.process(task.threadGroup), run?.driver.position.event ?? 0);
  }

  registers(tid: number): TaskRegisters {
    const task = this.#timeline.task(tid);
    const general = newRegisters();
    general.set(task.registers);
    // It says that an instruction has begun before, as behind a page fault, which comes or not: nothing of the program's.
    general[2 * registerIndex.eflags]! &= ~resumeFlag;
    return { general, xsave: Uint8Array.from(this.#timeline.processes.getXsave(task.pid)) };
  }

  setRegisters(tid: number, registers: TaskRegisters): void {
    this.#changes.begin();
    const task = this.#timeline.task(tid);
    task.registers.set(registers.general);
    this.#timeline.processes.setXsave(task.pid, registers.xsave, 0, registers.xsave.length);
  }

  readMemory(address: number, length: number): Uint8Array {
    return this.#timeline.read(this.#timeline.task(), address, length);
  }

  writeMemory(address: number, bytes: Uint8Array): number {
    this.#changes.begin();
    const task = this.#timeline.task();
    this.#timeline.run!.driver.written(task.addressSpace, address, bytes.length);
    return this.#timeline.processes.writeMemory(task.pid, address, bytes, 0, bytes.length);
  }

  signalInfo(tid: number): Uint8Array | undefined {
    const position = this.#timeline.run?.driver.position;
    if (position === undefined || position.legs.length > 0) return undefined;
    using cursor = this.#timeline.recorded.open();
    return readSignalInfo(cursor.reader, position.event, tid);
  }

  auxiliaryVector(): Uint8Array {
    return this.#timeline.task().addressSpace.start?.auxiliaryVector ?? new Uint8Array(16);
  }

  processFile(path: string): Uint8Array | undefined {
    const { process, recorded, run } = this.#timeline;
    const task = this.#timeline.task();
    run?.driver.openPages();
    const { parent } = recorded.process(process);
    const { files, start, heapEnd, patched } = task.addressSpace;
    const stubs = this.#timeline.processes.stubRanges(task.pid);
    const told = parseAuxiliaryVector(start?.auxiliaryVector ?? new Uint8Array());
    const facts: ProcessFacts = {
      process,
      parent: parent ?? 0,
      tasks: this.#describeTasks(),
      program: this.programOf(task),
      workingDirectory: recorded.workingDirectory,
      arguments: start?.arguments ?? [],
      auxiliaryVector: start?.auxiliaryVector ?? new Uint8Array(16),
      kernelFile: (name) => readFileSync(`/proc/${task.pid}/${name}`, 'latin1'),
      fileAt: (address) => {
        const file = files.find(address);
        return file === undefined ? undefined : { path: file.path, offset: file.offset + (address - file.start) };
      },
      labelOf: (from, to) => {
        // The kernel has put the program's name there (execve(2)): where the stack pointer is now tells nothing.
        const top = told.get(auxiliary.executedName) ?? 0;
        if (top >= from && top < to) return '[stack]';
        return heapEnd !== undefined && heapEnd > from && heapEnd <= to ? '[heap]' : undefined;
      },
      isHidden: (from, to) =>
        (from >= oursStart && from < oursEnd) || patched.isOfStubs(from, to) || isAmong(stubs, from),
    };
    return processFile(facts, path);
  }

  storedFile(path: string): KeptFile | undefined {
    if (this.#keptFiles === undefined) {
      using cursor = this.#timeline.recorded.open();
      this.#keptFiles = new KeptFiles(cursor.reader);
    }
    return this.#keptFiles.find(path);
  }

  setBreakpoints(all: readonly Breakpoint[]): void {
    this.#wanted.setBreakpoints(all);
  }

  passCounts(): readonly (readonly [number, number])[] {
    return [...this.#wanted.passCounts];
  }

  catchSyscalls(numbers: readonly number[] | undefined): void {
    this.#wanted.caught = numbers;
  }

  passSignals(numbers: readonly number[]): void {
    this.#wanted.passed = new Set(numbers);
  }

  checkpoint(): CheckpointDescription {
    const task = this.#timeline.task();
    const { position } = this.#timeline.run!.driver;
    this.#timeline.keepNear(task);
    const description: CheckpointDescription = {
      number: this.#nextCheckpoint++,
      position: positionText(position),
      event: position.event,
      process: this.#timeline.process,
      address: register(task.registers, registerIndex.rip),
    };
    this.#explicit.push({ description, position });
    return description;
  }

  checkpoints(): readonly CheckpointDescription[] {
    return this.#explicit.map(({ description }) => description);
  }

  deleteCheckpoint(number: number): void {
    this.#explicit.splice(this.#indexOf(number), 1);
  }

  /** What lies behind that event was not as recorded: places on the way to others mean nothing. Their numbers. */
  forgetCheckpoints(from: number): number[] {
    const gone = this.#explicit.filter(({ position }) => position.event >= from && position.legs.length > 0);
    for (const each of gone) this.#explicit.splice(this.#explicit.indexOf(each), 1);
    return gone.map(({ description }) => description.number);
  }

  /** Where a checkpoint was made, and the process that was looked at there. @throws EngineError NO_CHECKPOINT */
  placeOfCheckpoint(number: number): { readonly position: Position; readonly process: number } {
    const { position, description } = this.#explicit[this.#indexOf(number)]!;
    return { position, process: description.process };
  }

  #indexOf(number: number): number {
    const index = this.#explicit.findIndex(({ description }) => description.number === number);
    if (index < 0) throw new EngineError('NO_CHECKPOINT', `there is no checkpoint ${number}`);
    return index;
  }

  #describeTasks(): TargetState['tasks'] {
    const tasks = [...(this.#timeline.run?.replayer.tasks.values() ?? [])];
    return tasks
      .filter((task) => task.threadGroup === this.#timeline.process)
      .map(({ tid, name, registers }) => {
        return { tid, name: name.slice(0, 15), threadPointer: register(registers, registerIndex.fs_base) };
      });
  }
}

/** Another number for each program that a process executes. */
function imageOf(task: Task | undefined): number {
  return (task?.threadGroup ?? 0) * 2 ** 24 + ((task?.addressSpace.start?.event ?? 0) % 2 ** 24);
}

/**
 * `rr rerun`: replays a recording and prints registers within a window of events, at each event or at each instruction.
 * No debugger has a part in it, and all tasks of all processes are stepped.
 */
import type { RerunOptions } from '../../cli/options.ts';
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { printMessage } from '../../log.ts';
import { Divergence } from '../../replay/divergence.ts';
import { Echo } from '../../replay/echo.ts';
import { register, setRegister } from '../../replay/registers.ts';
import { Replayer } from '../../replay/replayer.ts';
import { bindToRecordedProcessor, tellProcessor } from '../../replay/session.ts';
import { StoredFiles } from '../../replay/stored-files.ts';
import type { Task } from '../../replay/task.ts';
import { resolveTrace } from '../../trace/locations.ts';
import { Ordinals } from '../../trace/ordinals.ts';
import { TraceReader } from '../../trace/reader.ts';
import { writeAll } from '../../write-all.ts';
import { Diversion } from '../replay/diversion.ts';
import { Driver, type Goal, type Halt } from '../replay/driver.ts';
import { Columns, type LineFacts } from './columns.ts';

const flushAt = 1 << 16;
/** As a shell shows a death by SIGPIPE. */
const readerGoneStatus = 141;
/** Bytes below the stack pointer that are the program's (System V ABI for x86-64, "The Stack Frame"). */
const redZone = 128;

/** Nobody reads what is printed. */
class OutputClosed extends Error {}

/** Standard output, in large pieces. */
class Output {
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** Something was printed that cannot be taken back. */
  hasWritten = false;

  write(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length >= flushAt) this.flush();
  }

  /** @throws OutputClosed */
  flush(): void {
    if (this.#length === 0) return;
    const bytes = Buffer.concat(this.#pieces);
    this.drop();
    this.hasWritten = true;
    if (!writeAll(1, bytes)) throw new OutputClosed();
  }

  drop(): void {
    this.#pieces = [];
    this.#length = 0;
  }
}

interface Choice {
  readonly steps: Columns | undefined;
  readonly events: Columns | undefined;
}

/**
 * The exit status: 0, 1 when the replay diverged, 141 when nobody reads the output.
 * @throws UsageError BAD_VALUE; EngineError NO_EVENT, and as `replay`
 */
export async function rerun(options: RerunOptions): Promise<number> {
  const columns = (text: string | undefined, option: string): Columns | undefined =>
    text === undefined ? undefined : new Columns(text, `rerun --${option}`);
  const choice: Choice = {
    steps: columns(options.singlestep, 'singlestep'),
    events: columns(options.eventRegisters, 'event-regs'),
  };
  const directory = resolveTrace(options.trace);
  const output = new Output();
  let ordinals: Ordinals | undefined;
  for (;;) {
    const reader = TraceReader.open(directory);
    try {
      checkWindow(options, reader.lastEvent);
      if (ordinals === undefined) tellProcessor(reader.header);
      if (!options.cpuUnbound) bindToRecordedProcessor(reader.header.boundProcessor);
      ordinals ??= new Ordinals(reader);
      run(reader, options, choice, output, ordinals);
      output.flush();
      return 0;
    } catch (error) {
      if (error instanceof OutputClosed) return readerGoneStatus;
      if (error instanceof Divergence && !output.hasWritten && ordinals?.retry()) {
        output.drop();
        continue;
      }
      // What comes before the error is right.
      output.flush();
      if (!(error instanceof Divergence)) throw error;
      printMessage(error.message);
      return error.exitStatus;
    } finally {
      reader.close();
    }
  }
}

/** @throws EngineError NO_EVENT */
function checkWindow({ start }: RerunOptions, lastEvent: number): void {
  if (start <= lastEvent) return;
  throw new EngineError('NO_EVENT', `rerun: no event ${start}: the recording has events 1 to ${lastEvent}`);
}

function run(reader: TraceReader, options: RerunOptions, choice: Choice, output: Output, ordinals: Ordinals): void {
  const echo = new Echo({ quiet: true, mark: false });
  const stored = new StoredFiles(reader.store);
  using replayer = new Replayer({ source: reader, stored, echo, ordinals });
  replayer.withoutCpuidFaulting = options.withoutCpuidFaulting;
  while (reader.event + 1 < options.start) {
    if (replayer.step() === undefined) return;
  }
  const printer = new Printer(replayer, options.isRaw, output);
  const task = reader.event === 0 ? undefined : replayer.tasks.get(reader.frame.tid);
  if (options.function !== undefined) {
    const { event } = reader;
    callFunction({
      replayer,
      echo,
      task,
      event,
      address: options.function,
      print: (at) => printer.print(choice.steps, at),
    });
    return;
  }
  const goal = new StepGoal(choice, printer);
  const driver = new Driver(replayer, reader.event, task?.threadGroup ?? 0, goal, () => false);
  goal.driver = driver;
  if (task !== undefined) printer.print(choice.steps, { event: reader.event, instructions: 0, task });
  while (reader.event + 1 < options.end) {
    const frame = replayer.step();
    if (frame === undefined) return;
    const { event } = reader;
    driver.passedEvent(event);
    const now = replayer.tasks.get(frame.tid);
    if (now === undefined) continue;
    printer.print(choice.steps, { event, instructions: 0, task: now });
    printer.print(choice.events, { event, instructions: 0, task: now });
  }
}

interface Standing {
  readonly event: number;
  readonly instructions: number;
  readonly task: Task;
}

/** Prints what is asked of where a task stands. */
class Printer {
  readonly #replayer: Replayer;
  readonly #isRaw: boolean;
  readonly #output: Output;

  constructor(replayer: Replayer, isRaw: boolean, output: Output) {
    this.#replayer = replayer;
    this.#isRaw = isRaw;
    this.#output = output;
  }

  /** @throws OutputClosed */
  print(columns: Columns | undefined, { event, instructions, task }: Standing): void {
    if (columns === undefined) return;
    let xsave: Uint8Array | undefined;
    const facts: LineFacts = {
      event,
      instructions,
      tid: task.tid,
      registers: task.registers,
      xsave: () => {
        xsave ??= this.#replayer.processes.getXsave(task.pid);
        return xsave;
      },
    };
    this.#output.write(this.#isRaw ? columns.raw(facts) : Buffer.from(columns.text(facts)));
  }
}

/** Steps whatever runs, where each instruction is to be seen. */
class StepGoal implements Goal {
  readonly breakpoints: ReadonlySet<number> = new Set();
  readonly watchpoints = [];
  driver: Driver | undefined;
  readonly #choice: Choice;
  readonly #printer: Printer;

  constructor(choice: Choice, printer: Printer) {
    this.#choice = choice;
    this.#printer = printer;
  }

  beforeRun(task: Task): void {
    this.driver!.process = task.threadGroup;
  }

  steps(): boolean {
    return this.#choice.steps !== undefined;
  }

  halted(halt: Halt, task: Task): void {
    if (halt.kind !== 'step') return;
    const { event, legs } = this.driver!.position;
    this.#printer.print(this.#choice.steps, { event, instructions: legs.at(-1)?.count ?? 0, task });
  }
}

/**
 * Calls a function of the program at that place, instruction by instruction. Its system calls reach no kernel.
 * @throws EngineError NO_TASK, BAD_CALL
 */
function callFunction({
  replayer,
  echo,
  task,
  event,
  address,
  print,
}: {
  readonly replayer: Replayer;
  readonly echo: Echo;
  readonly task: Task | undefined;
  readonly event: number;
  readonly address: number;
  readonly print: (standing: Standing) => void;
}): void {
  if (task === undefined) throw new EngineError('NO_TASK', `rerun --function: no task stands behind event ${event}`);
  const { rip, rsp } = registerIndex;
  // A function expects a return address below a multiple of 16; at 0 there is no code to go on with.
  const stack = Math.floor((register(task.registers, rsp) - redZone) / 16) * 16 - 8;
  if (replayer.processes.writeMemory(task.pid, stack, new Uint8Array(8), 0, 8) !== 8) {
    throw new EngineError('BAD_CALL', `rerun --function: task ${task.tid} has no stack at 0x${stack.toString(16)}`);
  }
  setRegister(task.registers, rsp, stack);
  setRegister(task.registers, rip, address);
  const diversion = new Diversion(replayer, echo);
  for (let instructions = 0; register(task.registers, rip) !== 0; instructions++) {
    print({ event, instructions, task });
    const stop = diversion.run(task, new Set(), true, () => false);
    if (stop.kind === 'step') continue;
    const at = `0x${register(task.registers, rip).toString(16)}`;
    const why = stop.kind === 'signal' ? `signal ${stop.signal} at ${at}` : `the end of its process at ${at}`;
    throw new EngineError('BAD_CALL', `rerun --function: the call of 0x${address.toString(16)} met ${why}`);
  }
}

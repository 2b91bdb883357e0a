/** What the debugger has changed of the program's state, and the runs of the changed program. */
import { EngineError } from '../../errors.ts';
import { masks, registersEqual } from '../../replay/compare.ts';
import type { RegisterWords } from '../../replay/primitives.ts';
import type { Resume, Stop } from '../target.ts';
import { Diversion, endBySignal } from './diversion.ts';
import type { Position } from './position.ts';
import type { Timeline } from './timeline.ts';

interface Change {
  readonly position: Position;
  /** By task: what they were. */
  readonly registers: ReadonlyMap<number, RegisterWords>;
  /** The changed program has run. */
  readonly hasRun: boolean;
}

export class Changes {
  readonly #timeline: Timeline;
  #change: Change | undefined;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Where there is a change: the place that the recording has. */
  get position(): Position | undefined {
    return this.#change?.position;
  }

  get hasRun(): boolean {
    return this.#change?.hasRun ?? false;
  }

  /** What stands here is the changed program, which has run, and is not about to be dropped. */
  get runsCopy(): boolean {
    return this.hasRun && !this.hasOwnRegisters();
  }

  /** The debugger is about to change something: what there was stays in a checkpoint. @throws EngineError NOT_HERE */
  begin(): void {
    if (this.#change !== undefined) return;
    const { replayer, driver } = this.#timeline.run!;
    const { position } = driver;
    this.#timeline.keepNear(driver.current);
    if (!this.#timeline.checkpoints.has(position)) {
      throw new EngineError('NOT_HERE', 'nothing can be changed at this place: step or continue a little first');
    }
    const registers = new Map([...replayer.tasks].map(([tid, task]) => [tid, task.registers.slice()]));
    this.#change = { position, registers, hasRun: false };
  }

  drop(): void {
    this.#change = undefined;
  }

  /** True when the tasks' registers are what they were before the debugger changed something. */
  hasOwnRegisters(): boolean {
    const { replayer } = this.#timeline.run!;
    return [...(this.#change?.registers ?? [])].every(([tid, registers]) => {
      const task = replayer.tasks.get(tid);
      return task !== undefined && registersEqual(task.registers, registers, masks.signal);
    });
  }

  /** Runs the changed program; what it does is thrown away. */
  divert(resume: Resume, breakpoints: ReadonlySet<number>): Stop {
    const { run, echo, client } = this.#timeline;
    const { driver, replayer } = run!;
    const task = this.#timeline.task(resume.how === 'step' ? resume.tid : undefined);
    this.#change = { ...this.#change!, hasRun: true };
    driver.liftAll();
    echo.muted = false;
    const isStep = resume.how === 'step';
    const diversion = new Diversion(replayer, echo);
    const stop = endBySignal(task, resume) ?? diversion.run(task, breakpoints, isStep, () => client.isInterrupted());
    driver.current = task;
    return stop;
  }
}

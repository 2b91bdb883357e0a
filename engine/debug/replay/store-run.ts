/**
 * A run that watches memory, and knows at each change how often the task had come to the instruction that made it: passes
 * are counted by stubs where there are many.
 */
import { EngineError } from '../../errors.ts';
import type { Task } from '../../replay/task.ts';
import type { RecordPasses } from './counted-run.ts';
import type { Driver, Goal, Halt } from './driver.ts';
import { StubPatience } from './stub-patience.ts';
import type { Watchpoint } from './watched-memory.ts';

export class StoreRun implements Goal {
  readonly breakpoints: ReadonlySet<number>;
  readonly watchpoints: readonly Watchpoint[];
  readonly #driver: Driver;
  readonly #record: RecordPasses;
  readonly #changed: (by: number, count: number) => void;
  readonly #passedEvent: (event: number) => void;
  /** Passes by stubs since the run, or its last event, began. */
  readonly #passes = new Map<number, number>();
  readonly #patience = new StubPatience();

  constructor(parts: {
    readonly driver: Driver;
    readonly by: Iterable<number>;
    readonly watchpoints: readonly Watchpoint[];
    readonly record: RecordPasses;
    /** A watched value was changed by an instruction, at that arrival there since the run, or its last event, began. */
    readonly changed: (by: number, count: number) => void;
    readonly passedEvent: (event: number) => void;
  }) {
    this.#driver = parts.driver;
    this.breakpoints = new Set(parts.by);
    this.watchpoints = parts.watchpoints;
    this.#record = parts.record;
    this.#changed = parts.changed;
    this.#passedEvent = parts.passedEvent;
  }

  beforeRun(task: Task): void {
    if (!this.#patience.isOver) return;
    const addresses = [...this.breakpoints];
    const run = this.#record(
      task,
      addresses.map((address) => ({ address, isNeeded: true })),
    );
    let total = 0;
    for (const [index, address] of addresses.entries()) {
      const passes = run?.sites[index]?.passes ?? 0;
      this.#passes.set(address, (this.#passes.get(address) ?? 0) + passes);
      total += passes;
    }
    this.#patience.tried(total);
  }

  halted(halt: Halt): void {
    if (halt.kind === 'interrupted') throw new EngineError('INTERRUPTED', 'interrupted');
    if (halt.kind === 'breakpoint') this.#patience.stopped();
    if (halt.kind !== 'watchpoint' || halt.by === 0) return;
    this.#changed(halt.by, (this.#passes.get(halt.by) ?? 0) + this.#driver.passes(halt.by));
  }

  passedEvent(event: number): void {
    this.#passes.clear();
    this.#passedEvent(event);
  }
}

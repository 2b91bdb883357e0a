/**
 * The place one instruction before another. A task's own: while another one ran it has executed nothing, and its state is
 * that of its last event.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { Divergence } from '../../replay/divergence.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import { Arrived } from './client.ts';
import type { EventPlace } from './event-places.ts';
import { type Position, unstepped, withoutLastLeg, withPass } from './position.ts';
import { addressOnStack, guessPredecessors } from './predecessors.ts';
import type { Timeline } from './timeline.ts';
import { Count, Walk, type WalkEnd } from './walk.ts';

/** Of a walk: instructions before it is looked whether to go on, and how often. */
const stepsAtOnce = 4000;
const mostRounds = 60;

export class PredecessorSearch {
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** The place before the last instruction of a task; undefined at the beginning. @throws EngineError NO_PREDECESSOR */
  before(position: Position, tid: number): Position | undefined {
    const { recorded } = this.#timeline;
    if (position.legs.length > 0 && recorded.taskOf(position.event + 1) === tid) return this.#beforeLeg(position, tid);
    const event = recorded.lastEventOf(tid, position.event);
    return event === undefined ? undefined : this.beforeEvent(event);
  }

  /** The place of an event's task before it. */
  beforeEvent(event: number): Position | undefined {
    const { recorded, beginning } = this.#timeline;
    if (event <= beginning.event) return undefined;
    const entry = recorded.entryOf(event);
    if (entry !== undefined) return this.beforeEvent(entry);
    const base: Position = { event: event - 1, legs: [] };
    const place = recorded.placeOf(event) ?? this.#placeOfRun(base);
    if (place === undefined) return base;
    const count = this.#countPasses(base, place.address);
    if (count === 0) return place.isExecuted ? base : this.before(base, recorded.taskOf(event));
    const arrival: Position = { event: base.event, legs: [{ kind: 'pass', address: place.address, count }] };
    return place.isExecuted ? arrival : this.#beforePass(arrival, place.address);
  }

  /** Passes of an address from the end of one event to the next one. */
  #countPasses(base: Position, address: number): number {
    let count = 0;
    this.#timeline.explore(base, ({ replayer }) => {
      const goal = new Count({
        addresses: [address],
        halted: (halt) => {
          if (halt.kind === 'breakpoint' && !halt.isStanding) count++;
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
      goal.beforeRun = () => {
        // Of a forced stop they are known already, or have been found.
        const { passesLeft } = replayer.progress;
        if (typeof passesLeft !== 'number' || register(replayer.expected, registerIndex.rip) !== address) return;
        count += passesLeft;
        throw new Arrived();
      };
      return goal;
    });
    return count;
  }

  /** Where a run from there to the next event has ended, for an event that does not tell; undefined: nothing ran. */
  #placeOfRun(base: Position): EventPlace | undefined {
    let address: number | undefined;
    this.#timeline.explore(base, ({ driver }) => {
      return new Count({
        addresses: [],
        halted: () => undefined,
        passedEvent: () => {
          address = driver.endedAt;
          throw new Arrived();
        },
      });
    });
    return address === undefined ? undefined : { address, isExecuted: true };
  }

  #beforeLeg(position: Position, tid: number): Position | undefined {
    const unsteppedOne = unstepped(position);
    if (unsteppedOne !== undefined) return unsteppedOne;
    const last = position.legs.at(-1);
    if (last?.kind === 'pass') return this.#beforePass(position, last.address);
    return this.before({ event: position.event, legs: [] }, tid);
  }

  /** The place one instruction before an arrival at an address. */
  #beforePass(position: Position, address: number): Position | undefined {
    // What led to the arrival lies behind the one before it.
    const all = position.legs.at(-1)!.count;
    const before = withoutLastLeg(position);
    const base = all === 1 ? before : { event: before.event, legs: withPass(before.legs, address, all - 1) };
    // What is on the stack there tells who called.
    let guesses = new Set<number>();
    this.#timeline.explore(position, (run) => {
      const task = run.driver.current!;
      const onStack = addressOnStack(task, (...where) => this.#timeline.read(...where));
      guesses = guessPredecessors(address, onStack, (from, length) => this.#timeline.read(task, from, length));
      throw new Arrived();
    });
    let pivot = this.#lastOf(guesses, base, address);
    let arrivals = 1;
    let enters = false;
    for (let rounds = 0; rounds < mostRounds; rounds++) {
      const end = this.#walk(pivot, address, arrivals, enters);
      switch (end?.kind) {
        case 'found':
          return end.before;
        case 'inCall':
          pivot = end.call;
          ({ arrivals } = end);
          enters = true;
          break;
        case 'far':
          if (this.#timeline.client.isInterrupted()) throw new EngineError('INTERRUPTED', 'interrupted');
          pivot = end.at;
          ({ arrivals } = end);
          enters = false;
          break;
        default:
          rounds = mostRounds;
      }
    }
    throw new EngineError(
      'NO_PREDECESSOR',
      `the instruction before 0x${address.toString(16)} is too far from all places that are known: set a breakpoint before it and use reverse-continue`,
    );
  }

  /**
   * The last arrival at one of the guesses between a position and the next arrival at an address; the position where there
   * is none. A breakpoint at a guess that is within an instruction makes another one of it: then none of them counts.
   */
  #lastOf(guesses: ReadonlySet<number>, base: Position, address: number): Position {
    let last = base;
    const count = (): Count =>
      new Count({
        addresses: [...guesses, address],
        halted: (halt, _task, counts) => {
          if (halt.kind !== 'breakpoint' || halt.isStanding || halt.address !== address) return;
          const [first] = counts.recent;
          if (first !== undefined) last = { event: base.event, legs: withPass(base.legs, first.address, first.count) };
          throw new Arrived();
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
    try {
      this.#timeline.explore(base, count);
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      return base;
    }
    return last;
  }

  #walk(pivot: Position, target: number, arrivals: number, enters: boolean): WalkEnd | undefined {
    let found: WalkEnd | undefined;
    const ended = (end: WalkEnd): never => {
      found = end;
      throw new Arrived();
    };
    const read = (task: Task, from: number, length: number): Uint8Array => this.#timeline.read(task, from, length);
    this.#timeline.explore(
      pivot,
      ({ driver }) => new Walk({ driver, target, mostSteps: stepsAtOnce, arrivals, enters, read, ended }),
      true,
    );
    return found;
  }
}

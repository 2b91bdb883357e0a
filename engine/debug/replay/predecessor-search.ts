/**
 * The place one instruction before another. A task's own: while another one ran it has executed nothing, and its state is
 * that of its last event.
 */
import { EngineError } from '../../errors.ts';
import { registerIndex } from '../../generated/schema.ts';
import { masks, registersEqual } from '../../replay/compare.ts';
import { Divergence } from '../../replay/divergence.ts';
import type { RegisterWords } from '../../replay/primitives.ts';
import { newRegisters, register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import { Arrived } from './client.ts';
import { CountedRun, type RecordPasses } from './counted-run.ts';
import type { EventPlace } from './event-places.ts';
import type { CountedSite, StackFilter } from './fast-run.ts';
import { type Position, samePosition, unstepped, withoutLastLeg, withPass } from './position.ts';
import { addressOnStack, guessPredecessors, guessReturns, guessReturnsTo } from './predecessors.ts';
import type { Timeline } from './timeline.ts';
import { Count, Walk, type WalkEnd } from './walk.ts';

/** Of a walk: instructions before a nearer place is looked for, at first and at last, and how often. */
const fewSteps = 300;
const stepsAtOnce = 4000;
const mostRounds = 100;
const wordSize = 8;
/** No instruction is there. */
const nowhere = 0;

/** What is known of the instruction before a place. */
interface Guesses {
  /** The registers at the place. */
  readonly arrived: RegisterWords;
  readonly guesses: readonly CountedSite[];
}

export class PredecessorSearch {
  readonly #timeline: Timeline;
  /** Of the place that the replay has left to go back. */
  #left: { readonly position: Position; readonly known: Guesses } | undefined;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Looks at the place where the replay stands, which is left now: what is before it will be asked for. */
  leave(tid: number): void {
    this.#left = undefined;
    const { run, recorded } = this.#timeline;
    const here = run?.driver.current;
    if (run === undefined || here?.tid !== tid) return;
    const { position } = run.driver;
    const last = position.legs.at(-1);
    // Steps are taken back without a look. A task that stands at the entry of a call has another rip than its instruction,
    // and other registers than it had there: nothing of them leads to that instruction.
    const isThere = last?.kind === 'pass' && last.address === register(here.registers, registerIndex.rip);
    if (!isThere || recorded.taskOf(position.event + 1) !== tid) return;
    this.#left = { position, known: this.#guessAt(here, last.address) };
  }

  /** The place that was left has this name, too. */
  leftBy(position: Position, name: Position): void {
    if (this.#left === undefined || !samePosition(this.#left.position, position)) return;
    this.#left = { ...this.#left, position: name };
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
    if (place.stepsItself) return this.#beforeOwnTrap(base);
    const pause = this.#timeline.checkpoints.lastPause(base.event)?.position;
    const sincePause = pause === undefined ? 0 : this.#countPasses(pause, place.address);
    if (sincePause > 0) {
      const legs = withPass(pause!.legs, place.address, sincePause);
      return place.isExecuted
        ? { event: base.event, legs }
        : this.#beforePass({ event: base.event, legs }, place.address);
    }
    const count = this.#countPasses(base, place.address);
    if (count === 0) return place.isExecuted ? base : this.before(base, recorded.taskOf(event));
    const arrival: Position = { event: base.event, legs: [{ kind: 'pass', address: place.address, count }] };
    return place.isExecuted ? arrival : this.#beforePass(arrival, place.address);
  }

  /** The last instruction that a task executes from the end of an event on, which traps by the flag that it has set. */
  #beforeOwnTrap(base: Position): Position {
    let pivot = base;
    let enters = false;
    for (let rounds = 0; rounds < mostRounds; rounds++) {
      const end = this.#walk(pivot, nowhere, enters, stepsAtOnce);
      if (end?.kind === 'passed' && !end.isCall) return end.last;
      if (end?.kind !== 'passed' && end?.kind !== 'far') break;
      if (this.#timeline.client.isInterrupted()) throw new EngineError('INTERRUPTED', 'interrupted');
      pivot = end.kind === 'far' ? end.at : end.last;
      enters = end.kind === 'passed';
    }
    throw tooFar(`the trap behind event ${base.event}`);
  }

  /** Passes of an address from the end of one event to the next one. */
  #countPasses(base: Position, address: number): number {
    let count = 0;
    this.#timeline.explore(base, ({ replayer }) => {
      const ended = (left: number): never => {
        count = counted.of(address)!.passes + left;
        throw new Arrived();
      };
      const counted: CountedRun = new CountedRun({
        sites: [{ address, isNeeded: true }],
        record: this.#record,
        trapped: () => undefined,
        passedEvent: () => ended(0),
        beforeRun: () => {
          // Of a forced stop they are known already, or have been found.
          const { passesLeft } = replayer.progress;
          if (typeof passesLeft !== 'number' || register(replayer.expected, registerIndex.rip) !== address) return;
          ended(passesLeft);
        },
      });
      return counted;
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
    const { arrived, guesses } = this.#guessBefore(position, address);
    const guess = this.#lastOf(base, address, () => guesses);
    const found =
      (guess === undefined ? undefined : this.#walkFrom(guess, address, arrived)) ??
      this.#walkFrom(base, address, arrived);
    if (found !== undefined) return found;
    throw tooFar(`0x${address.toString(16)}`);
  }

  /** The registers at a place, and where the instruction before it may be. */
  #guessBefore(position: Position, address: number): Guesses {
    const left = this.#left;
    if (left !== undefined && samePosition(left.position, position)) return left.known;
    let guessed: Guesses = { arrived: newRegisters(), guesses: [] };
    this.#timeline.explore(position, ({ driver }) => {
      guessed = this.#guessAt(driver.current!, address);
      throw new Arrived();
    });
    return guessed;
  }

  #guessAt(task: Task, address: number): Guesses {
    const read = this.#reader(task);
    // What is on the stack there tells who called.
    const onStack = addressOnStack(task, (...where) => this.#timeline.read(...where));
    const guesses = [...guessPredecessors(address, onStack, read)].map((each) => ({
      address: each,
      isNeeded: false,
    }));
    const rsp = register(task.registers, registerIndex.rsp);
    const returns = returnsOf(rsp - wordSize, guessReturnsTo(address, read), address);
    return { arrived: task.registers.slice(), guesses: [...guesses, ...returns] };
  }

  /**
   * The place one instruction before the next arrival at an address with these registers; undefined where it is another
   * arrival, or too far away.
   */
  #walkFrom(from: Position, address: number, arrived: RegisterWords): Position | undefined {
    let pivot = from;
    let enters = false;
    let mostSteps = fewSteps;
    /** rsp at the return that leads there. */
    let returning: number | undefined;
    for (let rounds = 0; rounds < mostRounds; rounds++) {
      const end = this.#walk(pivot, address, enters, mostSteps);
      switch (end?.kind) {
        case 'found':
          return registersEqual(end.registers, arrived, masks.signal) ? end.before : undefined;
        case 'inCall':
          pivot = end.call;
          enters = true;
          break;
        case 'far': {
          if (this.#timeline.client.isInterrupted()) throw new EngineError('INTERRUPTED', 'interrupted');
          returning = end.returning ?? returning;
          const nearer = this.#nearer(end, address, returning);
          // Where it does not come again to what it has just executed, it is on its way somewhere else.
          mostSteps = nearer === undefined ? Math.min(2 * mostSteps, stepsAtOnce) : fewSteps;
          pivot = nearer ?? end.at;
          enters = false;
          break;
        }
        default:
          return undefined;
      }
    }
    return undefined;
  }

  /**
   * The last arrival at one of the guesses between a position and the next arrival at an address; undefined where there
   * is none. A breakpoint at a guess that is within an instruction makes another one of it: then none of them counts.
   */
  #lastOf(base: Position, address: number, guessesOf: (task: Task) => readonly CountedSite[]): Position | undefined {
    try {
      return this.#lastBefore(base, address, guessesOf);
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      return undefined;
    }
  }

  /** The same from where a walk has ended: of returns around there from the frame with that rsp, else of what it has stepped. */
  #nearer(
    { at, stepped }: Extract<WalkEnd, { kind: 'far' }>,
    address: number,
    returning: number | undefined,
  ): Position | undefined {
    const byReturn =
      returning === undefined
        ? undefined
        : this.#lastOf(at, address, (task) =>
            returnsOf(returning, guessReturns(stepped.at(-1)!, this.#reader(task)), address),
          );
    if (byReturn !== undefined) return byReturn;
    const sites = stepped.filter((each) => each !== address).map((each) => ({ address: each, isNeeded: false }));
    return this.#lastBefore(at, address, () => sites);
  }

  #reader(task: Task): (from: number, length: number) => Uint8Array {
    return (from, length) => this.#timeline.read(task, from, length);
  }

  /** The last match of one of the sites between a position and the next arrival at an address. */
  #lastBefore(base: Position, address: number, sitesOf: (task: Task) => readonly CountedSite[]): Position | undefined {
    let last: Position | undefined;
    this.#timeline.explore(base, ({ driver }) => {
      const counted: CountedRun = new CountedRun({
        sites: [{ address, trapAt: 1, isNeeded: true }, ...sitesOf(driver.current!)],
        record: this.#record,
        trapped: () => {
          const pivot = counted.nearLast;
          if (pivot !== undefined) {
            last = { event: base.event, legs: withPass(base.legs, pivot.address, pivot.lastMatch) };
          }
          throw new Arrived();
        },
        passedEvent: () => {
          throw new Arrived();
        },
      });
      return counted;
    });
    return last;
  }

  #walk(pivot: Position, target: number, enters: boolean, mostSteps: number): WalkEnd | undefined {
    let found: WalkEnd | undefined;
    const ended = (end: WalkEnd): never => {
      found = end;
      throw new Arrived();
    };
    const read = (task: Task, from: number, length: number): Uint8Array => this.#timeline.read(task, from, length);
    this.#timeline.explore(
      pivot,
      ({ driver }) => new Walk({ driver, target, mostSteps, enters, read, record: this.#record, ended }),
      true,
    );
    return found;
  }

  readonly #record: RecordPasses = (task, sites) => this.#timeline.recordPasses(task, sites);
}

function tooFar(place: string): EngineError {
  const advice = 'set a breakpoint before it and use reverse-continue';
  return new EngineError(
    'NO_PREDECESSOR',
    `the instruction before ${place} is too far from all places that are known: ${advice}`,
  );
}

/** Returns as sites: from the frame with that rsp, to an address. */
function returnsOf(rsp: number, returns: readonly number[], address: number): readonly CountedSite[] {
  const filter: StackFilter = { kind: 'stackIs', value: rsp };
  return returns.filter((each) => each !== address).map((each) => ({ address: each, filter, isNeeded: false }));
}

/** Going back: to the instruction before, and to what the debugger would have stopped at last. */
import { EngineError } from '../../errors.ts';
import { Divergence } from '../../replay/divergence.ts';
import { programAt } from '../describe-recording.ts';
import type { Resume, Stop } from '../target.ts';
import { Arrived } from './client.ts';
import type { Kept } from './kept-checkpoints.ts';
import { laterPart } from './later-part.ts';
import { type Change, countStores, type Halted, type Interval, Look, legsOfInterval, storeKey } from './look.ts';
import { lookOver } from './look-run.ts';
import { legsBetween, type Position, stepped, withPass } from './position.ts';
import type { PredecessorSearch } from './predecessor-search.ts';
import { FrameStops, isEntered, type ReturningFrame } from './returning-frame.ts';
import type { Timeline } from './timeline.ts';
import type { Stops, WantedStops } from './wanted-stops.ts';

/** A place to go to, and what the debugger is told of it. */
export interface Met {
  readonly position: Position;
  readonly stop: Stop;
  readonly change?: Change;
  /** The event before the place that would be gone to next. */
  readonly eventBefore?: number;
}

/** Stops of a first look over an interval. */
const fewStops = 400;

export class Backwards {
  readonly #timeline: Timeline;
  readonly #wanted: WantedStops;
  readonly #predecessors: PredecessorSearch;
  /** The last one: the halt before one of its is known. */
  #look: Look | undefined;
  /** Passes of the stores in it. */
  #stores: { readonly look: Look; readonly counts: ReadonlyMap<string, number> } | undefined;

  constructor(timeline: Timeline, wanted: WantedStops, predecessors: PredecessorSearch) {
    this.#timeline = timeline;
    this.#wanted = wanted;
    this.#predecessors = predecessors;
  }

  /**
   * Where a resume backwards from a position leads to.
   * @param returning the frame whose entry is wanted
   * @throws EngineError NO_PREDECESSOR, INTERRUPTED
   */
  resume(resume: Resume, from: Position, returning?: ReturningFrame): Met {
    if (resume.how === 'step') return this.#step(resume.tid, from) ?? this.#begin(resume.tid);
    const exec = this.#execBefore(from);
    const since = exec ?? this.#timeline.beginning.event;
    const met =
      returning === undefined
        ? this.lastStop(from, this.#wanted, since)
        : this.#lastStopOutside(returning, from, since);
    if (met !== undefined) return met;
    return exec === undefined ? this.#begin(resume.tid) : this.#beforeExec(exec, resume.tid);
  }

  /** As lastStop; but an arrival at a frame's entry within it does not count. */
  #lastStopOutside(frame: ReturningFrame, from: Position, since: number): Met | undefined {
    const stops = new FrameStops(this.#wanted, frame);
    if (frame.call === undefined) return this.lastStop(from, stops, since);
    const met = this.#lastStopByGuess(from, stops, since);
    if (met?.stop.kind === 'breakpoint' && met.stop.address === frame.call) {
      const position = stepped(met.position);
      if (this.#entersAt(position, frame)) return { position, stop: { ...met.stop, address: frame.entry } };
    } else if (met !== undefined && stops.callArrivals > 0) {
      return met;
    }
    // The guess was wrong: no instruction begins there, or another one has led to the entry.
    return this.lastStop(from, new FrameStops(this.#wanted, { ...frame, call: undefined }), since);
  }

  /** A breakpoint at a guess that is within an instruction makes another one of it: then nothing is known. */
  #lastStopByGuess(from: Position, stops: Stops, since: number): Met | undefined {
    try {
      return this.lastStop(from, stops, since);
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      return undefined;
    }
  }

  #entersAt(position: Position, frame: ReturningFrame): boolean {
    let enters = false;
    this.#timeline.explore(position, ({ driver }) => {
      enters = driver.current !== undefined && isEntered(frame, driver.current);
      throw new Arrived();
    });
    return enters;
  }

  /** The event of the exec that made the program that runs there; undefined where the process began with it. */
  #execBefore(from: Position): number | undefined {
    const { beginning, process, recorded } = this.#timeline;
    const { programs } = recorded.process(process);
    return programs.findLast(({ event }) => event > beginning.event && event <= from.event)?.event;
  }

  /** In the program before an exec, where breakpoints are others: the debugger has to know before it goes on. */
  #beforeExec(event: number, tid: number): Met {
    const { beginning, process, recorded } = this.#timeline;
    const position = this.#predecessors.before({ event, legs: [] }, tid) ?? beginning;
    return { position, stop: { kind: 'exec', tid, program: programAt(recorded.process(process), position.event) } };
  }

  #begin(tid: number): Met {
    return { position: this.#timeline.beginning, stop: { kind: 'begin', tid } };
  }

  #step(tid: number, from: Position): Met | undefined {
    const { beginning } = this.#timeline;
    const before = this.#predecessors.before(from, tid);
    if (before === undefined || before.event < beginning.event) return undefined;
    // What other tasks have done since then.
    const hit = before.event + 1 < from.event && this.#wanted.addresses.size > 0 ? this.lastStop(from) : undefined;
    if (hit !== undefined && hit.position.event > before.event) return hit;
    return { position: before, stop: { kind: 'step', tid } };
  }

  /** What stopped last before a position, behind an event; undefined: nothing since then, which is the beginning. */
  lastStop(
    from: Position,
    wanted: Stops = this.#wanted,
    since: number = this.#timeline.beginning.event,
  ): Met | undefined {
    const { checkpoints } = this.#timeline;
    const again = this.#look?.wanted === wanted.text ? this.#look.indexOf(from) : undefined;
    if (again !== undefined && again > 0) {
      const met = this.#metAt(this.#look!, again - 1);
      return met.position.event >= since ? met : undefined;
    }
    // Where the halts of a look are all behind us, what lies before it is looked at.
    let until = again === 0 ? this.#look!.interval.kept.position : from;
    for (let withTarget = again === 0; ; withTarget = true) {
      until = this.#timeline.reachable(this.#beforeQuiet(until, wanted));
      const kept = this.#startBefore(until);
      using _held = checkpoints.hold(kept);
      const look = this.#lookBack(wanted, { kept, until, withTarget });
      if (look !== undefined) {
        const met = this.#metAt(look, look.halts.length - 1);
        this.#look = look;
        if (met.position.event >= since) return met;
      }
      until = kept.position;
      if (until.event <= since && until.legs.length === 0) break;
    }
    return undefined;
  }

  /** A place, or the earliest on the way to it since when nothing is stopped at. */
  #beforeQuiet(until: Position, wanted: Stops): Position {
    if (wanted.watched.length > 0 || wanted.caught !== undefined) return until;
    let earliest = until;
    for (;;) {
      const before = this.#timeline.quietBefore(earliest, wanted.addresses);
      if (before === undefined) return earliest;
      earliest = before;
    }
  }

  /** The latest checkpoint before a place at an event's end, or of those made on the way. */
  #startBefore(until: Position): Kept {
    const found = this.#timeline.checkpoints.before(until).find((kept) => {
      const { event, legs } = kept.position;
      if (legs.length > 0)
        return kept.isPause === true && (event < until.event || legsBetween(kept.position, until)!.length > 0);
      return event < until.event || until.legs.length > 0;
    });
    return found!;
  }

  /**
   * The last halts in an interval; undefined: none. Where there are too many stops for one look, its later part is looked
   * at first, and what is before that if there is nothing.
   */
  #lookBack(wanted: Stops, { kept, until, withTarget }: Interval): Look | undefined {
    let interval: Interval = { kept, until, withTarget };
    for (let mostStops = fewStops; ; mostStops *= 2) {
      const seen = lookOver(this.#timeline, wanted, interval, mostStops);
      if (seen instanceof Look) return seen.halts.length > 0 ? seen : undefined;
      const later = laterPart(this.#timeline, wanted, interval, seen, mostStops / 2);
      if (later === undefined) {
        const all = lookOver(this.#timeline, wanted, interval) as Look;
        return all.halts.length > 0 ? all : undefined;
      }
      using _held = this.#timeline.checkpoints.hold(later.kept);
      const found = this.#lookBack(wanted, { ...interval, kept: later.kept, until: later.until });
      if (found !== undefined) {
        if (later.halt !== undefined && found.interval.kept === later.kept) found.addFirst(later.halt);
        return found;
      }
      const { position } = later.kept;
      if (later.halt !== undefined) {
        const before = new Look({ kept, until: position, withTarget: false }, wanted.text);
        before.cut();
        before.add(later.halt);
        return before;
      }
      interval = { kept, until: position, withTarget: true };
    }
  }

  #metAt(look: Look, index: number): Met {
    const halted = look.halts[index]!;
    halted.position ??= this.#placeOf(look, halted);
    const { position, stop, change } = halted;
    const before = look.halts[index - 1];
    return {
      position,
      stop,
      ...(change === undefined ? {} : { change }),
      ...(before === undefined ? {} : { eventBefore: eventOf(before) }),
    };
  }

  /** @throws EngineError NO_PLACE */
  #placeOf(look: Look, halted: Halted): Position {
    switch (halted.kind) {
      case 'place':
        return halted.position;
      case 'store': {
        const { event, index, by } = halted;
        if (this.#stores?.look !== look) {
          this.#stores = { look, counts: countStores(this.#timeline, this.#wanted, look) };
        }
        const count = this.#stores.counts.get(storeKey(event, index));
        if (count === undefined) {
          const what = `change ${index} of what is watched behind event ${event}, by 0x${by.toString(16)},`;
          throw new EngineError('NO_PLACE', `${what} is not found again`);
        }
        const base = legsOfInterval(look.interval, event);
        return { event, legs: count === 0 ? base : withPass(base, by, count) };
      }
      case 'beforeEvent':
        return this.#predecessors.beforeEvent(halted.event) ?? this.#timeline.beginning;
    }
  }
}

function eventOf(halted: Halted): number {
  switch (halted.kind) {
    case 'place':
      return halted.position.event;
    case 'store':
      return halted.event;
    case 'beforeEvent':
      return halted.event - 1;
  }
}

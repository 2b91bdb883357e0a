/**
 * How often what is watched has changed since a place. So the name of a change is found by one run from there, however
 * many came before it.
 */
import { type Position, samePosition } from './position.ts';
import type { Run } from './timeline.ts';

interface Counted {
  /** The run that has seen them: another one begins elsewhere. */
  readonly run: Run;
  /** What is watched, as text. */
  readonly watched: string;
  readonly since: Position;
  readonly count: number;
}

export class CountedChanges {
  /** The event before a position, or the place that was kept on the way to it. */
  readonly #baseOf: (position: Position) => Position;
  #counted: Counted | undefined;

  constructor(baseOf: (position: Position) => Position) {
    this.#baseOf = baseOf;
  }

  /** A run goes on from where it stands. @param watched what is, as text */
  begin(run: Run, watched: string): void {
    const { position } = run.driver;
    const known = this.#counted;
    const goesOn = known?.run === run && known.watched === watched && this.#isBehind(known.since, position);
    if (!goesOn) this.#counted = { run, watched, since: position, count: 0 };
  }

  /** Something watched has changed before that position, where the run stands. Its number, and since which place. */
  add(position: Position): Pick<Counted, 'since' | 'count'> {
    let known = this.#counted!;
    if (!this.#isBehind(known.since, position)) known = { ...known, since: this.#baseOf(position), count: 0 };
    this.#counted = { ...known, count: known.count + 1 };
    return this.#counted;
  }

  #isBehind(since: Position, position: Position): boolean {
    return samePosition(this.#baseOf(since), this.#baseOf(position));
  }
}

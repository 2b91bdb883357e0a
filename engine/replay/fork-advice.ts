/**
 * What a program has said of its forks (madvise(2)): ranges that a child does not get (MADV_DONTFORK), or gets empty
 * (MADV_WIPEONFORK). The replay's own copies of a process have all of its memory; a recorded fork's child is made so
 * afterwards.
 */

interface Range {
  readonly start: number;
  readonly end: number;
}

export const forkAdvice = { dontFork: 10, doFork: 11, wipeOnFork: 18, keepOnFork: 19 } as const;

/** Ranges that do not overlap. */
class Ranges {
  #all: readonly Range[];

  constructor(all: readonly Range[] = []) {
    this.#all = all;
  }

  get all(): readonly Range[] {
    return this.#all;
  }

  copy(): Ranges {
    return new Ranges(this.#all);
  }

  add(start: number, end: number): void {
    this.remove(start, end);
    if (end > start) this.#all = [...this.#all, { start, end }];
  }

  remove(start: number, end: number): void {
    this.#all = this.#all.flatMap((each) => {
      if (each.end <= start || each.start >= end) return [each];
      const parts = [
        { start: each.start, end: start },
        { start: end, end: each.end },
      ];
      return parts.filter((part) => part.end > part.start);
    });
  }

  /** A mapping is moved; what is at its end grows with it. */
  move(from: Range, to: Range): void {
    const parts = this.#all.flatMap(({ start, end }) => {
      const first = Math.max(start, from.start);
      const last = Math.min(end, from.end);
      if (last <= first) return [];
      const shifted = to.start + (last - from.start);
      const moved = {
        start: to.start + (first - from.start),
        end: last === from.end ? to.end : Math.min(shifted, to.end),
      };
      return moved.end > moved.start ? [moved] : [];
    });
    this.remove(from.start, from.end);
    this.remove(to.start, to.end);
    for (const { start, end } of parts) this.add(start, end);
  }
}

export class ForkAdvice {
  readonly #withheld: Ranges;
  readonly #wiped: Ranges;

  constructor(withheld: Ranges = new Ranges(), wiped: Ranges = new Ranges()) {
    this.#withheld = withheld;
    this.#wiped = wiped;
  }

  /** A child does not get these. */
  get withheld(): readonly Range[] {
    return this.#withheld.all;
  }

  /** In a child these are zero. */
  get wiped(): readonly Range[] {
    return this.#wiped.all;
  }

  copy(): ForkAdvice {
    return new ForkAdvice(this.#withheld.copy(), this.#wiped.copy());
  }

  /** True when it was such advice. */
  note(kind: number, start: number, end: number): boolean {
    switch (kind) {
      case forkAdvice.dontFork:
        this.#withheld.add(start, end);
        return true;
      case forkAdvice.doFork:
        this.#withheld.remove(start, end);
        return true;
      case forkAdvice.wipeOnFork:
        this.#wiped.add(start, end);
        return true;
      case forkAdvice.keepOnFork:
        this.#wiped.remove(start, end);
        return true;
      default:
        return false;
    }
  }

  /** Other mappings are there now, or none. */
  remove(start: number, end: number): void {
    this.#withheld.remove(start, end);
    this.#wiped.remove(start, end);
  }

  move(oldStart: number, oldEnd: number, newStart: number, newEnd: number): void {
    for (const ranges of [this.#withheld, this.#wiped]) {
      ranges.move({ start: oldStart, end: oldEnd }, { start: newStart, end: newEnd });
    }
  }
}

/** Which events a command is about: the operands `EVENT`, `A-B` and `end`. */
import { EngineError, UsageError } from '../errors.ts';

/** First and last event number, both included; `end` is the last event of the trace, which only its end tells. */
export type EventRange = { readonly from: number; readonly to: number } | 'end';

const rangeForm = /^(\d{1,15})(?:-(\d{1,15}|end))?$/;

/** Whether a word could be meant as events, and not as a trace. */
export function looksLikeEvents(word: string): boolean {
  return word === 'end' || rangeForm.test(word);
}

/** @throws UsageError BAD_EVENTS */
export function parseEventRange(word: string): EventRange {
  if (word === 'end') return 'end';
  const match = rangeForm.exec(word);
  if (match === null) {
    throw new UsageError('BAD_EVENTS', `"${word}": expected the number of an event, a range A-B, or end`);
  }
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : match[2] === 'end' ? Number.MAX_SAFE_INTEGER : Number(match[2]);
  if (to < from) throw new UsageError('BAD_EVENTS', `events ${word}: the range ends before it begins`);
  return { from, to };
}

/**
 * The chosen events of a trace whose last event is `lastEvent`; no range at all chooses every event.
 * @throws EngineError NO_SUCH_EVENT from the constructor for a range that begins behind the last event
 */
export class EventSelection {
  readonly #ranges: ReadonlyArray<{ readonly from: number; readonly to: number }>;

  constructor(ranges: readonly EventRange[], lastEvent: number) {
    const all = ranges.length === 0 ? [{ from: 0, to: lastEvent }] : ranges;
    this.#ranges = all.map((range) => (range === 'end' ? { from: lastEvent, to: lastEvent } : range));
    const beyond = this.#ranges.find(({ from }) => from > lastEvent);
    if (beyond !== undefined) {
      throw new EngineError('NO_SUCH_EVENT', `event ${beyond.from}: the recording has events 1 to ${lastEvent}`);
    }
  }

  has(event: number): boolean {
    return this.#ranges.some(({ from, to }) => event >= from && event <= to);
  }

  /** The smallest event that is chosen: where reading may begin. */
  get first(): number {
    return Math.min(...this.#ranges.map(({ from }) => from));
  }

  /** The largest one: where reading may stop. */
  get last(): number {
    return Math.max(...this.#ranges.map(({ to }) => to));
  }
}

/**
 * Where a replay stands: behind an event, and then along legs through the program code between that event and the next,
 * which one task executes. Each leg is counted from where the one before it ends.
 */
import { EngineError } from '../../errors.ts';

export type Leg =
  /** So many instructions. */
  | { readonly kind: 'step'; readonly count: number }
  /** To the so-manieth arrival at an address. */
  | { readonly kind: 'pass'; readonly address: number; readonly count: number }
  /** To a place that has no name yet: one can stay there, and go on, and a name is found when one wants to come back. */
  | { readonly kind: 'open'; readonly number: number; readonly count: number };

export interface Position {
  /** The last event that is behind it; 0: nothing has run. */
  readonly event: number;
  readonly legs: readonly Leg[];
}

export function samePosition(one: Position, other: Position): boolean {
  return positionText(one) === positionText(other);
}

/** `1234`, `1234+0x401136#3`, `1234+0x401136#3+12`. */
export function positionText({ event, legs }: Position): string {
  const parts = legs.map((leg) => {
    if (leg.kind === 'open') return `+?${leg.number}`;
    return leg.kind === 'step' ? `+${leg.count}` : `+0x${leg.address.toString(16)}#${leg.count}`;
  });
  return `${event}${parts.join('')}`;
}

/** @throws EngineError BAD_POSITION */
export function parsePosition(text: string): Position {
  const match = /^(\d{1,15})((?:\+(?:\d{1,12}|\?\d{1,12}|0x[0-9a-f]{1,12}#\d{1,15}))*)$/.exec(text.trim());
  if (match === null) {
    throw new EngineError('BAD_POSITION', `"${text}" is no position: one looks like 1234 or 1234+0x401136#3+2`);
  }
  const parts = match[2]!.matchAll(/\+(?:0x([0-9a-f]+)#(\d+)|\?(\d+)|(\d+))/g);
  const legs = [...parts].map(([, address, passes, open, steps]): Leg => {
    if (open !== undefined) return { kind: 'open', number: Number(open), count: 1 };
    if (address === undefined) return { kind: 'step', count: Number(steps) };
    return { kind: 'pass', address: Number.parseInt(address, 16), count: Number(passes) };
  });
  return { event: Number(match[1]), legs: legs.filter((leg) => leg.count > 0) };
}

/** The position one instruction further. */
export function stepped({ event, legs }: Position): Position {
  const last = legs.at(-1);
  if (last?.kind !== 'step') return { event, legs: [...legs, { kind: 'step', count: 1 }] };
  return { event, legs: [...legs.slice(0, -1), { kind: 'step', count: last.count + 1 }] };
}

/** The position one instruction before, where the last leg is of steps. */
export function unstepped({ event, legs }: Position): Position | undefined {
  const last = legs.at(-1);
  if (last?.kind !== 'step') return undefined;
  const before = legs.slice(0, -1);
  return { event, legs: last.count === 1 ? before : [...before, { kind: 'step', count: last.count - 1 }] };
}

/** What is left of the way to `target` from `at`; undefined where `at` is not on it, as far as their texts tell. */
export function legsBetween(at: Position, target: Position): readonly Leg[] | undefined {
  if (at.event !== target.event) return at.event < target.event ? target.legs : undefined;
  const rest = [...target.legs];
  for (const [index, leg] of at.legs.entries()) {
    const other = rest.shift();
    if (other === undefined || other.kind !== leg.kind) return undefined;
    if (leg.kind === 'pass' && other.kind === 'pass' && other.address !== leg.address) return undefined;
    if (leg.kind === 'open' && other.kind === 'open' && other.number !== leg.number) return undefined;
    if (other.count === leg.count) continue;
    if (other.count < leg.count || index !== at.legs.length - 1) return undefined;
    rest.unshift({ ...other, count: other.count - leg.count });
  }
  return rest;
}

/** Whether a place without a name is among its legs. */
export function hasOpenLeg(legs: readonly Leg[]): boolean {
  return legs.some(({ kind }) => kind === 'open');
}

/** A position without its last leg. */
export function withoutLastLeg({ event, legs }: Position): Position {
  return { event, legs: legs.slice(0, -1) };
}

/** Further to the so-manieth arrival at an address. */
export function withPass(legs: readonly Leg[], address: number, count: number): readonly Leg[] {
  const last = legs.at(-1);
  if (last?.kind !== 'pass' || last.address !== address) return [...legs, { kind: 'pass', address, count }];
  return [...legs.slice(0, -1), { kind: 'pass', address, count: last.count + count }];
}

/** Further along more legs. */
export function withLegs(legs: readonly Leg[], more: readonly Leg[]): readonly Leg[] {
  const [first, ...rest] = more;
  return first?.kind === 'pass' ? [...withPass(legs, first.address, first.count), ...rest] : [...legs, ...more];
}

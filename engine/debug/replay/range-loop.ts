/**
 * A step over a range of addresses, as a debugger makes it for a line: where the code there holds a loop, the program runs
 * in it, and is stopped where it may leave.
 */
import { instructionKinds } from '../../replay/primitives.ts';
import { branchTarget, decodeAt } from './predecessors.ts';

export interface RangeLoop {
  /** Instructions whose successors are all known: the program may run over them. */
  readonly quiet: ReadonlySet<number>;
  /** Where it is to be stopped: outside of the range, or at an instruction that leads nobody knows where. */
  readonly exits: ReadonlySet<number>;
}

/** Bytes of code that are looked at. */
const longestRange = 4096;
const quietKinds: ReadonlySet<number> = new Set([
  instructionKinds.plain,
  instructionKinds.relativeJump,
  instructionKinds.conditionalJump,
  instructionKinds.loop,
]);

/**
 * Undefined where no loop can be reached in the range.
 * @param from where the task stands
 * @param read the program's bytes, fewer where memory ends
 */
export function findRangeLoop(
  { start, end }: { readonly start: number; readonly end: number },
  from: number,
  read: (address: number, length: number) => Uint8Array,
): RangeLoop | undefined {
  if (end - start > longestRange || from < start || from >= end) return undefined;
  const code = read(start, end - start);
  const quiet = new Set<number>();
  const exits = new Set<number>();
  const left = [from];
  let hasLoop = false;
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (quiet.has(at)) continue;
    const decoded = at >= start && at < end ? decodeAt(code, at - start) : undefined;
    if (decoded === undefined || !quietKinds.has(decoded.kind)) {
      exits.add(at);
      continue;
    }
    quiet.add(at);
    const target = branchTarget(code, at - start, decoded, at);
    if (target !== undefined) left.push(target);
    if (decoded.kind !== instructionKinds.relativeJump) left.push(at + decoded.length);
    hasLoop ||= target !== undefined && target <= at && target >= start;
  }
  return hasLoop ? { quiet, exits } : undefined;
}

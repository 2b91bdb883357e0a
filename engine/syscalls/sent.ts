/** What leaves the program by a call, as the generators want it. */
import { countShape } from './count-shape.ts';
import type { SentRule, Syscall } from './model.ts';

export interface Sent {
  readonly from: SentRule['from'];
  /** The argument by which it leaves. */
  readonly argument: number;
  /** The argument that counts: bytes, buffers or messages. */
  readonly count: number;
  /** Of the counting argument: bytes, and whether it may be negative, which is none. */
  readonly width: number;
  readonly signed: boolean;
  /** Bytes besides those that are counted. */
  readonly base: number;
}

/** Nothing when the call sends nothing. @throws Error when two of its arguments do */
export function sentOf(call: Syscall): Sent | undefined {
  const sending = call.arguments.flatMap(({ sent }, index) => (sent === undefined ? [] : [{ sent, index }]));
  if (sending.length > 1) throw new Error(`${call.name}: two of its arguments send`);
  const [found] = sending;
  if (found === undefined) return undefined;
  const { sent, index } = found;
  const count = sent.from === 'argument' ? sent.argument : sent.from === 'message' ? 0 : sent.count;
  // The kernel takes the number of vectors as an unsigned int, whatever the call's own parameter is (import_iovec).
  const [width, signed] = sent.from === 'argument' ? countShape(call, call.arguments[count]) : [4, false];
  return { from: sent.from, argument: index, count, width, signed, base: sent.from === 'argument' ? sent.base : 0 };
}

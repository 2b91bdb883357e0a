/**
 * The entry of the frame that a task returns from. A recursive function is entered a million times for one entry that is
 * wanted; so the call of it is looked for, to which the program comes far more seldom.
 */
import { registerIndex } from '../../generated/schema.ts';
import { register } from '../../replay/registers.ts';
import type { Task } from '../../replay/task.ts';
import { addressOnStack, guessCall } from './predecessors.ts';
import type { ReadProgram, SiteFilter, Stops } from './wanted-stops.ts';

/** At its entry rsp was what it is at its `ret`. */
export interface ReturningFrame {
  readonly entry: number;
  readonly tid: number;
  readonly rsp: number;
  /** Where it was called, by a guess. */
  readonly call: number | undefined;
}

const wordSize = 8;
const longestReturn = 4;

/** `ret`, `ret imm16`, and with a prefix that means nothing there. */
function isReturn(code: Uint8Array): boolean {
  const opcode = code[0] === 0xf2 || code[0] === 0xf3 ? code[1] : code[0];
  return opcode === 0xc3 || opcode === 0xc2;
}

/** The frame whose `ret` the task is about to execute; undefined where it is about to do something else. */
export function returningFrame(task: Task, entry: number, read: ReadProgram): ReturningFrame | undefined {
  if (!isReturn(read(task, register(task.registers, registerIndex.rip), longestReturn))) return undefined;
  const rsp = register(task.registers, registerIndex.rsp);
  const call = guessCall(addressOnStack(task, read), (address, length) => read(task, address, length));
  return { entry, tid: task.tid, rsp, call };
}

/** Whether a task stands at the frame's first instruction. */
export function isEntered({ entry, tid, rsp }: ReturningFrame, task: Task): boolean {
  const { registers } = task;
  const isThere = register(registers, registerIndex.rip) === entry && register(registers, registerIndex.rsp) === rsp;
  return isThere && task.tid === tid;
}

/** What is wanted, but of the arrivals at the entry those alone that may be the frame's; or those at its call instead. */
export class FrameStops implements Stops {
  readonly #all: Stops;
  readonly #frame: ReturningFrame;
  readonly addresses: ReadonlySet<number>;
  readonly text: string;
  /** Arrivals at the call, in whatever frame: an instruction begins there. */
  callArrivals = 0;

  constructor(all: Stops, frame: ReturningFrame) {
    this.#all = all;
    this.#frame = frame;
    const { entry, call, tid, rsp } = frame;
    const addresses = new Set(all.addresses);
    if (call !== undefined) {
      addresses.delete(entry);
      addresses.add(call);
    }
    this.addresses = addresses;
    this.text = `${all.text} entry ${entry} ${call} ${tid} ${rsp}`;
  }

  get watched(): Stops['watched'] {
    return this.#all.watched;
  }

  get caught(): Stops['caught'] {
    return this.#all.caught;
  }

  get passed(): Stops['passed'] {
    return this.#all.passed;
  }

  catches(number: number): boolean {
    return this.#all.catches(number);
  }

  filterOf(address: number, task: Task): SiteFilter | undefined {
    const { entry, call, tid, rsp } = this.#frame;
    if (address === call && !this.#all.addresses.has(address)) {
      return task.tid === tid ? { kind: 'stackIs', value: rsp + wordSize } : 'never';
    }
    const filter = this.#all.filterOf(address, task);
    if (address !== entry || address === call || task.tid !== tid || filter === 'never') return filter;
    if (filter !== 'all') return undefined;
    return { kind: 'stackAtLeast', value: rsp };
  }

  counted(address: number, passes: number): void {
    if (address === this.#frame.call) this.callArrivals += passes;
  }

  holds(address: number, task: Task, read: ReadProgram): boolean {
    const { entry, call, tid } = this.#frame;
    const above = register(task.registers, registerIndex.rsp) - this.#frame.rsp;
    if (address === call) {
      this.callArrivals++;
      if (task.tid === tid && above === wordSize) return true;
      if (!this.#all.addresses.has(address)) return false;
    }
    // An arrival further down is that of a frame within.
    if (address === entry && task.tid === tid && above < 0) return false;
    return this.#all.holds(address, task, read);
  }
}

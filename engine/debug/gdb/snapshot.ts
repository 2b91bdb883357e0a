/**
 * What the target was asked since it last moved: a debugger reads the same registers and stack words many times at one
 * stop, and each question to the target's thread is a switch of threads.
 */
import type { RemoteTarget, TargetState, TaskRegisters } from '../target.ts';
import { type Register, registerList } from './x86-64/registers.ts';
import { xsaveLayout } from './x86-64/xsave-layout.ts';

const pageSize = 4096;
/** Pages kept: 4 MiB. */
const mostPages = 1024;
/** A longer read is handed on whole. */
const longestCached = 16 * pageSize;

export class Snapshot {
  readonly #target: RemoteTarget;
  #state: Promise<TargetState> | undefined;
  readonly #registers = new Map<number, Promise<TaskRegisters>>();
  readonly #pages = new Map<number, Promise<Uint8Array>>();
  #registerList: readonly Register[] | undefined;

  constructor(target: RemoteTarget) {
    this.#target = target;
  }

  /** The target moves, or was changed. */
  forget(): void {
    this.#state = undefined;
    this.#registers.clear();
    this.#pages.clear();
  }

  state(): Promise<TargetState> {
    this.#state ??= this.#target.state();
    return this.#state;
  }

  /** @throws EngineError NO_TASK */
  registers(tid: number): Promise<TaskRegisters> {
    const known = this.#registers.get(tid);
    if (known !== undefined) return known;
    const asked = this.#target.registers(tid);
    this.#registers.set(tid, asked);
    return asked;
  }

  /** The registers that tasks of this processor have. */
  async registerList(): Promise<readonly Register[]> {
    if (this.#registerList === undefined) {
      const { tid } = await this.state();
      this.#registerList = registerList(xsaveLayout((await this.registers(tid)).xsave));
    }
    return this.#registerList;
  }

  async setRegisters(tid: number, registers: TaskRegisters): Promise<void> {
    this.#registers.delete(tid);
    await this.#target.setRegisters(tid, registers);
  }

  /** Fewer bytes where memory ends. */
  async readMemory(address: number, length: number): Promise<Uint8Array> {
    if (length > longestCached) return this.#target.readMemory(address, length);
    const result = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const at = address + done;
      const start = at - (at % pageSize);
      const part = (await this.#page(start)).subarray(at - start, at - start + length - done);
      result.set(part, done);
      done += part.length;
      if (part.length === 0 || (at + part.length) % pageSize !== 0) break;
    }
    return result.subarray(0, done);
  }

  async writeMemory(address: number, bytes: Uint8Array): Promise<number> {
    this.#pages.clear();
    return this.#target.writeMemory(address, bytes);
  }

  #page(start: number): Promise<Uint8Array> {
    const known = this.#pages.get(start);
    if (known !== undefined) return known;
    if (this.#pages.size >= mostPages) this.#pages.clear();
    const read = this.#target.readMemory(start, pageSize);
    this.#pages.set(start, read);
    return read;
  }
}

/** What the client has written since the replay ran last, and what is to be said of it when it runs again. */

const dropped = 'rr: what was written is dropped: the program goes on as it was recorded\n';
const diverted =
  'rr: registers were written: this runs in a copy, which knows no system calls; `seek` leads back to the recording\n';

export class WrittenState {
  #memory = false;
  #registers = false;
  #instructionPointer = false;

  noteMemory(): void {
    this.#memory = true;
  }

  noteRegisters(movesInstructionPointer: boolean): void {
    this.#registers = true;
    this.#instructionPointer ||= movesInstructionPointer;
  }

  /**
   * The replay is about to run. A client that has moved the instruction pointer calls a function, or comes back from one.
   * @param goes `on`: a copy that the client has had run before
   */
  remark(goes: 'forward' | 'elsewhere' | 'on'): string {
    const isOwn = goes !== 'on' && !this.#instructionPointer && (this.#memory || this.#registers);
    const runsCopy = this.#registers && goes === 'forward';
    this.#memory = this.#registers = this.#instructionPointer = false;
    if (!isOwn) return '';
    return runsCopy ? diverted : dropped;
  }
}

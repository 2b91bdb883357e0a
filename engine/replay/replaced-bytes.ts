/**
 * Instructions of files that the recorder has made trap by another byte in them (native/record/files/random-instructions.h),
 * so that a debugger can show the program's own. Known from the data records that made them.
 */

/** Of a trap's byte: the program's, and what is before it in the instruction. */
interface Replaced {
  readonly own: number;
  readonly before: Uint8Array;
}

const replaced: ReadonlyMap<number, Replaced> = new Map([
  // rdrand and rdseed
  [0x23, { own: 0xc7, before: Uint8Array.of(0x0f) }],
  // rdtsc
  [0x32, { own: 0x31, before: Uint8Array.of(0x0f) }],
  // rdtscp
  [0xf8, { own: 0xf9, before: Uint8Array.of(0x0f, 0x01) }],
  // cpuid
  [0x09, { own: 0xa2, before: Uint8Array.of(0x0f) }],
]);

/** So much of an instruction, up to the byte, tells whether it is one of these. */
export const replacedReach = 3;

/** @param there what has been in memory so far, up to the byte: `replacedReach` bytes */
export function isReplacement(value: number, there: Uint8Array): boolean {
  const kind = replaced.get(value);
  if (kind === undefined || there.at(-1) !== kind.own) return false;
  const { before } = kind;
  return before.every((byte, at) => there[there.length - 1 - before.length + at] === byte);
}

export class ReplacedBytes {
  /** Address, and the trap's byte. */
  readonly #bytes: Map<number, number>;

  constructor(bytes: ReadonlyMap<number, number> = new Map()) {
    this.#bytes = new Map(bytes);
  }

  copy(): ReplacedBytes {
    return new ReplacedBytes(this.#bytes);
  }

  add(address: number, value: number): void {
    this.#bytes.set(address, value);
  }

  /** The mappings there are others now. */
  removeRange(start: number, end: number): void {
    for (const address of this.#bytes.keys()) if (address >= start && address < end) this.#bytes.delete(address);
  }

  /** The pages are elsewhere now. */
  move(start: number, end: number, to: number): void {
    const moved = [...this.#bytes].filter(([address]) => address >= start && address < end);
    for (const [address] of moved) this.#bytes.delete(address);
    for (const [address, value] of moved) this.#bytes.set(address - start + to, value);
  }

  /** Puts the program's bytes over what was read from `address` on. What is there no more was written over. */
  show(address: number, bytes: Uint8Array): void {
    if (this.#bytes.size === 0) return;
    for (let at = 0; at < bytes.length; at++) {
      const kind = replaced.get(bytes[at]!);
      if (kind !== undefined && this.#bytes.get(address + at) === bytes[at]) bytes[at] = kind.own;
    }
  }
}

/**
 * Where the recording has replaced instructions of the program by jumps to the in-tracee runtime (docs/syscall-buffer.md),
 * so that a debugger can show the program's own bytes, and step over such a place as over the instruction.
 *
 * Known from the data records that made them: first the stub's bytes, which name the site, then those at the site.
 */
import { registerIndex } from '../generated/schema.ts';
import type { RegisterWords } from './primitives.ts';
import { setRegister } from './registers.ts';
import { ReplacedBytes } from './replaced-bytes.ts';

/** preload/layout.h: where the stubs of rdtsc and rdtscp find their entries. */
const timeEntryAt = 0x7000_8000 + 80;
const stubSize = 24;
/** Stubs are mapped in areas of this size and alignment, where there is as much room (native/record/runtime/site-patcher.cc). */
const stubArea = 256 * 1024;
const jumpOpcode = 0x2524ff;
/** At the end of a stub: how many bytes of padding its jump has overwritten, and these; else the first is a breakpoint. */
const paddingLength = 3;
const paddingAt = stubSize - 1 - paddingLength;
/** Bytes of the `ret` between an instruction and such padding. */
const returnLength = 1;
const none = new Uint8Array();

export interface PatchedSite {
  readonly address: number;
  readonly stub: number;
  /** The program's bytes: `syscall`, `rdtsc` or `rdtscp`. The jump is as long, and borrows what follows. */
  readonly own: Uint8Array;
  /**
   * What may stand there instead of the jump: an instruction as long that always stops a replay. The program's own does not
   * where rdtsc cannot be made to trap.
   */
  readonly standIn: Uint8Array;
  /** What stands there now. */
  readonly jump: Uint8Array;
  /** What the jump has overwritten of padding that nothing executes, behind the return behind the instruction. */
  readonly padding: Uint8Array;
}

const ownBytes = {
  call: Uint8Array.of(0x0f, 0x05),
  time: Uint8Array.of(0x0f, 0x31),
  timeAux: Uint8Array.of(0x0f, 0x01, 0xf9),
} as const;

/** Of these, which no program may execute: rdmsr and swapgs (native/record/files/random-instructions.h). */
const standIns: ReadonlyMap<Uint8Array, Uint8Array> = new Map([
  [ownBytes.call, ownBytes.call],
  [ownBytes.time, Uint8Array.of(0x0f, 0x32)],
  [ownBytes.timeAux, Uint8Array.of(0x0f, 0x01, 0xf8)],
]);

/** Where a site's stand-in has stopped a task, that goes on in its stub, which does what the stand-in was to do. */
export function goToStub(registers: RegisterWords, { stub, own }: PatchedSite): void {
  setRegister(registers, registerIndex.rip, stub);
  if (own !== ownBytes.call) return;
  registers[2 * registerIndex.rax] = registers[2 * registerIndex.orig_rax]!;
  registers[2 * registerIndex.rax + 1] = registers[2 * registerIndex.orig_rax + 1]!;
}

const longestOwn = 3;
/** Bytes behind a site that its jump may take for part of its own. */
const borrowed = 6;

export class PatchedCode {
  readonly #sites: Map<number, PatchedSite>;
  /** Instructions that trap, and are not replaced by a jump, or not yet. */
  readonly trapping: ReplacedBytes;
  #announced: Omit<PatchedSite, 'standIn' | 'jump'> | undefined;

  constructor(sites: ReadonlyMap<number, PatchedSite> = new Map(), trapping = new ReplacedBytes()) {
    this.#sites = new Map(sites);
    this.trapping = trapping;
  }

  copy(): PatchedCode {
    return new PatchedCode(this.#sites, this.trapping.copy());
  }

  /** A data record of the recording was written there. */
  note(address: number, bytes: Uint8Array): void {
    if (bytes.length === stubSize) {
      const stub = parseStub(address, bytes);
      if (stub !== undefined) this.#announced = stub;
      return;
    }
    if (bytes.length !== 2 && bytes.length !== 3) return;
    const announced = this.#announced;
    if (announced !== undefined && announced.address === address && announced.own.length === bytes.length) {
      this.#announced = undefined;
      const standIn = standIns.get(announced.own)!;
      this.#sites.set(address, { ...announced, standIn, jump: Uint8Array.from(bytes) });
    } else if (this.#sites.get(address)?.own.length === bytes.length) {
      // The program's own instruction again.
      this.#sites.delete(address);
    }
  }

  /** Addresses of the system calls among them. */
  *calls(): Generator<number> {
    for (const site of this.#sites.values()) if (site.own === ownBytes.call) yield site.address;
  }

  /** Whether that is in the code to which a site jumps. */
  isStub(address: number): boolean {
    for (const { stub } of this.#sites.values()) if (address >= stub && address < stub + stubSize) return true;
    return false;
  }

  all(): IterableIterator<PatchedSite> {
    return this.#sites.values();
  }

  at(address: number): PatchedSite | undefined {
    return this.#sites.get(address);
  }

  /** The site whose stand-in has stopped a task by a system call, or as what no program may execute. */
  stoppedAt(rip: number, by: 'call' | 'fault'): PatchedSite | undefined {
    const isCall = by === 'call';
    const site = this.#sites.get(isCall ? rip - ownBytes.call.length : rip);
    return site !== undefined && (site.own === ownBytes.call) === isCall ? site : undefined;
  }

  /** The site whose instruction ends there. */
  endingAt(address: number): PatchedSite | undefined {
    for (const { length } of Object.values(ownBytes)) {
      const site = this.#sites.get(address - length);
      if (site?.own.length === length) return site;
    }
    return undefined;
  }

  /** The site whose instruction holds the byte there, but not as its first: no program goes there. */
  within(address: number): PatchedSite | undefined {
    for (let start = address - 1; start > address - longestOwn; start--) {
      const site = this.#sites.get(start);
      if (site !== undefined && address < start + site.own.length) return site;
    }
    return undefined;
  }

  /** The site whose jump takes the byte there for part of its own, without being of the instruction itself. */
  borrowing(address: number): PatchedSite | undefined {
    for (let start = address - 1; start >= address - borrowed; start--) {
      const site = this.#sites.get(start);
      if (site !== undefined && address >= start + site.own.length) return site;
    }
    return undefined;
  }

  /** Whether memory holds stubs of the recorder's and nothing else. */
  isOfStubs(start: number, end: number): boolean {
    const areas = new Set<number>();
    for (const { stub } of this.#sites.values())
      if (stub >= start && stub < end) areas.add(Math.floor(stub / stubArea));
    for (let area = Math.floor(start / stubArea); area * stubArea < end; area++) if (!areas.has(area)) return false;
    return true;
  }

  /** The mappings there are others now. */
  removeRange(start: number, end: number): void {
    this.trapping.removeRange(start, end);
    if (this.#sites.size === 0) return;
    for (const address of this.#sites.keys()) {
      if (address >= start && address < end) this.#sites.delete(address);
    }
  }

  /** Puts the program's bytes over what was read from `address` on. */
  show(address: number, bytes: Uint8Array): void {
    this.trapping.show(address, bytes);
    if (this.#sites.size === 0) return;
    for (const { address: site, own, padding } of this.#sites.values()) {
      showOver(own, site - address, bytes);
      showOver(padding, site + own.length + returnLength - address, bytes);
    }
  }
}

/** Copies what of `own` lies within `bytes`, in which it begins at the index `from`. */
function showOver(own: Uint8Array, from: number, bytes: Uint8Array): void {
  for (let i = 0; i < own.length; i++) {
    const at = from + i;
    if (at >= 0 && at < bytes.length) bytes[at] = own[i]!;
  }
}

/** A stub of the recorder's (native/record/runtime/site-patcher.cc, stubCode). */
function parseStub(address: number, bytes: Uint8Array): Omit<PatchedSite, 'standIn' | 'jump'> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const jumpsAt = (at: number): boolean => (view.getUint32(at, true) & 0xff_ffff) === jumpOpcode;
  if (view.getUint16(0, true) === 0xb948 && jumpsAt(10)) {
    const behind = Number(view.getBigUint64(2, true));
    const padding = bytes[paddingAt] === paddingLength ? bytes.slice(paddingAt + 1) : none;
    return { address: behind - ownBytes.call.length, stub: address, own: ownBytes.call, padding };
  }
  if (view.getUint32(0, true) === 0x250c_8948 && jumpsAt(15)) {
    const behind = address + 15 + view.getInt32(11, true);
    const own = view.getUint32(18, true) === timeEntryAt ? ownBytes.time : ownBytes.timeAux;
    return { address: behind - own.length, stub: address, own, padding: none };
  }
  return undefined;
}

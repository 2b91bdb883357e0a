/**
 * Slots that become one chunk of each lane together: what repeats from slot to slot then takes next to nothing. A batch
 * has the form of a slot, a header and records, in an encoder's own memory. What has been kept for so long as may be lost
 * to a kill is saved as chunks of its own meanwhile, in whose place those of the whole batch come.
 */
import { slotHeaderOffsets, slotHeaderSize } from '../generated/schema.ts';
import { maxSlotsOfChunk } from './limits.ts';
import type { RingLayout } from './ring-layout.ts';

/** Milliseconds that a slot is kept without being saved: with the recorder's own delays less than a second is lost to a kill. */
const longestAge = 100;

/** Milliseconds that encoding a batch may take, by how long the last one took: what comes meanwhile is not saved. */
const longestEncoding = 100;

export class SlotBatch {
  readonly header: number;
  readonly records: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #most: number;
  readonly #slotSize: number;
  /** Bytes that a batch may have now. */
  #room: number;
  #used = 0;
  #slots = 0;
  /** Of these, what was saved. */
  #savedBytes = 0;
  #savedSlots = 0;
  /** When the first one that was not saved was added; before all time where one was handed over for its age. */
  #since = 0;

  /** @param area of layout.encoderBatchBytes */
  constructor(memory: Uint8Array, area: number, layout: RingLayout) {
    this.#bytes = memory;
    this.#view = new DataView(memory.buffer);
    this.#most = layout.batchBytes;
    this.#slotSize = layout.slotSize;
    this.#room = layout.slotSize;
    this.header = area;
    this.records = area + layout.encoderBatchBytes - layout.batchBytes;
  }

  get isEmpty(): boolean {
    return this.#slots === 0;
  }

  get slots(): number {
    return this.#slots;
  }

  /** Bytes of records. */
  get used(): number {
    return this.#used;
  }

  /** Whether a slot of `used` bytes may be added: only the one that follows the last one may. */
  fits(slotHeader: number, used: number): boolean {
    if (this.isEmpty) return true;
    const isNext = this.#sequenceAt(slotHeader) === this.#sequenceAt(this.header) + BigInt(this.#slots);
    return isNext && used <= this.#room - this.#used && this.#slots < maxSlotsOfChunk;
  }

  /** @param now when the slot was taken; milliseconds */
  add(slotHeader: number, records: number, used: number, now: number): void {
    if (this.isEmpty) this.#bytes.copyWithin(this.header, slotHeader, slotHeader + slotHeaderSize);
    if (this.#slots === this.#savedSlots) this.#since = now;
    // No other slot will follow one of these soon.
    if (this.#view.getUint32(slotHeader + slotHeaderOffsets.old, true) !== 0) this.#since = Number.NEGATIVE_INFINITY;
    this.#bytes.copyWithin(this.records + this.#used, records, records + used);
    this.#used += used;
    this.#slots += 1;
    this.#view.setUint32(this.header + slotHeaderOffsets.used, this.#used, true);
    this.#view.setUint32(this.header + slotHeaderOffsets.slotCount, this.#slots, true);
  }

  /** Whether it is to be encoded: the next slot would not fit. */
  get isFull(): boolean {
    return !this.isEmpty && this.#room - this.#used < this.#slotSize;
  }

  /** Whether what was not saved has been kept long enough. */
  isDue(now: number): boolean {
    return this.#slots > this.#savedSlots && now - this.#since >= longestAge;
  }

  /** What was not saved, in the form of a slot; from now on it counts as saved. */
  save(): { readonly header: number; readonly records: number } {
    const header = this.header + slotHeaderSize;
    const records = this.records + this.#savedBytes;
    this.#bytes.copyWithin(header, this.header, header);
    const sequence = this.#sequenceAt(this.header) + BigInt(this.#savedSlots);
    this.#view.setBigUint64(header + slotHeaderOffsets.sequence, sequence, true);
    this.#view.setUint32(header + slotHeaderOffsets.used, this.#used - this.#savedBytes, true);
    this.#view.setUint32(header + slotHeaderOffsets.slotCount, this.#slots - this.#savedSlots, true);
    this.#savedBytes = this.#used;
    this.#savedSlots = this.#slots;
    return { header, records };
  }

  /**
   * Empties it; the next one may have twice as much.
   * @param took milliseconds that encoding it has taken: of a batch that is no smaller than a slot they tell how much is too much
   * @param isBehind what came meanwhile fills the ring: the next one may have less
   */
  clear(took: number, isBehind: boolean): void {
    const wanted = isBehind ? this.#room / 2 : 2 * this.#room;
    const tells = this.#used >= this.#slotSize / 2;
    const affordable = tells ? (this.#used * longestEncoding) / Math.max(took, 0.1) : this.#most;
    this.#room = Math.min(this.#most, Math.max(this.#slotSize, Math.min(wanted, affordable)));
    this.#used = this.#savedBytes = 0;
    this.#slots = this.#savedSlots = 0;
  }

  #sequenceAt(header: number): bigint {
    return this.#view.getBigUint64(header + slotHeaderOffsets.sequence, true);
  }
}

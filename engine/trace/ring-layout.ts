/**
 * Division of the shared memory of a recording: the codec's static data, the ring (control block, slot headers, slots:
 * the same arithmetic as native/ring/layout.h), then one area for each encoder.
 */
import { ringControlSize, slotHeaderSize } from '../generated/schema.ts';
import { codecStaticBytes } from './codec.ts';
import { maxSlotCount, maxSlotSize, minSlotCount, minSlotSize } from './limits.ts';

/** Bytes from the start of the memory, and sizes in bytes. Plain data: it travels to the workers. */
export interface RingLayout {
  readonly slotCount: number;
  readonly slotSize: number;
  /** The ring's control block. */
  readonly ring: number;
  readonly headers: number;
  readonly slots: number;
  /** From the control block to the end of the last slot. */
  readonly ringBytes: number;
  readonly encoders: number;
  readonly encoderAreas: number;
  readonly encoderAreaBytes: number;
  /** In an encoder's area the chunks come first, then the codec's work area. */
  readonly encoderOutputBytes: number;
  readonly encoderWorkBytes: number;
  readonly totalBytes: number;
}

const page = 4096;

function wholePages(bytes: number): number {
  return Math.ceil(bytes / page) * page;
}

/** @throws RangeError for counts and sizes that native/ring/layout.h refuses, too. */
export function ringLayout(options: { slotCount: number; slotSize: number; encoders: number }): RingLayout {
  const { slotCount, slotSize, encoders } = options;
  if (!Number.isInteger(slotCount) || slotCount < minSlotCount || slotCount > maxSlotCount) {
    throw new RangeError(`ring: ${slotCount} slots; between ${minSlotCount} and ${maxSlotCount} are possible`);
  }
  if (slotSize % page !== 0 || slotSize < minSlotSize || slotSize > maxSlotSize) {
    throw new RangeError(`ring: slots of ${slotSize} bytes; a multiple of 4096 from 64 KiB to 16 MiB is possible`);
  }
  const ring = codecStaticBytes;
  const headers = ring + ringControlSize;
  const slots = ring + wholePages(ringControlSize + slotCount * slotHeaderSize);
  const ringBytes = slots + slotCount * slotSize - ring;
  // Above what the codec asks for (encodeOutputBytes, encodeWorkBytes: SlotEncoder compares), so that the codec need
  // not be loaded before the program starts. Pages that are never touched cost nothing.
  const encoderOutputBytes = wholePages(slotSize * 2 + 4096);
  const encoderWorkBytes = wholePages(slotSize * 4 + (8 << 20));
  const encoderAreaBytes = encoderOutputBytes + encoderWorkBytes;
  const encoderAreas = ring + ringBytes;
  return {
    slotCount,
    slotSize,
    ring,
    headers,
    slots,
    ringBytes,
    encoders,
    encoderAreas,
    encoderAreaBytes,
    encoderOutputBytes,
    encoderWorkBytes,
    totalBytes: encoderAreas + encoders * encoderAreaBytes,
  };
}

/**
 * Division of the shared memory of a recording: the codec's static data, the ring (control block, slot headers, slots:
 * the same arithmetic as native/ring/layout.h), then one area for each encoder: the slots that it makes a chunk of, the
 * chunks, what the codec works with, what chunks are patches of.
 */
import { ringControlSize, slotHeaderSize } from '../generated/schema.ts';
import { baseAreaBytes } from './chunk-base.ts';
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
  /** Records that a chunk of each lane is made of at most. */
  readonly batchBytes: number;
  /** In an encoder's area a slot header and the batch come first. */
  readonly encoderBatchBytes: number;
  readonly encoderOutputBytes: number;
  readonly encoderWorkBytes: number;
  readonly totalBytes: number;
}

const page = 4096;

function wholePages(bytes: number): number {
  return Math.ceil(bytes / page) * page;
}

/** @throws RangeError for counts and sizes that native/ring/layout.h refuses, too. */
export function ringLayout(options: {
  slotCount: number;
  slotSize: number;
  encoders: number;
  /** At least slotSize; left out: that. */
  batchBytes?: number;
}): RingLayout {
  const { slotCount, slotSize, encoders, batchBytes = slotSize } = options;
  if (!Number.isInteger(slotCount) || slotCount < minSlotCount || slotCount > maxSlotCount) {
    throw new RangeError(`ring: ${slotCount} slots; between ${minSlotCount} and ${maxSlotCount} are possible`);
  }
  if (slotSize % page !== 0 || slotSize < minSlotSize || slotSize > maxSlotSize) {
    throw new RangeError(`ring: slots of ${slotSize} bytes; a multiple of 4096 from 64 KiB to 16 MiB is possible`);
  }
  if (batchBytes < slotSize || batchBytes % page !== 0 || batchBytes > maxSlotSize) {
    throw new RangeError(`ring: batches of ${batchBytes} bytes; a multiple of 4096 up to 16 MiB is possible`);
  }
  const ring = codecStaticBytes;
  const headers = ring + ringControlSize;
  const slots = ring + wholePages(ringControlSize + slotCount * slotHeaderSize);
  const ringBytes = slots + slotCount * slotSize - ring;
  // Above what the codec asks for (encodeOutputBytes, encodeWorkBytes: SlotEncoder compares), so that the codec need
  // not be loaded before the program starts. Pages that are never touched cost nothing.
  const encoderBatchBytes = page + batchBytes;
  const encoderOutputBytes = wholePages(batchBytes * 2 + 4096);
  const encoderWorkBytes = wholePages(batchBytes * 4 + (8 << 20));
  const encoderAreaBytes = encoderBatchBytes + encoderOutputBytes + encoderWorkBytes + baseAreaBytes;
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
    batchBytes,
    encoderBatchBytes,
    encoderOutputBytes,
    encoderWorkBytes,
    totalBytes: encoderAreas + encoders * encoderAreaBytes,
  };
}

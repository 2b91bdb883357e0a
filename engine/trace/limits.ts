/** What a trace may claim at most. Whatever is larger is damage: nothing is allocated for it. */

/** Bytes of a ring slot, and so of a chunk's records (native/ring/layout.h has the same). */
export const maxSlotSize = 16 << 20;
export const minSlotSize = 64 << 10;
export const maxSlotCount = 4096;
export const minSlotCount = 2;
/** Slots that a chunk may be made from (codec/decode.ts has the same). */
export const maxSlotsOfChunk = 0xffff;

/** Bytes of a chunk's stored part: the bound of its encoded form (codec/work-area.ts). */
export const maxStoredSize = maxSlotSize * 2 + 64;

/** Bytes of the version file: arguments and environment are at most 6 MiB in Linux (execve(2), _STK_LIM / 4 * 3). */
export const maxVersionBytes = 32 << 20;

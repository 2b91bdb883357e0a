/** What the kernel tells a program at its start (getauxval(3)). */

/** Types of what is told, by their AT_ names. */
export const auxiliary = {
  programHeaders: 3,
  programHeaderSize: 4,
  programHeaderCount: 5,
  linkerBase: 7,
  executedName: 31,
} as const;

/** Bytes of a type and of its value. */
const entrySize = 16;

/** Values by their types. What lies beyond the addresses of user space, which a trace may have, is cut to 48 bits. */
export function parseAuxiliaryVector(bytes: Uint8Array): ReadonlyMap<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => Number(view.getBigUint64(at, true) & 0xffff_ffff_ffffn);
  const values = new Map<number, number>();
  for (let at = 0; at + entrySize <= bytes.length; at += entrySize) values.set(word(at), word(at + 8));
  return values;
}

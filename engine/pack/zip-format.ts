/**
 * The records of a ZIP file, as far as packs have them (PKWARE's APPNOTE.TXT 6.3.10; sections in parentheses). All numbers
 * are little-endian. What does not fit into 32 bits stands in the extra field of Zip64 (4.5.3).
 */

export const methods = { stored: 0, deflated: 8 } as const;
export type Method = (typeof methods)[keyof typeof methods];

export interface ZipEntry {
  readonly name: string;
  readonly method: Method;
  /** CRC-32 of the content. */
  readonly crc: number;
  /** Bytes of the content, and as they are stored. */
  readonly size: number;
  readonly storedSize: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export const localSignature = 0x04034b50;
export const centralSignature = 0x02014b50;
export const endSignature = 0x06054b50;
export const end64Signature = 0x06064b50;
export const locatorSignature = 0x07064b50;

export const localSize = 30;
export const centralSize = 46;
export const endSize = 22;
export const end64Size = 56;
export const locatorSize = 20;
export const zip64Id = 0x0001;
/** In a field of 32 bits: the value is in the extra field. */
export const in64 = 0xffffffff;
export const in64Short = 0xffff;

const neededVersion = 45;
/** Names are UTF-8 (4.4.4, bit 11). */
const nameFlag = 0x0800;
/** Upper byte: the attributes are those of Unix (4.4.2). */
const madeBy = (3 << 8) | neededVersion;
/** A regular file that its user may read and write. */
const fileAttributes = (0o100600 << 16) >>> 0;
/** The first of January 1980, midnight: packs of the same recording are the same (4.4.6). */
const date = (1 << 5) | 1;
const localExtraSize = 20;

/** Size of a local header for that name. */
export function localLength(name: string): number {
  return localSize + Buffer.byteLength(name) + localExtraSize;
}

/** (4.3.7), with an extra field of Zip64, so that its length does not depend on the sizes. */
export function localHeader({ name, method, crc, size, storedSize }: ZipEntry): Buffer {
  const bytes = Buffer.from(name);
  const header = Buffer.alloc(localSize + bytes.length + localExtraSize);
  header.writeUInt32LE(localSignature, 0);
  header.writeUInt16LE(neededVersion, 4);
  header.writeUInt16LE(nameFlag, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(date, 12);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(in64, 18);
  header.writeUInt32LE(in64, 22);
  header.writeUInt16LE(bytes.length, 26);
  header.writeUInt16LE(localExtraSize, 28);
  bytes.copy(header, localSize);
  writeZip64(header, localSize + bytes.length, [size, storedSize]);
  return header;
}

/** (4.3.12) */
export function centralHeader({ name, method, crc, size, storedSize, offset }: ZipEntry): Buffer {
  const bytes = Buffer.from(name);
  const large = [size, storedSize, offset].filter((value) => value >= in64);
  const extraSize = large.length === 0 ? 0 : 4 + 8 * large.length;
  const header = Buffer.alloc(centralSize + bytes.length + extraSize);
  header.writeUInt32LE(centralSignature, 0);
  header.writeUInt16LE(madeBy, 4);
  header.writeUInt16LE(neededVersion, 6);
  header.writeUInt16LE(nameFlag, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt16LE(date, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(Math.min(storedSize, in64), 20);
  header.writeUInt32LE(Math.min(size, in64), 24);
  header.writeUInt16LE(bytes.length, 28);
  header.writeUInt16LE(extraSize, 30);
  header.writeUInt32LE(fileAttributes, 38);
  header.writeUInt32LE(Math.min(offset, in64), 42);
  bytes.copy(header, centralSize);
  if (extraSize > 0) writeZip64(header, centralSize + bytes.length, large);
  return header;
}

/** The end of the central directory (4.3.16), behind that of Zip64 and its locator where they are needed (4.3.14, 4.3.15). */
export function endOfZip(count: number, directoryOffset: number, directorySize: number): Buffer {
  const end = Buffer.alloc(endSize);
  end.writeUInt32LE(endSignature, 0);
  end.writeUInt16LE(Math.min(count, in64Short), 8);
  end.writeUInt16LE(Math.min(count, in64Short), 10);
  end.writeUInt32LE(Math.min(directorySize, in64), 12);
  end.writeUInt32LE(Math.min(directoryOffset, in64), 16);
  if (count < in64Short && directoryOffset < in64 && directorySize < in64) return end;
  const end64 = Buffer.alloc(end64Size);
  end64.writeUInt32LE(end64Signature, 0);
  end64.writeBigUInt64LE(BigInt(end64Size - 12), 4);
  end64.writeUInt16LE(madeBy, 12);
  end64.writeUInt16LE(neededVersion, 14);
  end64.writeBigUInt64LE(BigInt(count), 24);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(directorySize), 40);
  end64.writeBigUInt64LE(BigInt(directoryOffset), 48);
  const locator = Buffer.alloc(locatorSize);
  locator.writeUInt32LE(locatorSignature, 0);
  locator.writeBigUInt64LE(BigInt(directoryOffset + directorySize), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}

function writeZip64(into: Buffer, position: number, values: readonly number[]): void {
  into.writeUInt16LE(zip64Id, position);
  into.writeUInt16LE(8 * values.length, position + 2);
  values.forEach((value, index) => {
    into.writeBigUInt64LE(BigInt(value), position + 4 + 8 * index);
  });
}

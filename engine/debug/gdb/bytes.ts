/** Texts of the remote protocol: hexadecimal numbers, bytes as hexadecimal, escaped binary. */

/** Bytes as hexadecimal, two digits each. */
export function toHex(bytes: Uint8Array | string): string {
  return (
    typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  ).toString('hex');
}

/** Undefined when the text is not an even number of hexadecimal digits. */
export function fromHex(text: string): Buffer | undefined {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** An unsigned number below 2^53 in hexadecimal; undefined for anything else. */
export function parseHexNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const number = Number.parseInt(text, 16);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** `}` begins an escaped byte, which is XORed with this. */
export const escapeByte = 0x7d;
export const escapeMask = 0x20;

/** What must not stand in a packet as it is: `#`, `$`, `}`, and `*`, which would mean a run. */
const special: ReadonlySet<number> = new Set([0x23, 0x24, 0x2a, escapeByte]);

/** Binary data as a packet's body holds it. */
export function escapeBinary(bytes: Uint8Array): Buffer {
  const escaped = Buffer.allocUnsafe(bytes.length * 2);
  let length = 0;
  for (const byte of bytes) {
    if (special.has(byte)) {
      escaped[length++] = escapeByte;
      escaped[length++] = byte ^ escapeMask;
    } else {
      escaped[length++] = byte;
    }
  }
  return escaped.subarray(0, length);
}

/** The inverse. A lone escape at the end is dropped. */
export function unescapeBinary(bytes: Buffer): Buffer {
  if (!bytes.includes(escapeByte)) return bytes;
  const plain = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== escapeByte) plain[length++] = bytes[index]!;
    else if (++index < bytes.length) plain[length++] = bytes[index]! ^ escapeMask;
  }
  return plain.subarray(0, length);
}

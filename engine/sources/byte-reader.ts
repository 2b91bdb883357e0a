/** Reads numbers and strings of debug information one behind the other; little-endian. It may be anybody's. */

/** The bytes end before what they say they have, or say what cannot be. */
export class MalformedError extends Error {}

export class ByteReader {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    if (position < 0 || position > end || end > bytes.length)
      throw new MalformedError('a part lies outside of its section');
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get left(): number {
    return this.end - this.position;
  }

  /** Moves on, and gives the place before. @throws MalformedError */
  skip(count: number): number {
    const before = this.position;
    if (!(count >= 0 && count <= this.left)) throw new MalformedError('a part is longer than its section');
    this.position += count;
    return before;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. @throws MalformedError, also above 2^53 */
  unsigned(size: number): number {
    const at = this.skip(size);
    if (size <= 4) return this.bytes.readUIntLE(at, size);
    const value = this.bytes.readBigUInt64LE(at);
    if (size !== 8 || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedError('a number is too large');
    return Number(value);
  }

  /** LEB128. @throws MalformedError, also above 2^53 */
  leb(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.unsigned(1);
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw new MalformedError('a number is too large');
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** LEB128 whose value is of no interest. */
  skipLeb(): void {
    while ((this.unsigned(1) & 0x80) !== 0);
  }

  /** Up to a zero byte. @throws MalformedError */
  text(): string {
    const zero = this.bytes.indexOf(0, this.position);
    if (zero < 0 || zero >= this.end) throw new MalformedError('a string has no end');
    const text = this.bytes.toString('utf8', this.position, zero);
    this.position = zero + 1;
    return text;
  }

  /** A reader of the next `count` bytes, which this one passes over. @throws MalformedError */
  part(count: number): ByteReader {
    const start = this.skip(count);
    return new ByteReader(this.bytes, start, start + count);
  }

  /** DWARF's unit length: a reader of the unit, and the size of offsets in it. @throws MalformedError */
  unit(): { unit: ByteReader; offsetSize: 4 | 8 } {
    const first = this.unsigned(4);
    const offsetSize = first === 0xffff_ffff ? 8 : 4;
    return { unit: this.part(offsetSize === 8 ? this.unsigned(8) : first), offsetSize };
  }
}

/**
 * How a piece of what programs read is kept in the store: a header of 16 bytes, then the content, packed where that makes it
 * smaller. Its name is the SHA-256 of its content, which is compared whenever it is read.
 */
import { type Codec, type Compression, codecStaticBytes, createSharedMemory, instantiateCodec } from './codec.ts';
import { hashOf } from './store-layout.ts';

/** Bytes of content at most: what the largest data record holds (native/record/events/frame-writer.cc). */
export const maxPieceBytes = 1 << 16;

const magic = 0x43505252; // "RRPC"
const headerBytes = 16;
/** LZ4 is what formats up to 7 have. */
const codecs = { plain: 0, lz4: 1, packed: 2 } as const;

/** What packing a piece takes, and what it writes behind its ends, at most. Bytes. */
const areaBytes = 2 << 20;
const areaSlack = 4096;

/** Bytes of a piece's file at most. */
export const maxPieceFileBytes = headerBytes + maxPieceBytes;

/** The codec with memory for one piece: content, stored form, work area. */
class PieceCodec {
  readonly #codec: Codec;
  readonly #bytes: Uint8Array;
  readonly #content = codecStaticBytes;
  readonly #stored = this.#content + maxPieceBytes + areaSlack;
  readonly #area = this.#stored + maxPieceBytes + areaSlack;

  constructor() {
    const memory = createSharedMemory(this.#area + areaBytes);
    this.#codec = instantiateCodec(memory);
    this.#bytes = new Uint8Array(memory.buffer);
    if (this.#codec.packWorkBytes() > areaBytes || this.#codec.packSlack() > areaSlack) {
      throw new RangeError('the codec needs more memory for a piece than it is given');
    }
  }

  /** Undefined when it would not be smaller. The bytes are good until the next call. */
  compress(content: Uint8Array): Uint8Array | undefined {
    this.#bytes.set(content, this.#content);
    const limit = content.length - 1;
    const size = this.#codec.packBytes(this.#content, content.length, this.#stored, limit, this.#area);
    return size === 0 ? undefined : this.#bytes.subarray(this.#stored, this.#stored + size);
  }

  /** Undefined when it is malformed. */
  decompress(stored: Uint8Array, size: number, isPacked: boolean): Uint8Array | undefined {
    this.#bytes.set(stored, this.#stored);
    const isRight = isPacked
      ? this.#codec.unpackBytes(this.#stored, stored.length, this.#content, size, this.#area)
      : this.#codec.lz4Decompress(this.#stored, stored.length, this.#content, size);
    return isRight ? this.#bytes.slice(this.#content, this.#content + size) : undefined;
  }
}

let pieceCodec: PieceCodec | undefined;

/** The file of a piece. `content`: 1 to maxPieceBytes bytes. */
export function encodePiece(content: Uint8Array, compression: Compression): Buffer {
  pieceCodec ??= new PieceCodec();
  const compressed = compression === 'none' ? undefined : pieceCodec.compress(content);
  const stored = compressed ?? content;
  const file = Buffer.alloc(headerBytes + stored.length);
  file.writeUInt32LE(magic, 0);
  file.writeUInt32LE(compressed ? codecs.packed : codecs.plain, 4);
  file.writeUInt32LE(content.length, 8);
  file.writeUInt32LE(stored.length, 12);
  file.set(stored, headerBytes);
  return file;
}

/** A copy of the content of a piece's file; undefined when it is not whole, or nothing that encodePiece makes. */
export function decodePiece(file: Buffer): Uint8Array | undefined {
  if (file.length < headerBytes || file.readUInt32LE(0) !== magic) return undefined;
  const codec = file.readUInt32LE(4);
  const size = file.readUInt32LE(8);
  const stored = file.subarray(headerBytes);
  if (size === 0 || size > maxPieceBytes || file.readUInt32LE(12) !== stored.length) return undefined;
  if (codec === codecs.plain) return stored.length === size ? new Uint8Array(stored) : undefined;
  const isPacked = codec === codecs.packed;
  if ((codec !== codecs.lz4 && !isPacked) || stored.length > maxPieceBytes) return undefined;
  pieceCodec ??= new PieceCodec();
  return pieceCodec.decompress(stored, size, isPacked);
}

/** The content of a piece's file if it is what its name says. */
export function checkedPiece(file: Buffer, name: string): Uint8Array | undefined {
  const content = decodePiece(file);
  return content !== undefined && hashOf(content) === name ? content : undefined;
}

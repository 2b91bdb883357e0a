/**
 * How a piece of what programs read is kept in the store: a header of 16 bytes, then the content, compressed where that
 * makes it smaller. Its name is the SHA-256 of its content, which is compared whenever it is read.
 */
import { type Codec, type Compression, codecStaticBytes, createSharedMemory, instantiateCodec } from './codec.ts';
import { hashOf } from './store-layout.ts';

/** Bytes of content at most: what the largest data record holds (native/record/events/frame-writer.cc). */
export const maxPieceBytes = 1 << 16;

const magic = 0x43505252; // "RRPC"
const headerBytes = 16;
const codecs = { plain: 0, lz4: 1 } as const;

/** Bytes of a piece's file at most. */
export const maxPieceFileBytes = headerBytes + maxPieceBytes;

/** The codec with memory for one piece: content, stored form, table. */
class PieceCodec {
  readonly #codec: Codec;
  readonly #bytes: Uint8Array;
  readonly #content = codecStaticBytes;
  readonly #stored: number;
  readonly #table: number;

  constructor() {
    this.#stored = this.#content + maxPieceBytes + 4096;
    this.#table = this.#stored + maxPieceBytes + 4096;
    // The table is part of what encoding takes; less than this whatever the level.
    const memory = createSharedMemory(this.#table + (2 << 20));
    this.#codec = instantiateCodec(memory);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Undefined when it would not be smaller. The bytes are good until the next call. */
  compress(content: Uint8Array, best: boolean): Uint8Array | undefined {
    this.#bytes.set(content, this.#content);
    const limit = content.length - 1;
    const size = this.#codec.lz4Compress(this.#content, content.length, this.#stored, limit, best ? 1 : 0, this.#table);
    return size === 0 ? undefined : this.#bytes.subarray(this.#stored, this.#stored + size);
  }

  /** Undefined when it is malformed. */
  decompress(stored: Uint8Array, size: number): Uint8Array | undefined {
    this.#bytes.set(stored, this.#stored);
    if (!this.#codec.lz4Decompress(this.#stored, stored.length, this.#content, size)) return undefined;
    return this.#bytes.slice(this.#content, this.#content + size);
  }
}

let pieceCodec: PieceCodec | undefined;

/** The file of a piece. `content`: 1 to maxPieceBytes bytes. */
export function encodePiece(content: Uint8Array, compression: Compression): Buffer {
  pieceCodec ??= new PieceCodec();
  const compressed = compression === 'none' ? undefined : pieceCodec.compress(content, compression === 'best');
  const stored = compressed ?? content;
  const file = Buffer.alloc(headerBytes + stored.length);
  file.writeUInt32LE(magic, 0);
  file.writeUInt32LE(compressed ? codecs.lz4 : codecs.plain, 4);
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
  if (codec !== codecs.lz4 || stored.length > maxPieceBytes) return undefined;
  pieceCodec ??= new PieceCodec();
  return pieceCodec.decompress(stored, size);
}

/** The content of a piece's file if it is what its name says. */
export function checkedPiece(file: Buffer, name: string): Uint8Array | undefined {
  const content = decodePiece(file);
  return content !== undefined && hashOf(content) === name ? content : undefined;
}

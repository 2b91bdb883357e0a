/** The codec over a memory divided for tests: a slot with its header, output, work, and a decoder's areas. */

import { chunkHeaderOffsets, chunkHeaderSize, slotHeaderOffsets } from '../engine/generated/schema.ts';
import {
  type Codec,
  codecStaticBytes,
  compressionLevels,
  createSharedMemory,
  formLevels,
  instantiateCodec,
} from '../engine/trace/codec.ts';

export const slotSize = 1 << 20;
const levels = { ...compressionLevels, ...formLevels };
export type Level = keyof typeof levels;

export interface EncodedChunk {
  readonly lane: number;
  readonly bytes: Uint8Array;
  readonly rawSize: number;
}

export class CodecMemory {
  readonly codec: Codec;
  readonly bytes: Uint8Array;
  readonly header = codecStaticBytes;
  readonly slot = codecStaticBytes + 4096;
  readonly output = this.slot + slotSize + 4096;
  readonly work = this.output + 4 * slotSize;
  readonly workBytes = 16 * slotSize;
  readonly chunk = this.work + this.workBytes;
  readonly decoded = this.chunk + 4 * slotSize;

  constructor() {
    const memory = createSharedMemory(this.decoded + 2 * slotSize);
    this.codec = instantiateCodec(memory);
    this.bytes = new Uint8Array(memory.buffer);
  }

  /** Fills the slot; the bytes used. */
  fill(records: Iterable<Uint8Array>, sequence = 7): number {
    let used = 0;
    for (const record of records) {
      this.bytes.set(record, this.slot + used);
      used += record.length;
    }
    const header = new DataView(this.bytes.buffer, this.header);
    header.setUint32(slotHeaderOffsets.used, used, true);
    header.setBigUint64(slotHeaderOffsets.sequence, BigInt(sequence), true);
    return used;
  }

  encode(level: Level): EncodedChunk[] {
    const { codec, header, slot, output, work } = this;
    const length = codec.encodeSlot(header, slot, slotSize, levels[level], output, work);
    if (length < 0) throw new Error(`encodeSlot: ${length}`);
    const chunks: EncodedChunk[] = [];
    for (let at = output; at < output + length; ) {
      const view = new DataView(this.bytes.buffer, at, chunkHeaderSize);
      const size = chunkHeaderSize + view.getUint32(chunkHeaderOffsets.storedSize, true);
      chunks.push({
        lane: view.getUint8(chunkHeaderOffsets.lane),
        bytes: this.bytes.slice(at, at + size),
        rawSize: view.getUint32(chunkHeaderOffsets.rawSize, true),
      });
      at += size;
    }
    return chunks;
  }

  /** Raw records of a chunk, or the codec's error. */
  decode(chunk: Uint8Array, capacity = slotSize, workBytes = this.workBytes): Uint8Array | number {
    this.bytes.set(chunk, this.chunk);
    const { codec } = this;
    const size = codec.decodeChunk(this.chunk, chunk.length, this.decoded, capacity, this.work, workBytes);
    return size < 0 ? size : this.bytes.slice(this.decoded, this.decoded + size);
  }

  /** Makes the checksum right, whatever the rest says. */
  reseal(chunk: Uint8Array): void {
    if (chunk.length < chunkHeaderSize) return;
    this.bytes.set(chunk, this.chunk);
    const view = new DataView(this.bytes.buffer, this.chunk);
    view.setBigUint64(chunkHeaderOffsets.checksum, 0n, true);
    const sum = this.codec.xxh64(this.chunk, chunk.length, 0n);
    new DataView(chunk.buffer, chunk.byteOffset).setBigUint64(
      chunkHeaderOffsets.checksum,
      BigInt.asUintN(64, sum),
      true,
    );
  }
}

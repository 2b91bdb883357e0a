/** The codec's speed on the slots of a trace, and that of lz4-napi in its place. MB/s are of a core, by processor time. */
import { compressSync, uncompressSync } from 'lz4-napi';
import { chunkHeaderOffsets, chunkHeaderSize, slotHeaderOffsets } from '../engine/generated/schema.ts';
import {
  type Compression,
  codecStaticBytes,
  compressionLevels,
  createSharedMemory,
  instantiateCodec,
} from '../engine/trace/codec.ts';

/** Milliseconds of processor time that a speed is measured for at least. */
const leastTime = 300;

export interface Speed {
  readonly encode: number;
  readonly decode: number;
}

/** Milliseconds of this process. */
const processorTime = (): number => process.cpuUsage().user / 1000;

/** MB/s of `run`, which handles `bytes` bytes. */
export function speedOf(bytes: number, run: () => void): number {
  run();
  const started = processorTime();
  let passes = 0;
  let time = 0;
  do {
    run();
    passes++;
    time = processorTime() - started;
  } while (time < leastTime);
  return (bytes * passes) / 1000 / time;
}

const bytesOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

/** The codec with memory for one slot and its chunks. */
export class SlotCodec {
  readonly #header = codecStaticBytes;
  readonly #slot = codecStaticBytes + 4096;
  readonly #output: number;
  readonly #work: number;
  readonly #workBytes: number;
  readonly #chunk: number;
  readonly #decoded: number;
  readonly #slotSize: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #codec;

  constructor(slotSize: number) {
    this.#slotSize = slotSize;
    this.#output = this.#slot + slotSize + 4096;
    this.#work = this.#output + slotSize * 3;
    this.#workBytes = slotSize * 4 + (8 << 20);
    this.#chunk = this.#work + this.#workBytes;
    this.#decoded = this.#chunk + slotSize * 2 + 4096;
    const memory = createSharedMemory(this.#decoded + slotSize + 4096);
    this.#codec = instantiateCodec(memory);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** The bytes of the slot's chunks. */
  encode(slot: Uint8Array, level: Compression): number {
    this.#bytes.set(slot, this.#slot);
    this.#view.setUint32(this.#header + slotHeaderOffsets.used, slot.length, true);
    const length = this.#codec.encodeSlot(
      this.#header,
      this.#slot,
      this.#slotSize,
      compressionLevels[level],
      this.#output,
      this.#work,
    );
    if (length < 0) throw new Error(`encodeSlot: ${length}`);
    return length;
  }

  /** The chunks that the last encode() has made. */
  chunks(length: number): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let at = this.#output; at < this.#output + length; ) {
      const size = chunkHeaderSize + this.#view.getUint32(at + chunkHeaderOffsets.storedSize, true);
      chunks.push(this.#bytes.slice(at, at + size));
      at += size;
    }
    return chunks;
  }

  decode(chunk: Uint8Array): void {
    this.#bytes.set(chunk, this.#chunk);
    const { length } = chunk;
    const size = this.#codec.decodeChunk(
      this.#chunk,
      length,
      this.#decoded,
      this.#slotSize,
      this.#work,
      this.#workBytes,
    );
    if (size < 0) throw new Error(`decodeChunk: ${size}`);
  }
}

/** Bytes of all chunks that are made of the slots. */
export function storedBytes(slots: readonly Buffer[], level: Compression, slotSize: number): number {
  const codec = new SlotCodec(slotSize);
  return slots.reduce((sum, slot) => sum + codec.encode(slot, level), 0);
}

/** Encoded with the hash, as a recording does, and decoded again. */
export function ours(slots: readonly Buffer[], level: Compression, slotSize: number): Speed {
  const codec = new SlotCodec(slotSize);
  const chunks = slots.flatMap((slot) => codec.chunks(codec.encode(slot, level)));
  return {
    encode: speedOf(bytesOf(slots), () => {
      for (const slot of slots) codec.encode(slot, level);
    }),
    decode: speedOf(bytesOf(slots), () => {
      for (const chunk of chunks) codec.decode(chunk);
    }),
  };
}

/** The same with lz4-napi in the place of packing: our columns and hash, its LZ4. */
export function oursWithNapi(slots: readonly Buffer[], slotSize: number): Speed {
  const codec = new SlotCodec(slotSize);
  const plain = slots.map((slot) => codec.chunks(codec.encode(slot, 'none')));
  const blocks = plain.map((chunks) => chunks.map((chunk) => compressSync(Buffer.from(chunk))));
  return {
    encode: speedOf(bytesOf(slots), () => {
      slots.forEach((slot, index) => {
        codec.encode(slot, 'none');
        for (const chunk of plain[index]!) compressSync(Buffer.from(chunk.buffer));
      });
    }),
    decode: speedOf(bytesOf(slots), () => {
      for (const block of blocks.flat()) codec.decode(uncompressSync(block));
    }),
  };
}

/** lz4-napi alone, on the raw records. */
export function napi(slots: readonly Buffer[]): Speed {
  const blocks = slots.map((slot) => compressSync(slot));
  return {
    encode: speedOf(bytesOf(slots), () => {
      for (const slot of slots) compressSync(slot);
    }),
    decode: speedOf(bytesOf(slots), () => {
      for (const block of blocks) uncompressSync(block);
    }),
  };
}

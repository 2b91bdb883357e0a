/** Damaged chunks with right checksums for the codec's decoder: what it must do with each of them. */
import { chunkHeaderSize } from '../../engine/generated/schema.ts';
import { CodecMemory, type EncodedChunk, slotSize } from '../codec-memory.ts';
import { bufferEntries, entriesRecord, plausibleRecords, Random, wildRecords } from '../trace-records.ts';
import { processorTime } from './processor-time.ts';

const guard = 0xc3;
const guardBytes = 64;
/** Milliseconds that one input may take. */
const limit = 1000;
/** Inputs that are made from one set of chunks. */
const inputsOfSet = 2000;

export class ChunkFuzzer {
  readonly #memory = new CodecMemory();
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** @throws Error at the first input that is handled wrongly */
  run(inputs: number): { accepted: number; slowest: number } {
    let accepted = 0;
    let slowest = 0;
    let chunks: EncodedChunk[] = [];
    for (let input = 0; input < inputs; input++) {
      if (input % inputsOfSet === 0) chunks = this.#makeChunks(input / inputsOfSet);
      const chunk = chunks[this.#random.below(chunks.length)]!;
      const damaged = this.#damage(chunk.bytes);
      this.#memory.reseal(damaged);
      const started = processorTime();
      if (this.#decode(damaged, chunk.rawSize, input)) accepted++;
      const time = processorTime() - started;
      slowest = Math.max(slowest, time);
      if (time > limit) throw new Error(`input ${input} took ${time.toFixed(0)} ms`);
    }
    return { accepted, slowest };
  }

  #makeChunks(set: number): EncodedChunk[] {
    const random = this.#random;
    if (set % 3 === 0) this.#memory.fill([1, 2].map((event) => entriesRecord(event, bufferEntries(random, 60, 5))));
    else if (set % 3 === 1) this.#memory.fill([...plausibleRecords(random, 40)]);
    else this.#memory.fill([...wildRecords(random, 40)]);
    return (['none', 'packed', 'best', 'modelledColumns'] as const).flatMap((level) => this.#memory.encode(level));
  }

  /** A copy with some bytes changed, some bytes of another place, or another end. */
  #damage(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    const damaged = bytes.slice();
    const place = (): number => {
      const inHeader = random.below(4) === 0 || bytes.length === chunkHeaderSize;
      return inHeader ? random.below(chunkHeaderSize) : chunkHeaderSize + random.below(bytes.length - chunkHeaderSize);
    };
    for (let flips = 1 + random.below(4); flips > 0; flips--) {
      const at = place();
      const kind = random.below(8);
      if (kind < 3) damaged[at]! ^= 1 << random.below(8);
      else if (kind < 5) damaged[at] = 255 * random.below(2);
      else if (kind < 7) damaged[at] = random.below(256);
      else damaged.copyWithin(at, place(), Math.min(bytes.length, at + 1 + random.below(16)));
    }
    return damaged;
  }

  /** True when records came of it. @throws Error when it wrote elsewhere, or more than it may */
  #decode(chunk: Uint8Array, rawSize: number, input: number): boolean {
    const { codec, bytes, decoded, work } = this.#memory;
    const workBytes = codec.decodeWorkBytes(rawSize);
    const guards = [decoded - guardBytes, decoded + rawSize + codec.decodeSlack(), work + workBytes];
    for (const from of guards) bytes.fill(guard, from, from + guardBytes);
    const result = this.#memory.decode(chunk, rawSize, workBytes);
    for (const from of guards) {
      if (!bytes.subarray(from, from + guardBytes).every((each) => each === guard)) {
        throw new Error(`input ${input}: something was written beside the areas`);
      }
    }
    if (typeof result === 'number') return false;
    if (result.length > Math.min(rawSize, slotSize)) throw new Error(`input ${input}: ${result.length} bytes`);
    return true;
  }
}

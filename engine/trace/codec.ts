/** The codec's WebAssembly module (codec/), compiled once a thread and instantiated over a memory of the caller's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';

/** Offsets and sizes are bytes in the instance's memory; codec/index.ts tells the contract of each function. */
export interface Codec {
  encodeSlot(header: number, slot: number, slotSize: number, level: number, output: number, work: number): number;
  encodeIndex(lane: number, entries: number, count: number, level: number, output: number, work: number): number;
  checkChunk(chunk: number, length: number): number;
  decodeChunk(
    chunk: number,
    length: number,
    output: number,
    capacity: number,
    work: number,
    workCapacity: number,
  ): number;
  decodeSlack(): number;
  encodeOutputBytes(slotSize: number): number;
  encodeWorkBytes(rawSize: number): number;
  decodeWorkBytes(rawSize: number): number;
  baseBytes(): number;
  baseTableBytes(): number;
  clearBase(base: number, table: number): void;
  enterPlace(base: number, table: number, place: number, size: number): void;
  patchWorkBytes(size: number): number;
  patchChunk(
    plain: number,
    into: number,
    base: number,
    places: number,
    table: number,
    hashes: number,
    work: number,
    level: number,
    isLoose: boolean,
  ): number;
  patchLiterals(): number;
  packChunk(plain: number, into: number, level: number, table: number): number;
  checkPatched(chunk: number, length: number): number;
  plainWorkBytes(size: number): number;
  plainChunk(chunk: number, base: number, into: number, capacity: number, work: number): number;
  packWorkBytes(): number;
  packSlack(): number;
  packBytes(source: number, length: number, into: number, limit: number, area: number): number;
  unpackBytes(source: number, length: number, into: number, size: number, area: number): number;
  xxh64(position: number, length: number, seed: bigint): bigint;
  lz4Compress(source: number, length: number, into: number, limit: number, best: number, table: number): number;
  lz4Decompress(source: number, length: number, into: number, size: number): number;
}

export const compressionLevels = { none: 0, fast: 1, best: 2 } as const;
/** So few bytes of a slot's records are modelled at level fast, too (codec/encode.ts). */
export const modelledSlotBytes = 256 << 10;
/** Levels besides, for tests: one form of chunk, where compressionLevels choose by the size. */
export const formLevels = { packed: 3, modelledColumns: 4 } as const;
export type Compression = keyof typeof compressionLevels;

/** Memory below belongs to the codec's static data; what the caller divides begins here. */
export const codecStaticBytes = 65536;

const pageBytes = 65536;
const maximumPages = 65536;

let module: WebAssembly.Module | undefined;

/** @throws EngineError CODEC_MISSING when the codec is not built. */
export function compileCodec(): WebAssembly.Module {
  if (module) return module;
  const path = join(packageRoot, 'build/codec.wasm');
  try {
    module = new WebAssembly.Module(readFileSync(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('CODEC_MISSING', `cannot load the codec ${path}: ${reason}; \`npm run build\` makes it`, {
      cause,
    });
  }
  return module;
}

/** An instance for one thread. Instances over one memory may work at once in areas that do not overlap. */
export function instantiateCodec(memory: WebAssembly.Memory): Codec {
  const { exports } = new WebAssembly.Instance(compileCodec(), { env: { memory } });
  return exports as unknown as Codec;
}

/** Shared memory of at least `bytes` bytes; pages that nobody touches cost nothing. @throws EngineError NO_MEMORY */
export function createSharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.max(2, Math.ceil(bytes / pageBytes));
  if (pages > maximumPages) {
    throw new EngineError('NO_MEMORY', `${bytes} bytes of shared memory are more than the 4 GiB there can be`);
  }
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('NO_MEMORY', `cannot reserve ${bytes} bytes of shared memory: ${reason}`, { cause });
  }
}

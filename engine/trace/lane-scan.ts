/**
 * Finds a lane's chunks: by its index, or by walking the file when there is no index or it cannot be trusted. A walk
 * checks every checksum; where it meets damage it goes on with the next chunk behind it.
 */
import { chunkContents, chunkHeaderSize, chunkMagic, indexEntrySize } from '../generated/schema.ts';
import { type Chunk, type ChunkHeader, chunkLength, readChunkHeader } from './chunk.ts';
import { chunkFault } from './chunk-checks.ts';
import { chunkDecoder } from './chunk-decoder.ts';
import type { LaneFile } from './lane-file.ts';
import { maxIndexEntries, readEntries } from './lane-index.ts';
import { maxStoredSize } from './limits.ts';
import { TraceError } from './trace-error.ts';
import type { LaneExtent } from './trace-header.ts';

export interface LaneChunks {
  /** Sound as far as their headers tell, in the order of their slots. */
  readonly chunks: readonly Chunk[];
  /** The first thing that was wrong with the file. */
  readonly damage: TraceError | undefined;
}

/** The chunks of a lane whose extent the version file tells; found by a walk when the index is damaged. */
export function findChunks(file: LaneFile, extent: LaneExtent | undefined): LaneChunks {
  // No index either where the disk was too full for one.
  if (!extent || (extent.index === extent.size && extent.size === file.size)) return walk(file);
  try {
    return { chunks: inOrder(readIndex(file, extent)), damage: undefined };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { chunks: walk(file).chunks, damage: error };
  }
}

function inOrder(chunks: Chunk[]): Chunk[] {
  return chunks.sort((a, b) => a.sequence - b.sequence);
}

/** @throws TraceError TRACE_TRUNCATED, TRACE_DAMAGED, TRACE_UNREADABLE */
function readIndex(file: LaneFile, extent: LaneExtent): Chunk[] {
  if (file.size !== extent.size) {
    const code = file.size < extent.size ? 'TRACE_TRUNCATED' : 'TRACE_DAMAGED';
    throw new TraceError(code, file.path, `the file has ${file.size} bytes, it was closed with ${extent.size}`);
  }
  const chunks: Chunk[] = [];
  let end = 0;
  let position = extent.index;
  while (position < file.size) {
    const header = file.readHeader(position);
    const damage = (what: string): TraceError => new TraceError('TRACE_DAMAGED', file.path, what, { offset: position });
    if (!header || header.content !== chunkContents.index || header.lane !== file.laneNumber) {
      throw damage('no index chunk where one must be');
    }
    if (chunkLength(header) > file.size - position || header.rawSize > maxIndexEntries * indexEntrySize) {
      throw damage('an index chunk is larger than it may be');
    }
    if (header.storedSize > header.rawSize) throw damage('an index chunk is larger than it may be');
    const entries = readEntries(chunkDecoder.decode(file, header, new Uint8Array(0), noPiece));
    if (!entries) throw damage('the index has impossible numbers');
    for (const chunk of entries) {
      const fault = chunk.offset < end ? 'chunks overlap' : chunkFault(chunk, file.laneNumber, extent.index);
      if (fault) throw damage(`in the index: ${fault}`);
      chunks.push(chunk);
      end = chunk.offset + chunkLength(chunk);
    }
    position += chunkLength(header);
  }
  return chunks;
}

/**
 * What the search for chunks behind damage may cost: bytes that are hashed in vain, as a multiple of the file's size and
 * for the smallest file; and what a chunk counts at least. Else a forged file makes it take the square of its size.
 */
const searchBudget = 4;
const leastBudget = 1 << 20;
const leastCost = 4096;

/** An index is no patch. */
function noPiece(): never {
  throw new RangeError('an index refers to the store');
}

function walk(file: LaneFile): LaneChunks {
  const chunks: Chunk[] = [];
  const window = new FileWindow(file);
  let damage: TraceError | undefined;
  let budget = file.size * searchBudget + leastBudget;
  let position = 0;
  while (position < file.size && budget > 0) {
    const header = window.header(position);
    const fault = header ? headerFault(file, header) : 'no chunk where one must be';
    if (header && !fault && chunkDecoder.check(file, header) === 0) {
      if (header.content === chunkContents.records) chunks.push(header);
      position += chunkLength(header);
      continue;
    }
    if (header && !fault) budget -= Math.max(leastCost, chunkLength(header));
    const what = fault ?? 'a chunk’s checksum is wrong';
    damage ??= new TraceError('TRACE_DAMAGED', file.path, what, { offset: position });
    position = window.nextMagic(position + 1);
  }
  return { chunks: inOrder(chunks), damage };
}

function headerFault(file: LaneFile, header: ChunkHeader): string | undefined {
  if (header.lane !== file.laneNumber) return 'a chunk of another lane';
  if (header.content === chunkContents.records) return chunkFault(header, file.laneNumber, file.size);
  if (header.storedSize > maxStoredSize || chunkLength(header) > file.size - header.offset) {
    return 'an index chunk is larger than it may be';
  }
  return undefined;
}

const windowSize = 1 << 16;
const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(chunkMagic);

/** A part of the file in memory: each byte of a file that is looked through forwards is read about once. */
class FileWindow {
  readonly #file: LaneFile;
  readonly #bytes = Buffer.alloc(windowSize);
  /** Where it begins in the file, and how many of its bytes are the file's. */
  #start = 0;
  #length = 0;

  constructor(file: LaneFile) {
    this.#file = file;
  }

  /** The chunk header at `position`; undefined when there is none. Its fields are not checked. */
  header(position: number): ChunkHeader | undefined {
    this.#cover(position, chunkHeaderSize);
    const length = this.#start + this.#length - position;
    if (length < chunkHeaderSize) return undefined;
    return readChunkHeader(this.#bytes, position - this.#start, position);
  }

  /** Offset of the next bytes from `from` on that look like a chunk's beginning; the file's size when there are none. */
  nextMagic(from: number): number {
    for (let position = from; position + magicBytes.length <= this.#file.size; ) {
      this.#cover(position, magicBytes.length);
      const found = this.#bytes.subarray(0, this.#length).indexOf(magicBytes, position - this.#start);
      if (found !== -1) return this.#start + found;
      position = Math.max(position + 1, this.#start + this.#length - (magicBytes.length - 1));
    }
    return this.#file.size;
  }

  /** Has `length` bytes at `position`, or all up to the file's end. */
  #cover(position: number, length: number): void {
    if (position >= this.#start && position + length <= this.#start + this.#length) return;
    this.#start = position;
    this.#length = this.#file.read(position, this.#bytes, 0, windowSize);
  }
}

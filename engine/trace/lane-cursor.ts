/** A place in a lane's usable chunks, record by record; one decoded chunk is kept. */
import { chunkContents, type RecordView, recordHeaderOffsets } from '../generated/schema.ts';
import type { Chunk } from './chunk.ts';
import { chunkDecoder, damaged } from './chunk-decoder.ts';
import type { LaneFile } from './lane-file.ts';
import type { ReadPiece } from './stored-payload.ts';
import { TraceError } from './trace-error.ts';

const emptyBytes = new Uint8Array(0);
const emptyView = new DataView(emptyBytes.buffer);

export class LaneCursor {
  readonly #file: LaneFile;
  readonly #chunks: readonly Chunk[];
  readonly #readPiece: ReadPiece;
  /** Index of the decoded chunk, or of the one before the chunk that comes next when none is decoded. */
  #chunk = -1;
  #buffer: Uint8Array = emptyBytes;
  #bytes: Uint8Array = emptyBytes;
  #view: DataView = emptyView;
  #position = 0;

  /** @param readPiece gives what chunks are patches of */
  constructor(file: LaneFile, chunks: readonly Chunk[], readPiece: ReadPiece) {
    this.#file = file;
    this.#chunks = chunks;
    this.#readPiece = readPiece;
  }

  /** Event of the record at the cursor; 0 at the lane's end. Decodes the next chunk where one is needed. @throws TraceError */
  event(): number {
    if (this.#position === this.#bytes.length && !this.#open(this.#chunk + 1)) return 0;
    const at = this.#position + recordHeaderOffsets.event;
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 0x1_0000_0000;
  }

  /** Binds `view` to the record at the cursor, which must not be at the lane's end, and moves behind it. */
  take<View extends RecordView>(view: View): View {
    view.bind(this.#bytes, this.#position);
    this.#position += view.size;
    return view;
  }

  /** Moves to the first record of `event`, or of the next event that has one. @throws TraceError */
  seek(event: number): void {
    const target = this.#chunkOf(event);
    const isOpen = target === this.#chunk && this.#bytes.length > 0;
    if (!isOpen && !this.#open(target)) return;
    const isAhead = this.#position < this.#bytes.length && this.event() < event;
    if (!isAhead) this.#position = 0;
    while (this.#position < this.#bytes.length && this.event() < event) {
      this.#position += this.#view.getUint32(this.#position + recordHeaderOffsets.size, true);
    }
  }

  /** The error of damage in the chunk at the cursor, or in the last one. */
  damage(what: string): TraceError {
    const chunk = this.#chunks[this.#chunk] ?? this.#chunks.at(-1);
    return chunk ? damaged(this.#file, chunk, what) : new TraceError('TRACE_DAMAGED', this.#file.path, what);
  }

  /** The first chunk whose last event is `event` or later; the number of chunks when there is none. */
  #chunkOf(event: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunks[middle]!.lastEvent < event) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Decodes a chunk and goes to its beginning. False, and at the lane's end, when there is no such chunk. */
  #open(index: number): boolean {
    const chunk = this.#chunks[index];
    this.#position = 0;
    this.#bytes = emptyBytes;
    this.#view = emptyView;
    if (!chunk) {
      this.#chunk = this.#chunks.length;
      return false;
    }
    // Until it is decoded the cursor stands before it, so that another try meets the same error.
    this.#chunk = index - 1;
    const bytes = chunkDecoder.decode(this.#file, chunk, this.#buffer, this.#readPiece);
    if (bytes.length > this.#buffer.length) this.#buffer = bytes;
    this.#checkHeader(chunk, bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#chunk = index;
    return true;
  }

  /** The decoded chunk must be the one that the index promised: its own header has been checked by the codec. */
  #checkHeader(chunk: Chunk, bytes: Uint8Array): void {
    const header = this.#file.readHeader(chunk.offset);
    const agrees =
      header &&
      bytes.length === chunk.rawSize &&
      header.content === chunkContents.records &&
      header.lane === this.#file.laneNumber &&
      header.sequence === chunk.sequence &&
      header.firstEvent === chunk.firstEvent &&
      header.lastEvent === chunk.lastEvent &&
      header.recordCount === chunk.recordCount &&
      header.laneMask === chunk.laneMask &&
      header.slotCount === chunk.slotCount;
    if (!agrees) throw damaged(this.#file, chunk, 'a chunk is not the one that the index tells of');
  }
}

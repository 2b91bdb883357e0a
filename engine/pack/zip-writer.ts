/** Writes a ZIP file member by member; none of them is held in memory whole. */
import { Readable } from 'node:stream';
import { createDeflateRaw } from 'node:zlib';
import { crc32 } from '../trace/crc32.ts';
import { writeWhole } from '../whole-io.ts';
import {
  centralHeader,
  endOfZip,
  localHeader,
  localLength,
  type Method,
  methods,
  type ZipEntry,
} from './zip-format.ts';

export class ZipWriter {
  readonly #descriptor: number;
  readonly #entries: ZipEntry[] = [];
  #position: number;

  /**
   * @param descriptor of an empty file; the caller's
   * @param position where the first member is to begin
   */
  constructor(descriptor: number, position = 0) {
    this.#descriptor = descriptor;
    this.#position = position;
  }

  /** @param deflates false for what is compressed already. @throws NodeJS.ErrnoException */
  async add(name: string, content: Iterable<Uint8Array>, deflates: boolean): Promise<void> {
    const offset = this.#position;
    this.#position += localLength(name);
    let crc = 0;
    let size = 0;
    function* counted(): Generator<Uint8Array> {
      for (const piece of content) {
        crc = crc32(piece, crc);
        size += piece.length;
        yield piece;
      }
    }
    if (deflates) for await (const piece of deflated(counted())) this.#write(piece);
    else for (const piece of counted()) this.#write(piece);
    const storedSize = this.#position - offset - localLength(name);
    const method: Method = deflates ? methods.deflated : methods.stored;
    const entry = { name, method, crc, size, storedSize, offset };
    writeWhole(this.#descriptor, localHeader(entry), offset);
    this.#entries.push(entry);
  }

  /** Writes the directory. @throws NodeJS.ErrnoException */
  finish(): void {
    const start = this.#position;
    for (const entry of this.#entries) this.#write(centralHeader(entry));
    this.#write(endOfZip(this.#entries.length, start, this.#position - start));
  }

  #write(bytes: Uint8Array): void {
    writeWhole(this.#descriptor, bytes, this.#position);
    this.#position += bytes.length;
  }
}

function deflated(content: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(content);
  const deflate = createDeflateRaw();
  // An error of the content's ends the stream that is read.
  source.on('error', (error) => deflate.destroy(error));
  return source.pipe(deflate);
}

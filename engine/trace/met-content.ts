/**
 * What recordings of a store have met once and not kept: what comes back is. A table of 32 bits for each hash, which
 * another's may take the place of; what is lost of it costs bytes, and nothing else.
 */
import { closeSync, writeSync } from 'node:fs';
import { readWhole } from '../whole-io.ts';
import type { Folder } from './folder.ts';

const fileName = 'met';
const places = 1 << 14;
const placeBytes = 4;

export class MetContent {
  readonly #words: Uint32Array;
  readonly #changed = new Set<number>();

  private constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** @throws NodeJS.ErrnoException */
  static read(store: Folder): MetContent {
    const bytes = Buffer.alloc(places * placeBytes);
    const descriptor = openTable(store, 'read');
    if (descriptor !== undefined) {
      try {
        readWhole(descriptor, bytes, 0);
      } finally {
        closeSync(descriptor);
      }
    }
    return new MetContent(new Uint32Array(bytes.buffer, bytes.byteOffset, places));
  }

  /** Whether some recording has met the content before; from now on this one has. */
  meet(hash: Buffer): boolean {
    const place = hash.readUInt32LE(0) % places;
    // Zero stands for none.
    const mark = hash.readUInt32LE(4) | 1;
    if (this.#words[place] === mark >>> 0) return true;
    this.#words[place] = mark;
    this.#changed.add(place);
    return false;
  }

  /** Tells the store. @throws NodeJS.ErrnoException */
  save(store: Folder): void {
    if (this.#changed.size === 0) return;
    const descriptor = openTable(store, 'change') ?? store.openFile(fileName, 'createReadable');
    try {
      const bytes = new Uint8Array(this.#words.buffer, this.#words.byteOffset);
      for (const place of this.#changed) {
        writeSync(descriptor, bytes, place * placeBytes, placeBytes, place * placeBytes);
      }
    } finally {
      closeSync(descriptor);
    }
    this.#changed.clear();
  }
}

/** Undefined when it is not there. @throws NodeJS.ErrnoException */
function openTable(store: Folder, access: 'read' | 'change'): number | undefined {
  try {
    return store.openFile(fileName, access);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

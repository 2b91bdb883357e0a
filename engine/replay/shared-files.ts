import { closeSync, ftruncateSync, readSync } from 'node:fs';
import { writeWhole } from '../whole-io.ts';
import { primitives } from './primitives.ts';

interface SharedFile {
  readonly descriptor: number;
  size: number;
  /** Hash of the stored content that it was last filled with. */
  filledFrom: string | undefined;
}

/** Copies a stored file's bytes, calling `write` for each piece with its offset. */
export type CopyStored = (write: (bytes: Uint8Array, offset: number) => void) => void;

/**
 * Files that tracees map shared: each is a file in memory for all processes of the replay, named by device and inode.
 */
export class SharedFiles implements Disposable {
  private readonly files = new Map<string, SharedFile>();

  static key(device: bigint, inode: bigint): string {
    return `${device}:${inode}`;
  }

  /** The files with the content that they have now, for processes of their own. */
  copy(): SharedFiles {
    const copies = new SharedFiles();
    for (const [key, file] of this.files) {
      const descriptor = primitives().createMemoryFile(key.slice(-60));
      copies.files.set(key, { descriptor, size: file.size, filledFrom: file.filledFrom });
      ftruncateSync(descriptor, file.size);
      copyContent(file.descriptor, descriptor, file.size);
    }
    return copies;
  }

  keys(): Iterable<string> {
    return this.files.keys();
  }

  /** Our descriptor of a file that is there. */
  descriptorOf(key: string): number | undefined {
    return this.files.get(key)?.descriptor;
  }

  /** Whether a file has been mapped shared before. */
  has(key: string): boolean {
    return this.files.has(key);
  }

  /** Its descriptor, grown to at least `size` bytes. A new one is empty. */
  open(key: string, path: string, size: number): number {
    let file = this.files.get(key);
    if (file === undefined) {
      // The name shows in /proc/PID/maps only; the kernel takes at most 249 bytes.
      file = { descriptor: primitives().createMemoryFile(path.slice(-60)), size: 0, filledFrom: undefined };
      this.files.set(key, file);
    }
    this.grow(key, size);
    return file.descriptor;
  }

  /** Makes room for a mapping that reaches to `size`. */
  grow(key: string, size: number): void {
    const file = this.files.get(key);
    if (file === undefined || file.size >= size) return;
    ftruncateSync(file.descriptor, size);
    file.size = size;
  }

  /** Drops what lies at `size` and behind. Returns the size before. */
  cut(key: string, size: number): number {
    const file = this.files.get(key);
    if (file === undefined) return 0;
    const before = file.size;
    if (size < before) {
      ftruncateSync(file.descriptor, size);
      file.size = size;
    }
    return before;
  }

  /**
   * Gives it the stored content, unless that is what it was filled with last. What the store has is the file as it was
   * when this mapping was made, so another hash means that it was written since, or that the inode is another file's.
   */
  fill(key: string, hash: string, copy: CopyStored): void {
    const file = this.files.get(key);
    if (file === undefined || file.filledFrom === hash) return;
    if (file.filledFrom !== undefined) {
      ftruncateSync(file.descriptor, 0);
      ftruncateSync(file.descriptor, file.size);
    }
    copy((bytes, offset) => this.write(key, offset, bytes));
    file.filledFrom = hash;
  }

  /** Writes to the file itself, for mappings that must not be written. */
  write(key: string, offset: number, bytes: Uint8Array): void {
    const file = this.files.get(key);
    if (file === undefined) return;
    writeWhole(file.descriptor, bytes, offset);
    file.size = Math.max(file.size, offset + bytes.length);
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.files.values()) closeSync(descriptor);
    this.files.clear();
  }
}

const copiedAtOnce = 1 << 20;

/** Holes stay holes. */
function copyContent(from: number, to: number, size: number): void {
  const piece = Buffer.alloc(Math.min(copiedAtOnce, size));
  for (let offset = 0; offset < size; ) {
    const data = primitives().nextData(from, offset);
    if (data < 0) return;
    offset = Math.max(offset, data);
    const read = readSync(from, piece, 0, Math.min(piece.length, size - offset), offset);
    if (read === 0) return;
    writeWhole(to, piece.subarray(0, read), offset);
    offset += read;
  }
}

/** What a report or a shared mapping needs to know of a mapped file. */
export interface MappedFile {
  readonly start: number;
  readonly end: number;
  /** Offset of `start` in the file, bytes. */
  readonly offset: number;
  readonly path: string;
  /** SharedFiles.key of a private mapping's file. */
  readonly privateKey?: string;
  /** Key of the SharedFiles entry when it is shared. */
  readonly sharedKey?: string;
}

/** The parts of an address space that come from files, sorted and without overlap. Addresses are the recording's. */
export class MappedFiles {
  private readonly ranges: MappedFile[];

  constructor(ranges: readonly MappedFile[] = []) {
    this.ranges = [...ranges];
  }

  isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  [Symbol.iterator](): Iterator<MappedFile> {
    return this.ranges[Symbol.iterator]();
  }

  /** For a fork. */
  copy(): MappedFiles {
    return new MappedFiles(this.ranges);
  }

  find(address: number): MappedFile | undefined {
    const range = this.ranges[this.firstEndingAbove(address)];
    return range && range.start <= address ? range : undefined;
  }

  /** The private mappings of a file. */
  privateOf(key: string): readonly MappedFile[] {
    return this.ranges.filter((range) => range.privateKey === key);
  }

  /** True when a file lies anywhere in the range. */
  overlaps(start: number, end: number): boolean {
    const range = this.ranges[this.firstEndingAbove(start)];
    return range !== undefined && range.start < end;
  }

  /** Adds a range that takes the place of whatever was there. */
  add(file: MappedFile): void {
    this.remove(file.start, file.end);
    this.ranges.splice(this.firstEndingAbove(file.start), 0, file);
  }

  remove(start: number, end: number): readonly MappedFile[] {
    const first = this.firstEndingAbove(start);
    let last = first;
    const kept: MappedFile[] = [];
    const removed: MappedFile[] = [];
    for (; last < this.ranges.length && this.ranges[last]!.start < end; last++) {
      const range = this.ranges[last]!;
      if (range.start < start) kept.push(part(range, range.start, start));
      if (range.end > end) kept.push(part(range, end, range.end));
      removed.push(part(range, Math.max(range.start, start), Math.min(range.end, end)));
    }
    if (last > first) this.ranges.splice(first, last - first, ...kept);
    return removed;
  }

  /** Follows mremap. A range that grows reaches further into the same file. */
  move(oldStart: number, oldEnd: number, newStart: number, newEnd: number): void {
    const moved = this.remove(oldStart, oldEnd);
    this.remove(newStart, newEnd);
    for (const range of moved) {
      const start = newStart + (range.start - oldStart);
      const end = range.end === oldEnd ? newEnd : Math.min(newEnd, start + (range.end - range.start));
      if (start < end) this.add({ ...range, start, end });
    }
  }

  private firstEndingAbove(address: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function part(range: MappedFile, start: number, end: number): MappedFile {
  return { ...range, start, end, offset: range.offset + (start - range.start) };
}

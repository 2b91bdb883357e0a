/** What a stored file holds, and whether that is what its name says (docs/trace-format.md, "The store"). */
import { createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { loadAddon } from '../addon.ts';
import { readWhole } from '../whole-io.ts';

/** Pieces begin at multiples of this many bytes. */
const pieceSize = 1 << 20;
/** The unit of st_blocks (stat(2)). */
const bytesInBlock = 512;
const sparseHead = 'rr sparse file\n';

/** Whether the first `size` bytes of a file have that hash, 64 hexadecimal digits, in one of the two forms. */
export function hasContent(descriptor: number, size: number, hash: string): boolean {
  // The form is not in the name. What has been stored sparse has holes, unless it was copied since.
  const hasHoles = fstatSync(descriptor).blocks * bytesInBlock <= size - pieceSize;
  return [hasHoles, !hasHoles].some((isSparse) => hashOf(descriptor, size, isSparse) === hash);
}

/** Offset of the next byte from `offset` on that is no hole; -1 when there is none (native/replay/replay-napi.cc). */
export function nextData(descriptor: number, offset: number): number {
  return loadAddon<{ nextData(descriptor: number, offset: number): number }>().nextData(descriptor, offset);
}

/** Calls `visit` for each piece of a file that is not all hole, with its offset: the file may be larger than memory. */
export function forEachPiece(
  descriptor: number,
  size: number,
  visit: (piece: Uint8Array, offset: number) => void,
): void {
  const buffer = Buffer.alloc(Math.min(pieceSize, size));
  for (let offset = 0; offset < size; offset += pieceSize) {
    const data = nextData(descriptor, offset);
    if (data < 0 || data >= size) return;
    offset = data - (data % pieceSize);
    const piece = buffer.subarray(0, Math.min(pieceSize, size - offset));
    if (readWhole(descriptor, piece, offset) < piece.length) return;
    visit(piece, offset);
  }
}

function hashOf(descriptor: number, size: number, isSparse: boolean): string {
  const digest = createHash('sha256');
  const zeros = Buffer.alloc(pieceSize);
  const number = Buffer.alloc(8);
  const addNumber = (value: number) => {
    number.writeBigUInt64LE(BigInt(value));
    digest.update(number);
  };
  let end = 0;
  const addZeros = (to: number) => {
    for (; end < to; end += pieceSize) digest.update(zeros.subarray(0, Math.min(pieceSize, to - end)));
  };
  if (isSparse) {
    digest.update(sparseHead);
    addNumber(size);
  }
  forEachPiece(descriptor, size, (piece, offset) => {
    if (isSparse) {
      if (zeros.compare(piece, 0, piece.length, 0, piece.length) === 0) return;
      addNumber(offset);
    } else {
      addZeros(offset);
    }
    digest.update(piece);
    end = offset + piece.length;
  });
  if (!isSparse) addZeros(size);
  return digest.digest('hex');
}

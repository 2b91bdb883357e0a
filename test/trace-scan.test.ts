// The search for chunks in a lane without an index costs in proportion to the lane's size, whatever is in it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  chunkContents,
  chunkHeaderOffsets,
  chunkHeaderSize,
  chunkMagic,
  formatVersion,
  frameSize,
} from '../engine/generated/schema.ts';
import { Folder } from '../engine/trace/folder.ts';
import { LaneFile } from '../engine/trace/lane-file.ts';
import { findChunks } from '../engine/trace/lane-scan.ts';
import { withDirectory } from './trace-fixture.ts';

const magic = Buffer.alloc(4);
magic.writeUInt32LE(chunkMagic);

/** A header of one frame that is right but for the checksum. */
function header(storedSize: number): Buffer {
  const bytes = Buffer.alloc(chunkHeaderSize);
  bytes.writeUInt32LE(chunkMagic, chunkHeaderOffsets.magic);
  bytes.writeUInt16LE(chunkHeaderSize, chunkHeaderOffsets.headerSize);
  bytes.writeUInt16LE(formatVersion, chunkHeaderOffsets.format);
  bytes.writeUInt8(chunkContents.records, chunkHeaderOffsets.content);
  bytes.writeUInt8(1, chunkHeaderOffsets.laneMask);
  bytes.writeUInt32LE(1, chunkHeaderOffsets.recordCount);
  bytes.writeUInt8(1, chunkHeaderOffsets.firstEvent);
  bytes.writeUInt8(1, chunkHeaderOffsets.lastEvent);
  bytes.writeUInt32LE(frameSize, chunkHeaderOffsets.rawSize);
  bytes.writeUInt32LE(storedSize, chunkHeaderOffsets.storedSize);
  return bytes;
}

/** Bytes and calls that a walk through the file reads with. */
function costOf(directory: string, content: Buffer): { bytes: number; calls: number } {
  writeFileSync(join(directory, 'events'), content);
  using folder = Folder.open(directory);
  const file = new LaneFile(folder, 'events');
  const cost = { bytes: 0, calls: 0 };
  const read = file.read.bind(file);
  file.read = (offset, into, position, length) => {
    const count = read(offset, into, position, length);
    cost.bytes += count;
    cost.calls += 1;
    return count;
  };
  try {
    const { chunks, damage } = findChunks(file, undefined);
    assert.is(chunks.length, 0);
    assert.ok(damage);
  } finally {
    file.close();
  }
  return cost;
}

const mebibyte = 1 << 20;

for (const [name, piece] of [
  ['chunk marks', magic],
  ['chunk marks, none at a multiple of its size', Buffer.concat([magic, Buffer.from('x')])],
  ['headers without content', header(0)],
  ['headers that claim much', header(256 << 10)],
] as const) {
  test(`${name}, repeated: the cost grows as the file does`, () =>
    withDirectory((directory) => {
      const costs = [1, 4].map((size) => costOf(directory, Buffer.alloc(size * mebibyte, piece)));
      costs.forEach(({ bytes, calls }, index) => {
        const size = [1, 4][index]! * mebibyte;
        assert.ok(bytes < 8 * size + 2 * mebibyte, `${bytes} bytes read of ${size}`);
        assert.ok(calls < size / 256, `${calls} calls for ${size} bytes`);
      });
    }));
}

test.run();

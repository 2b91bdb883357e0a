/**
 * Lanes of whole traces, damaged, under right checksums in three of four inputs: a trace that was closed, and one of a
 * recorder that was killed when slots lay in several chunks.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chunkHeaderOffsets, chunkHeaderSize, chunkMagic } from '../../engine/generated/schema.ts';
import { laneOrder } from '../../engine/trace/lane-files.ts';
import { TraceReader } from '../../engine/trace/reader.ts';
import { CodecMemory } from '../codec-memory.ts';
import { savedThenJoined } from '../saved-slots.ts';
import { inSlots, writeTrace } from '../trace-fixture.ts';
import { plausibleRecords, Random } from '../trace-records.ts';
import type { Target } from './target.ts';

const magic = Buffer.alloc(4);
magic.writeUInt32LE(chunkMagic);

/** Makes the checksum of each chunk right that still has a place in `bytes`. */
function resealAll(bytes: Buffer, codec: CodecMemory): void {
  for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + magic.length)) {
    if (at + chunkHeaderSize > bytes.length) return;
    const length = chunkHeaderSize + bytes.readUInt32LE(at + chunkHeaderOffsets.storedSize);
    if (at + length <= bytes.length) codec.reseal(bytes.subarray(at, at + length));
  }
}

/** Reads all that there is, and once more from some event on. */
function readTrace(directory: string, random: Random): void {
  const reader = TraceReader.open(directory);
  try {
    const readOn = (most: number): void => {
      for (let count = 0; count < most && reader.next(); count++) {
        while (reader.nextData());
        while (reader.nextMapping());
        while (reader.nextTask());
      }
    };
    reader.seek(1 + random.below(reader.lastEvent));
    readOn(3);
    reader.seek(1);
    readOn(Number.POSITIVE_INFINITY);
    for (const _ of reader.allTasks());
  } finally {
    reader.close();
  }
}

export async function traceTarget(folder: string, random: Random): Promise<Target> {
  const codec = new CodecMemory();
  const slots = inSlots([...plausibleRecords(new Random(11), 40)], 20);
  const places = new Map<Buffer, { directory: string; path: string }>();
  for (const [name, write] of [
    ['closed', (directory: string) => writeTrace(directory, slots, { batchSlots: 4 })],
    ['killed', (directory: string) => savedThenJoined(directory, slots)],
  ] as const) {
    const directory = join(folder, `trace-${name}`);
    mkdirSync(directory);
    await write(directory);
    for (const lane of laneOrder) {
      const path = join(directory, lane);
      const bytes = readFileSync(path);
      if (bytes.length > 0) places.set(bytes, { directory, path });
    }
  }
  return {
    sound: [...places.keys()],
    read(bytes, sound) {
      const { directory, path } = places.get(sound)!;
      if (random.below(4) > 0) resealAll(bytes, codec);
      writeFileSync(path, bytes);
      try {
        readTrace(directory, random);
      } finally {
        writeFileSync(path, sound);
      }
    },
  };
}

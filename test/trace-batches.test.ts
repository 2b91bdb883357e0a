// Slots that were encoded together: chunks say of how many slots they are, and a trace is cut between chunks alone.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chunkHeaderOffsets, formatVersion } from '../engine/generated/schema.ts';
import { type Chunk, type ChunkHeader, chunkLength, readChunkHeader } from '../engine/trace/chunk.ts';
import { codecErrorText } from '../engine/trace/codec-errors.ts';
import { Pipeline } from '../engine/trace/pipeline.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { ringFunctions } from '../engine/trace/ring.ts';
import { usablePrefix } from '../engine/trace/usable-prefix.ts';
import { CodecMemory } from './codec-memory.ts';
import { savedOneByOne } from './saved-slots.ts';
import { expectedLines, header, inSlots, readAll, withDirectory, writeTrace } from './trace-fixture.ts';
import { frame, plausibleRecords, Random } from './trace-records.ts';

const records = [...plausibleRecords(new Random(23), 400)];
const slots = inSlots(records, 100);
const together = { slotSize: 65536, batchSlots: 8 };

/** Headers of the chunks in a lane's file, in its order. */
function headersOf(directory: string, lane: string): ChunkHeader[] {
  const bytes = readFileSync(join(directory, lane));
  const headers: ChunkHeader[] = [];
  let offset = 0;
  for (let chunk = readChunkHeader(bytes, 0, 0); chunk; chunk = readChunkHeader(bytes, offset, offset)) {
    headers.push(chunk);
    offset += chunkLength(chunk);
  }
  return headers;
}

for (const close of [true, false]) {
  test(`slots that are full together become one chunk of each lane, ${close ? 'by its index' : 'by a walk'}`, () =>
    withDirectory(async (directory) => {
      await writeTrace(directory, slots, { ...together, close });
      const chunks = headersOf(directory, 'events').filter(({ content }) => content === 0);
      // How many are joined depends on how long encoding takes; the first one is never kept.
      assert.ok(chunks.length < slots.length / 2, `${chunks.length} chunks of ${slots.length} slots`);
      let next = 0;
      for (const { sequence, slotCount } of chunks) {
        assert.is(sequence, next);
        next += slotCount;
      }
      assert.is(next, slots.length);
      const reader = TraceReader.open(directory);
      assert.is(reader.damage, undefined);
      assert.equal(readAll(reader), { lines: expectedLines(records), error: undefined });
      reader.close();
    }));
}

test('slots that do not fit one chunk become several, and one of them that is missing cuts the trace there', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots, { slotSize: 65536, batchSlots: 2, close: false });
    const chunks = headersOf(directory, 'data');
    assert.ok(chunks.length >= 2, `${chunks.length} chunks`);
    assert.ok(chunks.some(({ slotCount }) => slotCount > 1));
    const path = join(directory, 'data');
    const bytes = readFileSync(path);
    const last = chunks.at(-1)!;
    writeFileSync(path, bytes.subarray(0, last.offset));
    const reader = TraceReader.open(directory);
    assert.ok(reader.lastEvent > 0 && reader.lastEvent < 400, `cut at ${reader.lastEvent}`);
    assert.equal(readAll(reader).lines, expectedLines(records).slice(0, reader.lastEvent));
    reader.close();
  }));

test('one that claims another number of slots than its lane’s neighbour does not fit', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots, { ...together, close: false });
    const memory = new CodecMemory();
    const path = join(directory, 'data');
    const bytes = readFileSync(path);
    const [first] = headersOf(directory, 'data');
    const chunk = Uint8Array.from(bytes.subarray(0, chunkLength(first!)));
    new DataView(chunk.buffer).setUint32(chunkHeaderOffsets.slotCount, first!.slotCount + 1, true);
    memory.reseal(chunk);
    bytes.set(chunk);
    writeFileSync(path, bytes);
    assert.throws(() => TraceReader.open(directory), /the chunk of slot 0 does not fit those before it/);
  }));

test('a chunk says its slots from this format on, and not before', () => {
  const memory = new CodecMemory();
  memory.fill([frame(1), frame(2)]);
  const { bytes, rawSize } = memory.encode('packed')[0]!;
  const decoded = (format: number, slotCount: number): string | number => {
    const chunk = bytes.slice();
    const view = new DataView(chunk.buffer);
    view.setUint16(chunkHeaderOffsets.format, format, true);
    view.setUint32(chunkHeaderOffsets.slotCount, slotCount, true);
    memory.reseal(chunk);
    const result = memory.decode(chunk);
    return typeof result === 'number' ? codecErrorText(result) : result.length;
  };
  assert.is(decoded(formatVersion, 1), rawSize);
  assert.is(decoded(formatVersion, 0xffff), rawSize);
  assert.is(decoded(6, 0), rawSize);
  const refused = decoded(formatVersion, 0);
  assert.type(refused, 'string');
  assert.is(decoded(formatVersion, 0x10000), refused);
  assert.is(decoded(6, 1), refused);
});

test('a slot that no other follows is written all the same, before a second has passed', () =>
  withDirectory(async (directory) => {
    const pipeline = new Pipeline({ directory, header, ...together, slotCount: 8 });
    const producer = new (ringFunctions().RingProducer)(pipeline.bytes, pipeline.layout.ring);
    assert.ok(producer.write(frame(1)));
    producer.seal();
    // Nobody ends the recording: the pipeline's own clock must. The test's time limit is the only other one.
    while (statSync(join(directory, 'events')).size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const reader = TraceReader.open(directory);
    assert.is(reader.lastEvent, 1);
    reader.close();
    producer.close();
    await pipeline.finish({ complete: true });
  }));

/** Slots of one frame each. */
const frames = (count: number): Uint8Array[][] => Array.from({ length: count }, (_, index) => [frame(index + 1)]);

const sequencesOf = (directory: string, lane: string): string[] =>
  headersOf(directory, lane)
    .filter(({ content }) => content === 0)
    .map(({ sequence, slotCount }) => `${sequence}+${slotCount}`);

function lastEventOf(directory: string): number {
  const reader = TraceReader.open(directory);
  try {
    assert.is(reader.damage, undefined);
    assert.is(readAll(reader).error, undefined);
    return reader.lastEvent;
  } finally {
    reader.close();
  }
}

test('what was saved slot by slot is read, and becomes one chunk', () =>
  withDirectory(async (directory) => {
    const { pipeline, close } = await savedOneByOne(directory, frames(3));
    assert.equal(sequencesOf(directory, 'events'), ['0+1', '1+1', '2+1']);
    assert.is(lastEventOf(directory), 3);
    pipeline.encodeNow();
    // As after a kill: both are there.
    assert.equal(sequencesOf(directory, 'events'), ['0+1', '1+1', '2+1', '1+2']);
    assert.is(lastEventOf(directory), 3);
    close();
    await pipeline.finish({ complete: true });
    assert.equal(sequencesOf(directory, 'events'), ['0+1', '1+2']);
    assert.is(lastEventOf(directory), 3);
    const names = readdirSync(directory).sort();
    assert.equal(names, ['data', 'events', 'mmaps', 'tasks', 'version']);
  }));

test('where a kill came before all lanes had the chunk of all, what was saved before is read', () => {
  const chunk = (sequence: number, slotCount: number, firstEvent: number, lastEvent: number): Chunk => ({
    ...{ sequence, slotCount, firstEvent, lastEvent, laneMask: 3 },
    ...{ offset: 0, storedSize: 1, rawSize: 1, recordCount: 1 },
  });
  const saved = [chunk(0, 1, 1, 1), chunk(1, 1, 2, 2), chunk(2, 1, 3, 3)];
  const together = chunk(1, 2, 2, 3);
  const sorted = (...chunks: Chunk[]) => chunks.sort((a, b) => a.sequence - b.sequence);
  const lanes = (events: Chunk[], data: Chunk[]) => ({ events, data, mmaps: [], tasks: [] });
  for (const extra of [[], [chunk(3, 1, 4, 4)]]) {
    const end = 3 + extra.length;
    const half = usablePrefix(lanes(sorted(...saved, together, ...extra), sorted(...saved, ...extra)));
    assert.equal(half, { chunks: lanes([...saved, ...extra], [...saved, ...extra]), lastEvent: end, cut: undefined });
    const all = sorted(...saved, together, ...extra);
    const whole = usablePrefix(lanes(all, all));
    assert.equal(whole.chunks.data, [saved[0]!, together, ...extra]);
    assert.is(whole.lastEvent, end);
    assert.is(whole.cut, undefined);
  }
});

test.run();

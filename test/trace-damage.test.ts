import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TraceReader } from '../engine/trace/reader.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { expectedLines, inSlots, readAll, withDirectory, writeTrace } from './trace-fixture.ts';
import { data, frame, mapping, Random, task } from './trace-records.ts';

/** A small trace with records of every kind in several slots. */
function smallRecords(): Uint8Array[] {
  const random = new Random(31);
  const records: Uint8Array[] = [];
  for (let event = 1; event <= 12; event++) {
    records.push(data(event, BigInt(event * 64), random.text(20)));
    if (event % 3 === 0) records.push(mapping(event, 4096n, '/lib/x', random.bytes(32)));
    if (event % 5 === 0) records.push(task(event, event, 'a\0b\0'));
    const counts = { dataCount: 1, mappingCount: Number(event % 3 === 0), taskCount: Number(event % 5 === 0) };
    records.push(frame(event, { ...counts, registers: [random.u64()] }));
  }
  return records;
}

const records = smallRecords();
const expected = expectedLines(records);
const slots = inSlots(records, 9);
const names = ['version', 'events', 'data', 'mmaps', 'tasks'];

/**
 * Reads a damaged trace: whatever comes back must be a prefix of the truth, and an error must be a TraceError with one
 * line. True when the damage was told.
 */
function readDamaged(directory: string, what: string): boolean {
  let reader: TraceReader | undefined;
  let failure: unknown;
  let lines: string[] = [];
  try {
    reader = TraceReader.open(directory);
    ({ lines, error: failure } = readAll(reader));
  } catch (error) {
    failure = error;
  } finally {
    reader?.close();
  }
  for (const [index, line] of lines.entries()) {
    if (line !== expected[index]) assert.unreachable(`${what}: event ${index + 1} is wrong: ${line}`);
  }
  if (failure === undefined) return false;
  if (!(failure instanceof TraceError)) throw failure;
  if (failure.message.includes('\n')) assert.unreachable(`${what}: ${failure.message}`);
  return true;
}

/** What is damaged, and where: a file of a closed trace, and of one that was killed. */
async function withTrace(close: boolean, use: (directory: string, files: Map<string, Buffer>) => void): Promise<void> {
  await withDirectory(async (directory) => {
    await writeTrace(directory, slots, { close });
    const files = names.map((name): [string, Buffer] => {
      const path = join(directory, name === 'version' && !close ? 'version.incomplete' : name);
      return [path, readFileSync(path)];
    });
    use(directory, new Map(files));
  });
}

test('a closed trace cut off at any byte of any file is told of', () =>
  withTrace(true, (directory, files) => {
    for (const [path, bytes] of files) {
      for (let length = 0; length < bytes.length; length++) {
        truncateSync(path, 0);
        writeFileSync(path, bytes.subarray(0, length));
        const what = `${path} cut at ${length}`;
        if (!readDamaged(directory, what)) assert.unreachable(`${what}: nothing was said`);
      }
      writeFileSync(path, bytes);
    }
    assert.not(readDamaged(directory, 'restored'));
  }));

test('a trace of a killed recorder, cut off at any byte of any lane, is right as far as it goes', () =>
  withTrace(false, (directory, files) => {
    for (const [path, bytes] of files) {
      for (let length = 0; length < bytes.length; length++) {
        writeFileSync(path, bytes.subarray(0, length));
        readDamaged(directory, `${path} cut at ${length}`);
      }
      writeFileSync(path, bytes);
    }
  }));

test('bytes behind the end of a closed lane are told of', () =>
  withTrace(true, (directory, files) => {
    for (const [path, bytes] of files) {
      writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
      assert.ok(readDamaged(directory, path));
      writeFileSync(path, bytes);
    }
  }));

for (const close of [true, false]) {
  test(`10,000 flipped bytes of a ${close ? 'closed' : 'killed'} trace: never wrong data`, () =>
    withTrace(close, (directory, files) => {
      const random = new Random(close ? 32 : 33);
      const all = [...files];
      for (let round = 0; round < 10_000; round++) {
        const [path, bytes] = all[random.below(all.length)]!;
        const at = random.below(bytes.length);
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 + random.below(255);
        writeFileSync(path, flipped);
        const what = `${path}: byte ${at} is ${flipped[at]}`;
        const told = readDamaged(directory, what);
        if (close && !told) assert.unreachable(`${what}: nothing was said`);
        writeFileSync(path, bytes);
      }
    }));
}

test('files of other lanes in the place of a lane are told of', () =>
  withTrace(true, (directory, files) => {
    const lanes = [...files].slice(1);
    for (const [path, bytes] of lanes) {
      for (const [, other] of lanes) {
        if (other === bytes) continue;
        writeFileSync(path, other);
        assert.ok(readDamaged(directory, path));
      }
      writeFileSync(path, bytes);
    }
  }));

test.run();

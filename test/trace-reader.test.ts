import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { EngineError } from '../engine/errors.ts';
import {
  eventKinds,
  formatVersion,
  frameSize,
  oldestFormatVersion,
  registerIndex,
} from '../engine/generated/schema.ts';
import { crc32 } from '../engine/trace/crc32.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { formatVersionFile } from '../engine/trace/version-file.ts';
import { eventLine, expectedLines, header, inSlots, readAll, withDirectory, writeTrace } from './trace-fixture.ts';
import { data, frame, mapping, plausibleRecords, Random, task } from './trace-records.ts';

const records = [...plausibleRecords(new Random(21), 400)];
const slots = inSlots(records, 70);

/** The error of opening, which there must be. */
function openError(directory: string): TraceError {
  try {
    TraceReader.open(directory).close();
  } catch (error) {
    assert.instance(error, TraceError);
    assert.not.match((error as TraceError).message, '\n');
    return error as TraceError;
  }
  throw new Error(`${directory} opened`);
}

test('all events come back with all their records', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots);
    assert.ok(existsSync(join(directory, 'version')) && !existsSync(join(directory, 'version.incomplete')));
    const reader = TraceReader.open(directory);
    assert.is(reader.lastEvent, 400);
    assert.ok(reader.complete);
    assert.equal(reader.header, header);
    assert.equal(reader.end, { complete: true, status: 0 });
    const { lines, error } = readAll(reader);
    assert.is(error, undefined);
    assert.equal(lines, expectedLines(records));
    const sizes = reader.sizes();
    assert.is(sizes.events.records, 400);
    assert.is(sizes.events.rawBytes, 400 * frameSize);
    reader.close();
  }));

test('each level of compression reads back', () =>
  withDirectory(async (directory) => {
    for (const compression of ['none', 'fast', 'best'] as const) {
      const path = join(directory, compression);
      mkdirSync(path);
      await writeTrace(path, slots, { header: { ...header, compression } });
      const reader = TraceReader.open(path);
      assert.equal(readAll(reader).lines, expectedLines(records), compression);
      reader.close();
    }
  }));

test('seek goes to any event, whatever was read before', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots);
    const expected = expectedLines(records);
    const random = new Random(22);
    const reader = TraceReader.open(directory);
    for (let round = 0; round < 500; round++) {
      const event = 1 + random.below(400);
      reader.seek(event);
      const steps = random.below(4);
      for (let step = 0; step <= steps && event + step <= 400; step++) {
        assert.ok(reader.next());
        const how = random.below(3);
        if (how === 0) reader.nextData();
        if (how === 1) assert.is(eventLine(reader), expected[event + step - 1]);
      }
    }
    reader.seek(401);
    assert.not(reader.next());
    assert.throws(() => reader.seek(0), /events 1 to 400/);
    assert.throws(() => reader.seek(402), /events 1 to 400/);
    reader.close();
  }));

test('records that nobody asks for are skipped', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots);
    const expected = expectedLines(records);
    const reader = TraceReader.open(directory);
    while (reader.next()) if (reader.event % 7 === 0) assert.is(eventLine(reader), expected[reader.event - 1]);
    assert.is(reader.event, 400);
    reader.close();
  }));

test('an event may have more data than fits in a slot', () =>
  withDirectory(async (directory) => {
    const random = new Random(23);
    const large = Array.from({ length: 30 }, (_, index) => data(2, BigInt(index * 30000), random.bytes(30000)));
    const all = [
      frame(1),
      ...large,
      frame(2, { dataCount: 30 }),
      data(3, 1n, random.bytes(5)),
      frame(3, { dataCount: 1 }),
    ];
    await writeTrace(directory, [all]);
    const reader = TraceReader.open(directory);
    assert.ok(reader.sizes().data.chunks > 10);
    assert.equal(readAll(reader).lines, expectedLines(all));
    reader.seek(3);
    assert.ok(reader.next());
    assert.is(reader.nextData()?.length, 5);
    reader.close();
  }));

test('views give the fields of the records', () =>
  withDirectory(async (directory) => {
    const hash = new Random(24).bytes(32);
    const registers = Array.from({ length: 27 }, (_, index) => (0xdead_0000_0000n << 16n) + BigInt(index));
    await writeTrace(directory, [
      [
        data(1, 0xffff_8000_0000_0001n, Buffer.from('payload'), 77),
        mapping(1, 0x7fff_1234_5000n, '/usr/lib/libc.so.6', hash),
        task(1, 77, 'one\0two\0'),
        frame(1, {
          tid: 77,
          number: -5,
          eventKind: 8,
          dataCount: 1,
          mappingCount: 1,
          taskCount: 1,
          registers,
          flags: 3,
        }),
      ],
    ]);
    const reader = TraceReader.open(directory);
    assert.ok(reader.next());
    const { frame: view } = reader;
    assert.equal([view.tid, view.number, view.eventKind, view.flags], [77, -5, eventKinds.exec, 3]);
    assert.is(view.register(registerIndex.rip), registers[registerIndex.rip]);
    assert.equal([...view.registers], registers);
    assert.is(view.registerLow(3), Number(registers[3]! & 0xffff_ffffn));
    assert.is(view.registerHigh(3), Number(registers[3]! >> 32n));
    const record = reader.nextData()!;
    assert.is(record.address, 0xffff_8000_0000_0001n);
    assert.is(Buffer.from(record.payload).toString(), 'payload');
    assert.is(reader.nextData(), undefined);
    const map = reader.nextMapping()!;
    assert.is(map.addressNumber, 0x7fff_1234_5000);
    assert.equal([...map.hash], [...hash]);
    assert.is(Buffer.from(map.payload).toString(), '/usr/lib/libc.so.6');
    assert.is(Buffer.from(reader.nextTask()!.payload).toString(), 'one\0two\0');
    assert.not(reader.next());
    reader.close();
  }));

test('a recording that was killed is readable up to its last whole slot', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots, { close: false });
    assert.ok(existsSync(join(directory, 'version.incomplete')));
    const reader = TraceReader.open(directory);
    assert.not(reader.complete);
    assert.is(reader.end, undefined);
    assert.equal(readAll(reader), { lines: expectedLines(records), error: undefined });
    reader.close();
  }));

test('a lane that lacks a slot cuts all lanes at the same event', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots, { close: false });
    const path = join(directory, 'data');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 1));
    const reader = TraceReader.open(directory);
    assert.ok(reader.lastEvent < 400 && reader.lastEvent > 100);
    const { lines, error } = readAll(reader);
    assert.is(error, undefined);
    assert.equal(lines, expectedLines(records).slice(0, reader.lastEvent));
    reader.close();
  }));

test('what is no trace is told apart', () =>
  withDirectory(async (directory) => {
    assert.is(openError(join(directory, 'none')).code, 'TRACE_NOT_FOUND');
    assert.is(openError(directory).code, 'NOT_A_TRACE');
    const file = join(directory, 'file');
    writeFileSync(file, 'text');
    assert.is(openError(file).code, 'NOT_A_TRACE');
    assert.is(openError(join(file, 'below')).code, 'TRACE_NOT_FOUND');
    mkdirSync(join(directory, 'version'));
    assert.is(openError(directory).code, 'NOT_A_TRACE');
  }));

test('a trace without events, and a trace of a newer format', () =>
  withDirectory(async (directory) => {
    const empty = join(directory, 'empty');
    mkdirSync(empty);
    await writeTrace(empty, []);
    assert.is(openError(empty).code, 'TRACE_EMPTY');
    writeFileSync(join(empty, 'version'), `${formatVersion + 1}\n{}\n`);
    const newer = openError(empty);
    assert.is(newer.code, 'TRACE_NEWER');
    const formats = `format ${formatVersion + 1}; this version reads formats ${oldestFormatVersion} to ${formatVersion}`;
    assert.ok(newer.message.endsWith(`version: ${formats}: use a newer one`), newer.message);
  }));

test('a trace of an older format', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots.slice(0, 1));
    const path = join(directory, 'version');
    const body = readFileSync(path, 'latin1')
      .replace(`${formatVersion}\n`, `${oldestFormatVersion - 1}\n`)
      .replace(/crc32 .*\n$/, '');
    writeFileSync(path, `${body}crc32 ${crc32(Buffer.from(body, 'latin1')).toString(16).padStart(8, '0')}\n`, 'latin1');
    const older = openError(directory);
    assert.is(older.code, 'TRACE_OLDER');
    const formats = `format ${oldestFormatVersion - 1}; this version reads formats ${oldestFormatVersion} to ${formatVersion}`;
    assert.ok(older.message.endsWith(`${formats}: use the version that recorded it`), older.message);
  }));

test('a version file with a right checksum is still checked', () =>
  withDirectory(async (directory) => {
    await writeTrace(directory, slots.slice(0, 1));
    const path = join(directory, 'version');
    const forge = (content: unknown): TraceError => {
      const body = `${formatVersion}\n${JSON.stringify(content)}\n`;
      writeFileSync(path, `${body}crc32 ${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}\n`);
      return openError(directory);
    };
    for (const content of [null, [], {}, { header: 3 }, { header: { ...header, arguments: [1] } }]) {
      assert.is(forge(content).code, 'TRACE_DAMAGED');
    }
    const extent = { size: 1e15, index: 0 };
    const lanes = { events: extent, data: extent, mmaps: extent, tasks: extent };
    assert.is(forge({ header, lanes: { ...lanes, data: { size: 5, index: 6 } } }).code, 'TRACE_DAMAGED');
    writeFileSync(path, formatVersionFile({ header, lanes, end: { complete: true } }));
    const reader = TraceReader.open(directory);
    assert.is((readAll(reader).error as TraceError).code, 'TRACE_TRUNCATED');
    reader.close();
  }));

test('frames that count their records wrongly are found out', () =>
  withDirectory(async (directory) => {
    const cases = [
      [
        data(1, 0n, Buffer.from('a')),
        frame(1, { dataCount: 2 }),
        data(2, 0n, Buffer.from('b')),
        frame(2, { dataCount: 1 }),
      ],
      [data(1, 0n, Buffer.from('a')), frame(1), data(2, 0n, Buffer.from('b')), frame(2, { dataCount: 1 })],
      [frame(1, { mappingCount: 1 })],
      [task(1, 5, 'x'), frame(1)],
    ];
    for (const [index, all] of cases.entries()) {
      const path = join(directory, `${index}`);
      mkdirSync(path);
      await writeTrace(path, [all]);
      const reader = TraceReader.open(path);
      assert.is((readAll(reader).error as TraceError).code, 'TRACE_DAMAGED', `case ${index}`);
      reader.close();
    }
  }));

/** The largest file that this process may write: a write beyond it is cut short, the next one refused, as on a full disk. */
function limitFileSize(limit: string): void {
  const { status, stderr } = spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${limit}:unlimited`]);
  assert.is(status, 0, String(stderr));
}

test('a write that fails leaves a trace that is good up to there, and says so', () =>
  withDirectory(async (directory) => {
    const failures: EngineError[] = [];
    limitFileSize('15000');
    const summary = await writeTrace(directory, slots, { onFailure: (error) => failures.push(error) }).finally(() =>
      limitFileSize('unlimited'),
    );
    assert.is(failures.length, 1);
    assert.is(summary?.failure, failures[0]);
    assert.is(failures[0]?.code, 'TRACE_UNWRITABLE');
    const reader = TraceReader.open(directory);
    assert.not(reader.complete);
    assert.is(reader.end?.complete, false);
    assert.match(reader.end?.reason ?? '', /data: cannot write to it: EFBIG/);
    const { lines } = readAll(reader);
    assert.ok(lines.length > 100 && lines.length < 400, `${lines.length} events`);
    assert.equal(lines, expectedLines(records).slice(0, lines.length));
    reader.close();
  }));

test.run();

// A trace of the oldest format that is still read, as the version that wrote it left it: it is listed and replayed.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { oldestFormatVersion } from '../engine/generated/schema.ts';
import { crc32 } from '../engine/trace/crc32.ts';
import { TraceReader } from '../engine/trace/reader.ts';
import { rrCommand } from './harness/recording.ts';
import { withDirectory } from './trace-fixture.ts';

const fixture = join(import.meta.dirname, 'fixtures/format-3');

/** A copy of the fixture whose header names the store beside it; the trace's directory. */
function copyTrace(directory: string): string {
  cpSync(fixture, directory, { recursive: true });
  const trace = join(directory, 'trace');
  const body = readFileSync(join(trace, 'version'), 'utf8')
    .replace('"/tmp/format-3/store"', JSON.stringify(join(directory, 'store')))
    .replace(/crc32 .*\n$/, '');
  writeFileSync(join(trace, 'version'), `${body}crc32 ${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}\n`);
  return trace;
}

test('a trace of format 3 says its format, and all its records are read', () =>
  withDirectory((directory) => {
    const reader = TraceReader.open(copyTrace(directory));
    try {
      assert.is(reader.format, 3);
      assert.is(oldestFormatVersion, 3);
      const records = { data: 0, mappings: 0, tasks: 0 };
      while (reader.next()) {
        while (reader.nextData()) records.data++;
        while (reader.nextMapping()) records.mappings++;
        while (reader.nextTask()) records.tasks++;
      }
      const { data, mmaps, tasks } = reader.sizes();
      assert.equal(records, { data: data.records, mappings: mmaps.records, tasks: tasks.records });
      assert.ok(reader.complete);
    } finally {
      reader.close();
    }
  }));

test('a trace of format 3 is replayed', () =>
  withDirectory((directory) => {
    const { status, stdout, stderr } = spawnSync(rrCommand, ['replay', '-a', copyTrace(directory)], {
      encoding: 'utf8',
    });
    assert.is(stderr, '');
    assert.is(stdout, 'recorded with format 3\n');
    assert.is(status, 0);
  }));

test.run();

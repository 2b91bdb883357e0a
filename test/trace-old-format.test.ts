// Traces of the older formats that are still read, as the versions that wrote them left them: each is listed and replayed.
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

/** Format 3 has columns and LZ4; that of format 4 was compressed as best: models; in 6 each slot is a chunk of its own. */
const formats = [oldestFormatVersion, 4, 6, 7];

/** A copy of a format's fixture whose header names the store beside it; the trace's directory. */
function copyTrace(format: number, directory: string): string {
  cpSync(join(import.meta.dirname, `fixtures/format-${format}`), directory, { recursive: true });
  const trace = join(directory, 'trace');
  const body = readFileSync(join(trace, 'version'), 'utf8')
    .replace(`"/tmp/format-${format}/store"`, JSON.stringify(join(directory, 'store')))
    .replace(/crc32 .*\n$/, '');
  writeFileSync(join(trace, 'version'), `${body}crc32 ${crc32(Buffer.from(body)).toString(16).padStart(8, '0')}\n`);
  return trace;
}

for (const format of formats) {
  test(`a trace of format ${format} says its format, and all its records are read`, () =>
    withDirectory((directory) => {
      const reader = TraceReader.open(copyTrace(format, directory));
      try {
        assert.is(reader.format, format);
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

  test(`a trace of format ${format} is replayed`, () =>
    withDirectory((directory) => {
      // They were recorded on other processors than this one, which a replay tells.
      const args = ['--suppress-environment-warnings', 'replay', '-a', copyTrace(format, directory)];
      const { status, stdout, stderr } = spawnSync(rrCommand, args, { encoding: 'utf8' });
      assert.is(stderr, '');
      assert.is(stdout, `recorded with format ${format}\n`);
      assert.is(status, 0);
    }));
}

test.run();

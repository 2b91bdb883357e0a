import { crc32 as zlibCrc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../engine/trace/crc32.ts';
import { formatVersionFile, parseVersionFile } from '../engine/trace/version-file.ts';
import { header } from './trace-fixture.ts';
import { Random } from './trace-records.ts';

test('crc32 is zlib’s', () => {
  const random = new Random(51);
  for (const length of [0, 1, 9, 1000]) {
    const bytes = random.bytes(length);
    assert.is(crc32(bytes), zlibCrc32(bytes));
  }
});

test('the version file is text that begins with the format number and comes back', () => {
  const extent = { size: 200, index: 100 };
  const lanes = { events: extent, data: extent, mmaps: extent, tasks: extent };
  const content = {
    header: { ...header, arguments: ['a\nb', '\u{1f600}', ''] },
    end: { complete: true, status: 256 },
    lanes,
  };
  const bytes = formatVersionFile(content);
  assert.match(Buffer.from(bytes).toString(), /^2\n\{/);
  assert.equal(parseVersionFile('version', bytes), content);
});

test.run();

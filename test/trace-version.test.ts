import { crc32 as zlibCrc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatVersion } from '../engine/generated/schema.ts';
import { crc32 } from '../engine/trace/crc32.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
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
  assert.match(Buffer.from(bytes).toString(), new RegExp(`^${formatVersion}\\n\\{`));
  assert.equal(parseVersionFile('version', bytes), { ...content, format: formatVersion });
});

/** Whatever is in the content, it must be one line that names the value. */
function refuses(name: string, content: unknown): void {
  const bytes = formatVersionFile(content as Parameters<typeof formatVersionFile>[0]);
  assert.throws(
    () => parseVersionFile('version', bytes),
    (error: unknown) =>
      error instanceof TraceError &&
      error.code === 'TRACE_DAMAGED' &&
      error.what === `the header’s ${name} is missing, of the wrong type or impossible`,
    name,
  );
}

test('each value of the header is checked, and what is not known is left out', () => {
  const counter = { type: 4, config: 1, address: 0, skid: 100, counts: '', event: '', microarchitecture: '' };
  const machine = { ...header.machine, cpuid: { '0x1': 'aa' }, cpuidFaulting: false };
  const whole = { ...header, counter, machine, chaosSeed: 3, uuid: '01234567-89ab-cdef-0123-456789abcdef' };
  const lies: Readonly<Record<string, readonly unknown[]>> = {
    created: [1, null, undefined],
    uuid: ['x', 3, '../../../etc/passwd'],
    program: [[]],
    arguments: ['ls', [1], [['ls']], {}],
    environment: [{}, [null]],
    machine: [null, [], 'amd'],
    'machine.cpuid': ['x', []],
    'machine.cpuid.0x1': [1],
    'machine.cpuidFaulting': ['no'],
    'machine.kernel': [6],
    executionPoint: [undefined],
    counter: [[], 3],
    'counter.type': [-1, 2 ** 32, 0.5, '4'],
    'counter.address': [2 ** 47, -1, 1e300],
    'counter.skid': [1e12],
    store: ['relative', '', '/a\0b', 7],
    compression: ['zip', 1],
    coreCount: [0, -1, 1e9, 1.5, '1'],
    boundProcessor: [-2, 1e9],
    chaosSeed: [-1, 2 ** 32, 'x'],
  };
  for (const [path, values] of Object.entries(lies)) {
    const [name = '', inner, ...rest] = path.split('.');
    for (const value of values) {
      const parts: Record<string, unknown> = { ...whole };
      if (inner === undefined) parts[name] = value;
      else {
        const within = structuredClone(parts[name]) as Record<string, unknown>;
        if (rest.length === 0) within[inner] = value;
        else (within[inner] as Record<string, unknown>)[rest.join('.')] = value;
        parts[name] = within;
      }
      refuses(path === 'machine.cpuid.0x1' ? 'machine.cpuid' : path, { header: parts });
    }
  }
  const extent = { size: 200, index: 100 };
  const lanes = { events: extent, data: extent, mmaps: extent, tasks: extent };
  refuses('lanes', { header, lanes: [] });
  refuses('lanes.data', { header, lanes: { ...lanes, data: { size: 5, index: 6 } } });
  refuses('lanes.data.size', { header, lanes: { ...lanes, data: { size: 2 ** 53, index: 6 } } });
  refuses('end.complete', { header, end: { complete: 'yes' } });
  refuses('end.status', { header, end: { complete: true, status: 2 ** 16 } });
  refuses('end.duration', { header, end: { complete: true, duration: -1 } });
  refuses('end.reason', { header, end: { complete: true, reason: ['x'] } });
  const bytes = formatVersionFile({ header: { ...whole, more: { deep: 1 } }, other: 1 } as never);
  assert.equal(parseVersionFile('version', bytes), { header: whole, format: formatVersion });
  const named = Buffer.from(formatVersionFile({ header: whole })).toString('latin1');
  assert.match(named, /"uuid"/);
});

test.run();

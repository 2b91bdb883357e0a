// Packs that nobody's rr has made: cut, changed, with names that lead elsewhere and sizes that lie.
// Time limit: 180 s
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PackError } from '../engine/pack/pack-error.ts';
import { unpackTo } from '../engine/pack/unpack-trace.ts';
import { ZipWriter } from '../engine/pack/zip-writer.ts';
import { encodePiece } from '../engine/trace/piece-file.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { inSlots, writeTrace } from './trace-fixture.ts';
import { frame } from './trace-records.ts';

const test = suite('hostile packs');
const root = mkdtempSync(join(tmpdir(), 'rr-pack-'));
test.after(() => rmSync(root, { recursive: true }));

const path = join(root, 'it.rrz');
const output = join(root, 'out');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const storedName = (hash: string, suffix = '') => `trace/store/${hash.slice(0, 2)}/${hash.slice(2)}${suffix}`;

type Members = readonly (readonly [name: string, content: Uint8Array, deflates?: boolean])[];

async function zipOf(members: Members): Promise<Buffer> {
  const descriptor = openSync(path, 'w');
  try {
    const zip = new ZipWriter(descriptor);
    for (const [name, content, deflates = false] of members) await zip.add(name, [content], deflates);
    zip.finish();
  } finally {
    closeSync(descriptor);
  }
  return readFileSync(path);
}

const blob = Buffer.from('the content of a library '.repeat(8));
let members: Members = [];

test.before(async () => {
  const trace = join(root, 'trace');
  mkdirSync(trace);
  await writeTrace(trace, inSlots([frame(1), frame(2)], 2), {});
  members = [
    ...['version', 'events', 'data', 'mmaps', 'tasks'].map(
      (name) => [`trace/${name}`, readFileSync(join(trace, name))] as const,
    ),
    [storedName(sha256(blob)), blob, true],
  ];
  rmSync(trace, { recursive: true });
});

/** All files of a directory with their contents. */
function contentOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(directory.length), sha256(readFileSync(file))];
    }),
  );
}

/** Unpacks these bytes: the files that came of it, or the error, which leaves nothing behind. */
async function unpack(bytes: Uint8Array): Promise<Record<string, string> | PackError | TraceError> {
  writeFileSync(path, bytes);
  try {
    await unpackTo(path, () => output);
    return contentOf(output);
  } catch (error) {
    if (!(error instanceof PackError) && !(error instanceof TraceError)) throw error;
    assert.not(error.message.includes('\n'), error.message);
    assert.equal(readdirSync(root), ['it.rrz'], error.message);
    return error;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

async function refused(bytes: Uint8Array, pattern: RegExp): Promise<void> {
  const result = await unpack(bytes);
  assert.instance(result, Error);
  assert.match((result as Error).message, pattern);
}

test('a sound one is unpacked', async () => {
  const files = await unpack(await zipOf(members));
  assert.equal(Object.keys(files).length, members.length);
});

test('cut at every byte: refused, with nothing left', async () => {
  const whole = await zipOf(members);
  for (let length = 0; length < whole.length; length++) {
    const result = await unpack(whole.subarray(0, length));
    if (!(result instanceof PackError)) assert.unreachable(`cut at byte ${length} of ${whole.length}: unpacked`);
  }
});

test('every byte changed: refused, or the content is right', async () => {
  const whole = await zipOf(members);
  const right = await unpack(whole);
  for (let offset = 0; offset < whole.length; offset++) {
    const changed = Buffer.from(whole);
    changed[offset]! ^= offset % 2 === 0 ? 0x01 : 0xff;
    const result = await unpack(changed);
    if (!(result instanceof Error)) assert.equal(result, right, `byte ${offset}`);
  }
});

for (const name of [
  '../it',
  'trace/../../it',
  '/etc/passwd',
  'trace/store/../../../it',
  'trace/store/aa/../../it',
  'trace/sub/version',
  'trace/readme',
  'version',
  '.trace/version',
  '',
  'trace/',
  `trace/store/${'A'.repeat(2)}/${'a'.repeat(62)}`,
  'trace/store/a\0/x',
  '\x1b]0;owned\x07',
  'C:\\it',
]) {
  test(`a member called ${JSON.stringify(name)} is refused, or is no file`, async () => {
    const result = await unpack(await zipOf([...members, [name, Buffer.from('x')]]));
    if (name !== 'trace/') assert.instance(result, PackError);
  });
}

test('files of two recordings, or one twice', async () => {
  await refused(await zipOf([...members, ['other/events', Buffer.alloc(0)]]), /no name of a recording’s file/);
  await refused(await zipOf([...members, members[1]!]), /it has "trace\/events" twice/);
});

test('a file that is missing', async () => {
  await refused(await zipOf(members.slice(1)), /no version file/);
  await refused(await zipOf(members.filter(([name]) => name !== 'trace/data')), /missing: data/);
});

test('a version file that is none', async () => {
  await refused(await zipOf([['trace/version', Buffer.from('x')], ...members.slice(1)]), /no format number/);
});

test('a stored file that is not what its name says', async () => {
  await refused(
    await zipOf([...members.slice(0, -1), [storedName(sha256(blob)), Buffer.from('x')]]),
    /not what its name/,
  );
});

test('a piece of what was read: right, or refused', async () => {
  const hash = sha256(blob);
  const name = `trace/store/pieces/${hash.slice(0, 2)}/${hash.slice(2)}`;
  const file = encodePiece(blob, 'fast');
  assert.not.instance(await unpack(await zipOf([...members, [name, file]])), Error);
  await refused(await zipOf([...members, [name, file.subarray(1)]]), /not what its name/);
  await refused(await zipOf([...members, [name, Buffer.alloc(1 << 20)]]), /not what its name/);
  await refused(await zipOf([...members, [`${name}.sparse`, file]]), /no name of a recording’s file/);
});

test('a sparse file that is none, or has pieces out of place', async () => {
  const wide = (value: bigint) => Buffer.from(new BigUint64Array([value]).buffer);
  const head = Buffer.from('rr sparse file\n');
  const piece = Buffer.alloc(1 << 20, 1);
  const size = wide(4n << 20n);
  const forms: Readonly<Record<string, Buffer>> = {
    'another head': Buffer.concat([Buffer.from('rr sparse fool\n'), size]),
    'ends in the middle': Buffer.concat([head, size, wide(0n), piece.subarray(1)]),
    'at byte 8388608,': Buffer.concat([head, size, wide(8n << 20n), piece]),
    'at byte 5,': Buffer.concat([head, size, wide(5n), piece]),
    'at byte 0,': Buffer.concat([head, size, wide(1n << 20n), piece, wide(0n), piece]),
    'a number in it is impossible': Buffer.concat([head, wide(2n ** 63n)]),
  };
  for (const [what, content] of Object.entries(forms)) {
    await refused(await zipOf([...members, [storedName(sha256(content), '.sparse'), content]]), new RegExp(what));
  }
  const sound = Buffer.concat([head, size, wide(1n << 20n), piece]);
  const files = await unpack(await zipOf([...members, [storedName(sha256(sound), '.sparse'), sound]]));
  assert.not.instance(files, Error);
});

/** Where the directory's entry of a member begins. */
function centralEntry(bytes: Buffer, name: string): number {
  return bytes.lastIndexOf(Buffer.from(name)) - 46;
}

test('sizes that lie', async () => {
  const name = members.at(-1)![0];
  const whole = await zipOf(members);
  const entry = centralEntry(whole, name);
  const withSize = (size: number, field = 24) => {
    const changed = Buffer.from(whole);
    changed.writeUInt32LE(size, entry + field);
    return changed;
  };
  await refused(withSize(blob.length - 1), /has more bytes than it says/);
  await refused(withSize(blob.length + 1), /has 200 bytes, and says 201/);
  await refused(withSize(0xfffffff0), /which \d+ cannot hold/);
  await refused(withSize(0xffffffff), /a size of .* is impossible/);
  await refused(withSize(1, 20), /cannot be inflated|cannot hold/);
  await refused(withSize(0xfffffff0, 20), /goes beyond the end/);
});

test('a directory that takes a member for empty', async () => {
  const whole = await zipOf(members);
  const entry = centralEntry(whole, 'trace/data');
  whole.fill(0, entry + 16, entry + 28);
  await refused(whole, /trace\/data is not where the directory says/);
});

test('members that share bytes', async () => {
  const name = members.at(-1)![0];
  const whole = await zipOf(members);
  const first = whole.readUInt32LE(centralEntry(whole, 'trace/events') + 42);
  whole.writeUInt32LE(first, centralEntry(whole, name) + 42);
  await refused(whole, /overlaps the member before it/);
});

test('a link', async () => {
  const whole = await zipOf(members);
  whole.writeUInt32LE((0o120777 << 16) >>> 0, centralEntry(whole, members.at(-1)![0]) + 38);
  await refused(whole, /is no regular file/);
});

test('places beyond 4 GiB stand in the fields of Zip64', async () => {
  const descriptor = openSync(path, 'w');
  const beginning = 5 * 2 ** 30;
  const zip = new ZipWriter(descriptor, beginning);
  for (const [name, content, deflates = false] of members) await zip.add(name, [content], deflates);
  zip.finish();
  closeSync(descriptor);
  assert.ok(statSync(path).size > beginning);
  const right = contentOf(await unpackTo(path, () => output));
  rmSync(output, { recursive: true });
  assert.equal(await unpack(await zipOf(members)), right);
});

test.run();

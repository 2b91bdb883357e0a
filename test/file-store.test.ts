// The store of mapped files reads what there is of a file, once, whatever the file's size (native/record/files/file-store.h).
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasContent } from '../engine/store/file-content.ts';
import { buildNative } from './harness/native-program.ts';

const test = suite('file store');
// A file system whose times are fine: a file that was written 40 ms ago is known again.
const folder = mkdtempSync('/dev/shm/rr-file-store-');
const built = mkdtempSync(join(tmpdir(), 'rr-file-store-'));
const program = buildNative(
  built,
  'file-store',
  ['native/record/files/file-store.cc', 'native/record/files/file-content.cc', 'native/hash/sha256.cc'],
  ['-Wl,--wrap=pread'],
);
const piece = 1 << 20;
const settled = 60;

test.after(() => {
  for (const each of [folder, built]) rmSync(each, { recursive: true });
});

/** A file of 1 GiB with eight words in it. */
function makeSparse(name: string): string {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  ftruncateSync(file, 1024 * piece);
  for (let i = 0; i < 8; i++) writeSync(file, `piece ${i}`, 128 * piece * i + 5000 * i);
  closeSync(file);
  return path;
}

function makeStore(name: string): string {
  const store = join(folder, name);
  mkdirSync(store);
  return store;
}

/** Hash and bytes read, for each of two times. */
function put(store: string, file: string): readonly { readonly hash: string; readonly bytes: number }[] {
  const { stdout, stderr, status } = spawnSync(program, [store, file], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  const times = [...stdout.matchAll(/^([0-9a-f]{64}) (\d+)$/gm)].map(([, hash, bytes]) => ({
    hash: hash!,
    bytes: Number(bytes),
  }));
  assert.is(times.length, 2, stdout);
  return times;
}

/** Whether the blob of that name has the content that `wanted` names. */
function holds(store: string, hash: string, wanted = hash): boolean {
  const blob = join(store, hash.slice(0, 2), hash.slice(2));
  const file = openSync(blob, 'r');
  try {
    return hasContent(file, statSync(blob).size, wanted);
  } finally {
    closeSync(file);
  }
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('of a sparse file the data alone is read, and that once', async () => {
  const store = makeStore('sparse-store');
  const file = makeSparse('sparse');
  await wait(settled);
  const [first, second] = put(store, file);
  assert.is(first!.bytes, 8 * piece);
  assert.is(second!.bytes, 0);
  assert.is(second!.hash, first!.hash);
  const [later] = put(store, file);
  assert.equal(later, { hash: first!.hash, bytes: 0 });
  const blob = join(store, first!.hash.slice(0, 2), first!.hash.slice(2));
  assert.is(statSync(blob).size, 1024 * piece);
  assert.ok(statSync(blob).blocks * 512 <= 8 * piece, 'the stored file has no holes');
  assert.ok(holds(store, first!.hash));
});

test('what is stored sparse is named by what it holds and where', async () => {
  const store = makeStore('names-store');
  const file = makeSparse('moved');
  await wait(settled);
  const before = put(store, file)[0]!.hash;
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(7), 0, 7, 0);
  writeSync(descriptor, 'piece 0', 17);
  await wait(settled);
  const moved = put(store, file)[0]!.hash;
  ftruncateSync(descriptor, 1025 * piece);
  await wait(settled);
  const longer = put(store, file)[0]!.hash;
  // Zeros that are written are nothing new, whether the file has them or not.
  writeSync(descriptor, Buffer.alloc(4096), 0, 4096, 300 * piece);
  closeSync(descriptor);
  await wait(settled);
  assert.is(put(store, file)[0]!.hash, longer);
  assert.is(new Set([before, moved, longer]).size, 3);
  for (const hash of [before, moved, longer]) assert.ok(holds(store, hash));
  assert.not.ok(holds(store, before, moved), 'another content is taken for it');
});

test('a file without holes has the plain hash of its bytes', async () => {
  const store = makeStore('plain-store');
  const file = join(folder, 'plain');
  copyFileSync('/proc/self/exe', file);
  await wait(settled);
  const { size } = statSync(file);
  const [first, second] = put(store, file);
  assert.is(first!.bytes, size);
  assert.is(second!.bytes, 0);
  assert.is(spawnSync('sha256sum', [file], { encoding: 'utf8' }).stdout.slice(0, 64), first!.hash);
  assert.ok(holds(store, first!.hash));
});

test('a copy ends when it is told to, and leaves nothing', () => {
  const store = makeStore('stopped-store');
  const { stdout, status } = spawnSync(program, [store, makeSparse('stopped'), '3'], { encoding: 'utf8' });
  assert.is(status, 0);
  assert.match(stdout, /^cannot read a file that the program maps for the store: Operation canceled\n$/);
  assert.equal(
    readdirSync(store).filter((name) => name !== 'by-id'),
    [],
  );
});

test.run();

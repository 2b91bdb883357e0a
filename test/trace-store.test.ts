import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store, StoreError, storeDirectory } from '../engine/trace/store.ts';
import { withDirectory } from './trace-fixture.ts';

const content = Buffer.from('content of a mapped file');
const hash = createHash('sha256').update(content).digest();

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.instance(error, StoreError);
    return (error as StoreError).code;
  }
  return 'none';
}

async function rejection(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error instanceof StoreError ? error.code : String(error)),
  );
}

test('the store lies below the root of traces, or where it is told', () => {
  assert.is(storeDirectory('/traces'), '/traces/.store');
  assert.is(storeDirectory('/traces', '/big/store'), '/big/store');
});

test('a blob is found by its hash, and its size and content are compared', () =>
  withDirectory(async (directory) => {
    const store = new Store(directory);
    const hex = hash.toString('hex');
    const path = store.path(hash);
    assert.is(path, join(directory, hex.slice(0, 2), hex.slice(2)));
    assert.is(store.path(hex), path);
    assert.is(
      codeOf(() => store.open(hash, content.length)),
      'STORE_BLOB_MISSING',
    );
    assert.is(await rejection(store.verify(hash)), 'STORE_BLOB_MISSING');

    mkdirSync(dirname(path));
    writeFileSync(path, content);
    const descriptor = store.open(hash, content.length);
    assert.equal(readFileSync(descriptor), content);
    closeSync(descriptor);
    assert.is(
      codeOf(() => store.open(hash, content.length + 1)),
      'STORE_BLOB_DAMAGED',
    );
    assert.is(await rejection(store.verify(hash)), 'none');

    writeFileSync(path, content.toString().replace('mapped', 'napped'));
    assert.is(await rejection(store.verify(hash)), 'STORE_BLOB_DAMAGED');

    rmSync(path);
    mkdirSync(path);
    assert.is(
      codeOf(() => store.open(hash, 0)),
      'STORE_BLOB_DAMAGED',
    );
    assert.is(await rejection(store.verify(hash)), 'STORE_UNREADABLE');
  }));

test('what is no hash is refused', () => {
  const store = new Store('/nowhere');
  for (const bad of ['', 'abc', `../${'a'.repeat(61)}`, 'A'.repeat(64)]) {
    assert.throws(() => store.path(bad), /no SHA-256/);
  }
  assert.throws(() => store.path(new Uint8Array(31)), /no SHA-256/);
});

test.run();

// A store as a whole: content goes in under its hash alone, and comes out only as it went in (engine/store/store.ts).
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EngineError } from '../engine/errors.ts';
import { Store } from '../engine/store/store.ts';
import type { BlobKind, BlobReference } from '../engine/trace/store-layout.ts';
import { withDirectory } from './trace-fixture.ts';

const test = suite('store: content');

const content = Buffer.from('some content that repeats, some content that repeats. '.repeat(100));
const hash = createHash('sha256').update(content).digest('hex');
const kinds: readonly BlobKind[] = ['file', 'piece'];

const withStore = (use: (store: Store) => Promise<void>) =>
  withDirectory(async (directory) => {
    using store = Store.open(directory);
    await use(store);
  });

function pathOf(store: Store, { hash: name, kind }: BlobReference): string {
  return join(store.directory, kind === 'piece' ? 'pieces' : '', name.slice(0, 2), name.slice(2));
}

const codeOf = (error: unknown) => (error instanceof EngineError ? error.code : String(error));

async function failure(body: () => unknown): Promise<string> {
  try {
    await body();
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
}

for (const kind of kinds) {
  const blob: BlobReference = { hash, kind };

  test(`what was put is there, listed and read (${kind})`, () =>
    withStore(async (store) => {
      assert.not(store.has(blob));
      assert.is(await failure(() => store.readWhole(blob)), 'STORE_FILE_MISSING');
      await store.put(blob, [content.subarray(0, 7), content.subarray(7)], 0o440);
      assert.ok(store.has(blob));
      assert.ok(store.readWhole(blob).equals(content));
      const { size, mode, mtime } = statSync(pathOf(store, blob));
      assert.equal([...store.list()], [{ hash, kind, size, modified: mtime }]);
      assert.is(mode & 0o777, 0o440);
      assert.is(kind === 'piece' ? size < content.length : size === content.length, true);
    }));

  test(`content of another hash is refused, and nothing is left of it (${kind})`, () =>
    withStore(async (store) => {
      const other = { hash: hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), kind };
      assert.is(await failure(() => store.put(other, [content])), 'STORE_CONTENT_WRONG');
      assert.equal(readdirSync(store.directory), []);
      const breaks = async function* () {
        yield content.subarray(0, 10);
        throw new Error('the line is broken');
      };
      assert.is(await failure(() => store.put(blob, breaks())), 'STORE_UNWRITABLE');
      assert.equal(readdirSync(store.directory), []);
    }));

  test(`a torn blob is found, and put again (${kind})`, () =>
    withStore(async (store) => {
      await store.put(blob, [content], 0o600);
      const path = pathOf(store, blob);
      const whole = readFileSync(path);
      const torn = [
        () => truncateSync(path, whole.length - 1),
        () => truncateSync(path, 0),
        () => writeFileSync(path, Buffer.alloc(whole.length)),
        () => writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)])),
      ];
      for (const tear of torn) {
        tear();
        assert.is(store.check(blob), 'changed');
        assert.is(await failure(() => store.readWhole(blob)), 'STORE_FILE_CHANGED');
        await store.put(blob, [content], 0o600);
        assert.is(store.check(blob), 'right');
      }
    }));

  test(`a link or a folder is not followed (${kind})`, () =>
    withStore(async (store) => {
      const path = pathOf(store, blob);
      mkdirSync(join(path, '..'), { recursive: true });
      const outside = join(store.directory, 'outside');
      writeFileSync(outside, content);
      symlinkSync(outside, path);
      assert.is(await failure(() => store.readWhole(blob)), 'STORE_FILE_CHANGED');
      assert.equal([...store.list()], []);
    }));
}

test('a file with holes is put with holes', () =>
  withStore(async (store) => {
    const zeros = Buffer.alloc(1 << 20);
    const plain = createHash('sha256').update(zeros).update(zeros).update(content).digest('hex');
    const number = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes;
    };
    const size = 2 * zeros.length + content.length;
    const parts = [Buffer.from('rr sparse file\n'), number(size), number(2 * zeros.length), content];
    const sparse = parts.reduce((digest, part) => digest.update(part), createHash('sha256')).digest('hex');
    for (const name of [plain, sparse]) {
      const blob: BlobReference = { hash: name, kind: 'file' };
      await store.put(blob, [zeros, zeros, content]);
      assert.is(store.check(blob), 'right');
      assert.ok(statSync(pathOf(store, blob)).blocks < 100);
    }
  }));

test('a name that is no hash is no place', () =>
  withStore(async (store) => {
    for (const name of ['', '../../etc/passwd', hash.toUpperCase(), `${hash}0`, hash.slice(1)]) {
      assert.throws(() => store.has({ hash: name, kind: 'file' }), RangeError);
    }
  }));

test.run();

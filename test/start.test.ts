// The command line starts with code that V8 has compiled before, where that is there and V8's own; else it starts all the same.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('start');
const bundle = 'dist/command-line.cjs';
const compiled = `${bundle}.compiled`;

/** A version of Node other than that which built it has its own V8. */
const isBuiltHere = process.env.RR_NODE === undefined;

(isBuiltHere ? test : test.skip)('what is kept is what V8 takes', () => {
  assert.ok(existsSync(compiled), `${compiled} is not there: npm run build:bundle makes it`);
  const source = `(function (exports, require, module, __filename, __dirname, importByStart) {${readFileSync(bundle, 'utf8')}\n})`;
  const script = new Script(source, { filename: resolve(bundle), cachedData: readFileSync(compiled) });
  assert.is(script.cachedDataRejected, false);
});

/** Starts a copy of the package whose compiled code is `content`. */
function startsWith(content: Buffer | undefined): void {
  const folder = mkdtempSync(join(tmpdir(), 'rr-start-'));
  try {
    mkdirSync(join(folder, 'dist'));
    for (const file of ['dist/rr.cjs', bundle, 'package.json']) copyFileSync(file, join(folder, file));
    for (const name of ['build', 'node_modules']) symlinkSync(resolve(name), join(folder, name));
    if (content !== undefined) writeFileSync(join(folder, compiled), content);
    const words = [join(folder, 'dist/rr.cjs'), 'help', 'record'];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    assert.match(stdout, /^Usage: rr record /m);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what starts with it imports what is not in the bundle: workers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-start-'));
  try {
    const place = ['--store', join(folder, 'store')];
    const recorded = spawnSync('bin/rr', ['record', '-o', join(folder, 'trace'), ...place, 'true'], {
      encoding: 'utf8',
    });
    assert.is(recorded.status, 0, recorded.stderr);
    // A recording needs workers only where one thread does not keep up; this always does.
    const { stderr, status } = spawnSync('bin/rr', ['compress', join(folder, 'trace')], { encoding: 'utf8' });
    assert.is(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('without it, it starts', () => startsWith(undefined));
test('with another file in its place, it starts', () => startsWith(Buffer.from('of another machine')));
test('with a part of it, it starts', () => startsWith(readFileSync(compiled).subarray(0, 100_000)));

test.run();

// Sites that are patched before they have stopped a process: none but system call instructions, and those that count.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileGuest } from './harness/compile.ts';
import { buildNative, nativeTimeout } from './harness/native-program.ts';
import { rrCommand } from './harness/recording.ts';

const libraries = '/usr/lib/x86_64-linux-gnu';
const folder = mkdtempSync(join(tmpdir(), 'rr-known-sites-'));
test.after(() => rmSync(folder, { recursive: true }));

test('all common sites that are found are system call instructions', () => {
  const sources = ['native/record/runtime/known-sites.cc', 'native/patch/instruction.cc'];
  const program = buildNative(folder, 'common-sites', sources);
  // The linker, with its calls, and libc hold nearly all; the last one has none.
  const least = { 'ld-linux-x86-64.so.2': 15, 'libc.so.6': 40, 'libm.so.6': 0 };
  const files = Object.keys(least).map((name) => join(libraries, name));
  const { stdout, status } = spawnSync(program, files, { encoding: 'utf8', timeout: nativeTimeout(60_000) });
  assert.is(status, 0);
  const lines = stdout.trimEnd().split('\n');
  for (const [index, [name, count]] of Object.entries(least).entries()) {
    const [, found, wrong] = /: (\d+) sites, (\d+) wrong$/.exec(lines[index] ?? '') ?? [];
    assert.is(Number(wrong), 0, lines[index]);
    assert.ok(Number(found) >= count, `${name}: ${lines[index]}`);
  }
});

/** Bufferable calls of a recording, and those that were buffered; it replays. */
function share(name: string, ...command: string[]): { readonly calls: number; readonly buffered: number } {
  const trace = join(folder, name);
  rr('record', '-o', trace, ...command);
  rr('replay', '-a', trace);
  return JSON.parse(rr('dump', '-s', '--json', trace)).bufferable;
}

function rr(...words: string[]): string {
  const { stdout, stderr, status } = spawnSync(rrCommand, words, {
    encoding: 'utf8',
    timeout: nativeTimeout(60_000),
    // How many files a program opens depends on it.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  assert.is(status, 0, stderr);
  return stdout;
}

// When sites were patched that had stopped their process three times, it was 46 and 53 of 100.
test('of programs that make few calls most are buffered, from their first process on', () => {
  const { calls, buffered } = share('once', 'sh', '-c', 'ls /usr');
  assert.ok(buffered > 0.75 * calls, `${buffered} of ${calls}`);
});

test('what the first process of a program used is patched in those that follow', () => {
  const { calls, buffered } = share('often', 'sh', '-c', 'for i in 1 2 3 4; do ls /usr; done');
  assert.ok(buffered > 0.87 * calls, `${buffered} of ${calls}`);
});

// A jump that borrows `ret` and padding leads above all memory where addresses are not randomised: none was.
test('calls with a return behind them are buffered', () => {
  const { calls, buffered } = share('returns', compileGuest('scheduling/fair'), 'processes', '1', '1000');
  assert.ok(calls > 1000 && buffered > 0.95 * calls, `${buffered} of ${calls}`);
});

// A stub may lie right beside memory for others: else 12 to 25 % of these sites, and now and then the vdso's, have none.
test('memory for stubs keeps no other stub away', () => {
  const { calls, buffered } = share('far-apart', compileGuest('buffer/far-apart'));
  assert.ok(buffered > 0.95 * calls, `${buffered} of ${calls}`);
});

test.run();

// The sessions of docs/debugging-programs.md, through real gdb, over recordings of python3, redis-server, node and make.
// Time limit: 600 s
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Page } from './debug/page.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('tutorial: programs');
const page = new Page('debugging-programs.md');
const folder = mkdtempSync(join(tmpdir(), 'rr-programs-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** True where a shell finds all of it; says what is skipped otherwise. */
function has(what: string, condition: string): boolean {
  if (spawnSync('/bin/sh', ['-c', condition], { stdio: 'ignore' }).status === 0) return true;
  console.log(`skipped: this machine has no ${what}`);
  return false;
}

const hasLibrarySymbols = has('symbols of the C library (libc6-dbg)', 'ls /usr/lib/debug/.build-id/*/*.debug');

/** Without what differs from one recording or machine to the next: addresses, lines, descriptors, counts of what is linked. */
function plain(line: string): string {
  return line
    .replace(/0x[0-9a-f]+( <[^>]*>)?/g, '0x')
    .replace(/\b(Breakpoint \d+)\.\d+/g, '$1')
    .replace(/(\.\.\/)+sysdeps\S*\/(\w+\.c):\d+/g, '$2')
    .replace(/(\.\.\/)+deps\S*\/(\w+\.c):\d+/g, '$2')
    .replace(/\bfd=\d+/g, 'fd=')
    .replace(/\b(nbytes ?=|Value returned is \$\d+ =) ?\d\d\d+/g, '$1 many')
    .replace(/Breakpoint (\d+) at .*/, 'Breakpoint $1 at')
    .trim();
}

/** Records a shell's command line, and gives the trace. The program's output goes through a pipe. */
function record(name: string, script: string): { trace: string; output: string } {
  const trace = join(folder, `${name}-trace`);
  const line = `exec "$0" record -o "$1" --store "$2" ${script}`;
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', line, rrCommand, trace, join(folder, 'store')], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.ok(existsSync(trace), stderr);
  return { trace, output: stdout };
}

if (has('python3', 'test -x /usr/bin/python3')) {
  test('python3', async () => {
    const { trace, output } = record(
      'python3',
      `/usr/bin/python3 -c 'print(sum(int(word) for word in "3 14 15".split()))'`,
    );
    assert.is(output, '32\n');
    await page.follow('python3', trace, { plain });
  });
}

if (hasLibrarySymbols && has('redis-server', 'command -v redis-server && command -v redis-cli')) {
  test('redis-server', async () => {
    // The server says by the first of its own processes that it is there.
    writeFileSync(
      join(folder, 'session.sh'),
      [
        'redis-server --port 0 --unixsocket socket --save "" --logfile log &',
        'until redis-cli -s socket set colour green 2>/dev/null; do sleep 0.05; done',
        'redis-cli -s socket get colour',
        'redis-cli -s socket shutdown nosave',
        'wait',
      ].join('\n'),
    );
    const { trace, output } = record('redis-server', 'sh session.sh');
    assert.match(output, /OK\ngreen\n$/);
    await page.follow('redis-server', trace, { options: ['-p', 'redis-server'], plain });
  });
}

const knowsLibuv = 'gdb -nx -batch -ex "info line uv__try_write" "$(command -v node)" | grep "stream.c"';
if (has('node with the lines of libuv', knowsLibuv)) {
  test('node', async () => {
    const program = `node -e 'console.log([3, 14, 15].map((each) => each + 1).join())'`;
    const { trace, output } = record('node', program);
    assert.is(output, '4,15,16\n');
    await page.follow('node', trace, { plain });
  });
}

if (hasLibrarySymbols && has('gcc and make', 'command -v gcc && command -v make')) {
  test('make -j2', async () => {
    writeFileSync(join(folder, 'Makefile'), 'all: one.o two.o\n%.o: %.c\n\tgcc -c -o $@ $<\n');
    for (const name of ['one', 'two'])
      writeFileSync(join(folder, `${name}.c`), `int ${name}(int value) { return value; }\n`);
    const { trace, output } = record('make', 'make -j2');
    assert.match(output, /gcc -c -o one\.o one\.c/);
    await page.follow('make', trace, { options: ['-p', 'cc1'], plain });
  });
}

test.run();

// Commands and options of rr that scripts use, on recordings made by the command line itself.
// Time limit: 240 s
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCommand } from '../engine/cli/command-table.ts';

const root = mkdtempSync(join(tmpdir(), 'rr-scripts-'));
test.after(() => rmSync(root, { recursive: true }));

function rr(...words: string[]) {
  const { stdout, stderr, status, signal } = spawnSync('bin/rr', words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, _RR_TRACE_DIR: root, RR_LOG: '' },
    timeout: 30_000,
  });
  return { stdout, stderr, status, signal };
}

/** Standard output of a command that must succeed and say nothing else. */
function output(...words: string[]): string {
  const { stdout, stderr, status } = rr(...words);
  assert.is(stderr, '');
  assert.is(status, 0);
  return stdout;
}

const lines = (text: string) => text.trimEnd().split('\n');
const jsonLines = (text: string) => lines(text).map((line) => JSON.parse(line));

test('two recordings', () => {
  assert.is(rr('record', 'sh', '-c', '/bin/true & wait; exit 3').status, 3);
  assert.is(rr('record', 'sh', '-c', 'exit 4').status, 4);
});

test('ls: rr’s long names of its options', () => {
  assert.is(output('ls', '--long-listing'), output('ls', '-l'));
  assert.is(output('ls', '--sort-by-age', '-r'), output('ls', '-tr'));
});

test('options that stand before the command may stand behind it', () => {
  assert.is(output('ls', '-S', '-M'), output('-S', '-M', 'ls'));
  assert.is(output('ls', '--resource-path', '/x', '--non-interactive'), output('ls'));
  assert.is(output('--disable-ptrace-exit_events', '--disable-ptrace-exit-events', 'ls'), output('ls'));
  assert.match(rr('ls', '--log', 'all:loud').stderr, /"all:loud".*error, warn, info, debug/);
  assert.is(rr('ls', '--version').status, 2);
});

test('--list-commands: a name a line, and each is a command', () => {
  const names = lines(output('--list-commands'));
  for (const name of ['record', 'replay', 'mv', 'buildid']) assert.ok(names.includes(name), name);
  for (const name of names) assert.ok(findCommand(name), name);
});

test('mv gives a recording another name, and the link to the latest follows', () => {
  assert.is(output('mv', 'sh-1', 'other'), '');
  assert.is(output('ls'), 'other\nsh-0\n');
  assert.is(output('ps', 'other'), output('ps'));
  assert.match(rr('mv', 'other', 'sh-0').stderr, /^rr: .*sh-0 exists: name another, or remove it\n$/);
  assert.match(rr('mv', 'other', '.hidden').stderr, /cannot be the name of a recording/);
  assert.match(rr('mv', 'other').stderr, /which recording, and its new name/);
  mkdirSync(join(root, 'photos'));
  assert.match(rr('mv', 'photos', 'new').stderr, /^rr: .*photos: not a trace: it has no version file\n$/);
  rmSync(join(root, 'photos'), { recursive: true });
  assert.equal(JSON.parse(output('mv', '--json', 'other', join(root, 'sh-1'))), { directory: join(root, 'sh-1') });
  assert.is(output('ls'), 'sh-0\nsh-1\n');
});

test('buildid: what readelf says, for operands and for lines of standard input', () => {
  const { stdout } = spawnSync('readelf', ['-n', '/bin/sh'], { encoding: 'utf8' });
  const identifier = /Build ID: ([0-9a-f]+)/.exec(stdout)![1]!;
  assert.is(output('buildid', '/bin/sh', 'package.json'), `${identifier}\n\n`);
  assert.equal(JSON.parse(output('buildid', '--json', '/bin/sh')), { file: '/bin/sh', buildId: identifier });
  const byLines = spawnSync('bin/rr', ['buildid'], { input: '/bin/sh\n/bin/sh\n\n/bin/sh\n', encoding: 'utf8' });
  assert.is(byLines.stdout, `${identifier}\n${identifier}\n`);
  const missing = rr('buildid', '/none', '/bin/sh');
  assert.equal([missing.stdout, missing.status], [`${identifier}\n`, 1]);
  assert.match(missing.stderr, /^rr: cannot open \/none: ENOENT.*\n$/);
});

test('filename: the files that were mapped, once each', () => {
  const names = lines(output('filename', 'sh-0'));
  assert.is(new Set(names).size, names.length);
  assert.ok(names.some((name) => name.endsWith('/true')) && names.some((name) => /ld-linux/.test(name)), `${names}`);
  const [first] = jsonLines(output('filename', '--json', 'sh-0'));
  assert.is(first.stored, join(root, '.store', first.hash.slice(0, 2), first.hash.slice(2)));
  assert.ok(existsSync(first.stored));
});

test('dump --socket-addresses shows what the kernel told of peers and names', () => {
  const program = [
    'import socket',
    's = socket.create_server(("127.0.0.1", 0))',
    'c = socket.create_connection(s.getsockname())',
    's.accept()',
    'u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    'u.bind("\\0rr-listing")',
    'u.getsockname()',
    'print(s.getsockname()[1], c.getsockname()[1])',
  ].join('\n');
  const recorded = rr('record', '-n', '/usr/bin/python3', '-c', program);
  assert.is(recorded.status, 0, recorded.stderr);
  const [server, client] = recorded.stdout.trim().split(' ');
  const text = output('dump', '--socket-addresses');
  assert.match(text, new RegExp(`^ +socket getsockname: 127\\.0\\.0\\.1:${server}$`, 'm'));
  assert.match(text, new RegExp(`^ +socket accept4: 127\\.0\\.0\\.1:${client}$`, 'm'));
  assert.match(text, /^ +socket getsockname: unix @rr-listing$/m);
  assert.not.match(output('dump'), / socket accept4:/);
  assert.ok(jsonLines(output('dump', '--socket-addresses', '--json')).some(({ sockets }) => sockets?.length === 1));
  assert.is(output('rm', 'python3-0'), '');
});

test.run();

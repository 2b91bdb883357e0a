// Hostile traces on disk, and the commands that read them: one line and a status, no file of the user's changed, and
// nothing that a terminal would obey.
// Time limit: 300 s
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TraceHeader } from '../engine/trace/trace-header.ts';
import { compile } from './harness/compile.ts';
import { allLies, type Lie } from './hostile/lies.ts';
import { type EventFields, SyntheticTrace } from './replay/synthetic-trace.ts';
import { header, inSlots, writeTrace } from './trace-fixture.ts';

const test = suite('hostile traces, commands');
const root = mkdtempSync(join(tmpdir(), 'rr-hostile-'));
const home = join(root, 'home');
const traces = join(root, 'traces');
mkdirSync(home);
mkdirSync(traces);
test.after(() => rmSync(root, { recursive: true }));

const steering = '\x1b]0;owned\x07\x9b2J\u202e\r';
const escapes = `${steering}\nrr: all is well`;

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function rr(...words: string[]): Result {
  const { status, stdout, stderr, signal } = spawnSync('bin/rr', words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home, _RR_TRACE_DIR: traces },
    timeout: 60_000,
  });
  assert.is(signal, null, stderr);
  return { status, stdout, stderr };
}

/** Names, sizes, times and modes of everything below the root but what the user's cache holds. */
function everything(folder = root): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (path === join(home, '.cache')) return [];
    const { size, mtimeMs, mode } = lstatSync(path);
    const line = `${path} ${entry.isDirectory() ? '' : size} ${path === home ? '' : mtimeMs} ${mode.toString(8)}`;
    return [line, ...(entry.isDirectory() ? everything(path) : [])];
  });
}

let count = 0;

async function write(events: readonly EventFields[], changed: Partial<TraceHeader> = {}): Promise<string> {
  const trace = new SyntheticTrace();
  for (const event of events) trace.add(event);
  const directory = join(traces, `made-${count++}`);
  mkdirSync(directory, { mode: 0o700 });
  await writeTrace(directory, inSlots(trace.records(), 16), {
    header: { ...header, store: join(root, 'nowhere'), ...changed },
  });
  return directory;
}

function lie(name: string): Lie {
  const found = allLies.find((each) => each.name === name);
  assert.ok(found, `no lie is called "${name}"`);
  return found;
}

const damaged = [
  'a mapping: our first page',
  'mremap to: the kernel',
  'data: in our first page',
  'a write: of 2^40 bytes',
  'tasks: a start by one that computes',
  'tasks: an event of an unknown kind',
  'a forced stop: in our first page',
  'a file of the store: that it has not',
];

for (const name of damaged) {
  test(`replay of ${name}: one line, and nothing is written`, async () => {
    const directory = await write(lie(name).make(true));
    const before = everything();
    const { status, stderr } = rr('replay', '-a', directory);
    assert.is(status, 1);
    assert.match(stderr, /^rr: [^\n]+\n$/);
    assert.not.match(stderr, /bug in rr|warning/);
    assert.equal(everything(), before);
  });
}

test('the truth replays from disk', async () => {
  const { status, stderr } = rr('replay', '-a', await write(lie(damaged[0]!).make(false)));
  assert.is(stderr, '');
  assert.is(status, 0);
});

test('it also does where a filter is in force that refuses seccomp(2)', async () => {
  const directory = await write(lie(damaged[0]!).make(false));
  const refuse = compile('test/edge/refuse.c');
  const words = ['container,seccomp', 'bin/rr', 'replay', '-a', directory];
  const { status, stderr } = spawnSync(refuse, words, { encoding: 'utf8', timeout: 60_000 });
  assert.is(stderr, '');
  assert.is(status, 0);
});

const counter = { type: 5, config: 0, address: 0x40_0000, skid: 1, counts: '', event: '', microarchitecture: '' };
const badHeaders: Readonly<Record<string, Partial<TraceHeader>>> = {
  'counts by a breakpoint in the kernel': { counter: { ...counter, address: -0x7f00_0000_0000 } },
  'counts by a breakpoint behind user space': { counter: { ...counter, address: 2 ** 52 } },
  'counts by a breakpoint that comes too late': { counter: { ...counter, skid: 2 ** 40 } },
  'names a store by a relative path': { store: 'store' },
  'names a store with a zero byte': { store: '/tmp/\0' },
  'was bound to processor 2^40': { boundProcessor: 2 ** 40 },
};

for (const [name, changed] of Object.entries(badHeaders)) {
  test(`a header that ${name} is refused`, async () => {
    const { status, stderr } = rr('replay', '-a', await write(lie(damaged[0]!).make(false), changed));
    assert.is(status, 1);
    assert.match(stderr, /^rr: [^\n]+\n$/);
    assert.not.match(stderr, /bug in rr|warning/);
  });
}

test('names, arguments, paths and reasons reach no terminal as they are', async () => {
  const events = lie('tasks: registers that are others')
    .make(true)
    .map((event) => ({
      ...event,
      ...(event.tasks === undefined
        ? {}
        : { tasks: event.tasks.map((each) => ({ ...each, text: `/bin/${escapes}\0${escapes}\0` })) }),
      ...(event.mappings === undefined
        ? {}
        : { mappings: event.mappings.map((each) => ({ ...each, mapFlags: 1, path: `/lib/${escapes}` })) }),
    }));
  const directory = await write(events, {
    program: escapes,
    arguments: [escapes],
    environment: [`A=${escapes}`],
    workingDirectory: escapes,
    machine: { architecture: escapes, processor: escapes, kernel: escapes },
    store: `/nowhere/${escapes}`,
  });
  const commands = [
    ['replay', '-a', directory],
    ['dump', '--raw', '--mmaps', '--task-events', directory],
    ['dump', '--json', '--mmaps', '--task-events', directory],
    ['ps', directory],
    ['ps', '--json', directory],
    ['ls', '-l'],
    ['ls', '--json'],
    ['traceinfo', directory],
    ['traceinfo', '--json', directory],
  ];
  for (const words of commands) {
    const { stdout, stderr } = rr(...words);
    assert.not.match(stdout + stderr, /bug in rr/, words.join(' '));
    assert.ok(
      stdout.includes('owned') || stderr.includes('owned'),
      `${words.join(' ')} shows no name\n${stdout}${stderr}`,
    );
    for (const character of steering.replace(/[\]0;owned2J]/g, '')) {
      assert.not.ok((stdout + stderr).includes(character), `${words.join(' ')} shows ${character.codePointAt(0)}`);
    }
    // No line of the trace's own.
    assert.not.ok(
      (stdout + stderr).split('\n').some((line) => line.startsWith('rr: all is well')),
      words.join(' '),
    );
  }
});

test.run();

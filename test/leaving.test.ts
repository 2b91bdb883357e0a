// Processes that are left unrecorded on purpose: `record --skip PATTERN`, `record --nested=release`.
// Time limit: 300 s
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from './harness/compile.ts';
import { recordingModes } from './harness/modes.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('leaving a recording');
const edge = (name: string): string => compile(fileURLToPath(new URL(`edge/${name}`, import.meta.url)), '-pthread');
const leaver = edge('leaver.c');
const parent = edge('leaver-parent.c');
const folder = mkdtempSync(join(tmpdir(), 'rr-leaving-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const environment = { PATH: process.env.PATH ?? '', HOME: folder, RR: rrCommand, LEAVER: leaver, LC_ALL: 'C' };

function run(...words: string[]) {
  const [command = '', ...args] = words;
  const { stdout, stderr, status } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
    timeout: 60_000,
  });
  return { stdout, stderr, status };
}

let traces = 0;

/** Records a shell's script and replays it. */
function record(script: string, options: readonly string[], more: readonly string[] = []) {
  const trace = join(folder, `trace-${traces++}`);
  const recorded = run(rrCommand, ...more, 'record', ...options, '-o', trace, '/bin/sh', '-c', script);
  const replayed = run(rrCommand, 'replay', '-a', trace);
  return { trace, recorded, replayed };
}

function dump(trace: string, ...words: string[]): string {
  const { stdout, stderr, status } = run(rrCommand, 'dump', trace, ...words);
  assert.is(status, 0, stderr);
  return stdout;
}

for (const { name, globalOptions, recordOptions } of recordingModes) {
  test(`who waits for one sees what it would without a recording (${name})`, () => {
    const native = run(parent, leaver);
    const { recorded, replayed, trace } = record(
      `exec ${parent} $LEAVER`,
      ['--skip', 'leaver', ...recordOptions],
      globalOptions,
    );
    assert.is(recorded.stderr, '');
    assert.is(recorded.stdout, native.stdout);
    assert.is(recorded.status, 0);
    assert.is(replayed.stderr, '');
    assert.is(replayed.stdout, native.stdout);
    assert.not.match(dump(trace), /leaver\b.*status/);
  });
}

test('it runs without anything of a recording’s, and so do its children', () => {
  const script = '$LEAVER look; $LEAVER make; echo recorded';
  const { recorded, replayed } = record(script, ['--skip', '*/leav?r']);
  assert.is(recorded.stderr, '');
  assert.is(recorded.stdout, run('/bin/sh', '-c', script).stdout);
  assert.is(replayed.stdout, 'recorded\n');
});

test('it goes on when the recording is over', () => {
  const { recorded } = record('$LEAVER outlive late >/dev/null 2>&1 & echo started', ['--skip', 'leaver']);
  assert.is(recorded.stdout, 'started\n');
  assert.not.ok(existsSync(join(folder, 'late')));
  writeFileSync(join(folder, 'released'), '');
  const end = performance.now() + 20_000;
  while (!existsSync(join(folder, 'late')) && performance.now() < end) run('sleep', '0.05');
  assert.is(readFileSync(join(folder, 'late'), 'utf8'), 'still here\n');
});

test('a pattern that nothing matches changes nothing, and the first process is always recorded', () => {
  const { recorded, replayed } = record('$LEAVER status 3; echo $?', ['--skip', 'leaver2', '--skip=sh', '--skip=dash']);
  assert.is(recorded.stdout, '3\n');
  assert.is(replayed.stdout, '3\n');
});

test('it is said which', () => {
  const { recorded } = record('$LEAVER status 0', ['--skip', 'leaver'], ['--log', 'record:info']);
  assert.match(recorded.stderr, /process \d+ goes on unrecorded: \S+\/leaver\n/);
});

for (const how of ['release', 'detach']) {
  test(`rr record --nested=${how} inside a recording leaves it`, () => {
    const script = `"$RR" record --nested=${how} -v ADDED=x sh -c '$LEAVER look; echo $ADDED'; echo status $?`;
    const { recorded, replayed } = record(script, []);
    assert.is(recorded.stderr, '');
    const processors = run(leaver, 'look').stdout;
    assert.is(recorded.stdout, `${processors}x\nstatus 0\n`);
    assert.is(replayed.stdout, 'status 0\n');
  });
}

test('a pattern that is none is refused', () => {
  const { stderr, status } = run(rrCommand, 'record', '--skip', '', 'true');
  assert.match(stderr, /--skip "": expected the name of a program/);
  assert.is(status, 2);
});

test('--trace-id is the trace’s', () => {
  const { trace } = record('exit 0', ['--trace-id', '0123456789ABCDEF0123456789abcdef']);
  const { uuid } = JSON.parse(run(rrCommand, 'traceinfo', trace).stdout) as { uuid?: string };
  assert.is(uuid, '01234567-89ab-cdef-0123-456789abcdef');
  const { stderr, status } = run(rrCommand, 'record', '--trace-id', '0123', 'true');
  assert.match(stderr, /--trace-id 0123: expected a UUID, 32 hexadecimal digits/);
  assert.is(status, 2);
});

test.run();

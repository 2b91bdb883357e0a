// What the program has in common with `rr record`: its standard streams, descriptors, directory, environment.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileEdge, type Place, withPlace } from './edge/place.ts';
import { compile } from './harness/compile.ts';
import { rrCommand } from './harness/recording.ts';

const test = suite('edge: streams');
const here = dirname(fileURLToPath(import.meta.url));
const terminal = (): string => compile(join(here, 'harness', 'terminal.c'));

/** What a recording adds to the environment (engine/record/environment.ts). */
const ours = /^environment (RUNNING_UNDER_RR|LD_BIND_NOW|OPENSSL_ia32cap)=.*\n/gm;

/** The same shell line alone and recorded: what the program inherits must be the same. `PROGRAM` stands for it. */
async function checkInherited(place: Place, line: string): Promise<void> {
  const guest = compileEdge('inherited');
  // Through env, whose name stands in `_` both times: bash gives that variable each program's own.
  const alone = await place.sh(line.replace('PROGRAM', `env ${guest} alone`));
  const recorded = await place.sh(line.replace('PROGRAM', `env "$RR" record -o trace ${guest} recorded`));
  assert.is(recorded.status, alone.status, recorded.story);
  assert.is(recorded.err, alone.err, recorded.story);
  const truth = readFileSync(place.path('alone'), 'latin1');
  assert.match(truth, /^umask/m);
  assert.is(readFileSync(place.path('recorded'), 'latin1').replace(ours, ''), truth);
  const replay = await place.rr('replay', '-a', 'trace');
  assert.is(replay.status, 0, replay.story);
}

const lines = [
  { name: 'no standard input', line: 'PROGRAM <&-' },
  { name: 'no standard output', line: 'PROGRAM >&-' },
  { name: 'no standard error', line: 'PROGRAM 2>&-' },
  { name: 'no standard stream at all', line: 'PROGRAM <&- >&- 2>&-' },
  { name: 'descriptors 3 and 9', line: 'PROGRAM 3</etc/passwd 9>>nine' },
  { name: 'descriptors without standard streams', line: 'PROGRAM <&- >&- 5</etc/passwd 200</etc/group' },
  { name: 'one description on all streams', line: 'PROGRAM </dev/null >both 2>&1' },
  { name: 'a umask', line: 'umask 0137; PROGRAM' },
  { name: 'a umask that leaves nothing', line: 'touch alone recorded; umask 0777; PROGRAM' },
  { name: 'a priority', line: 'nice -n 5 PROGRAM' },
  {
    name: 'an environment that is odd',
    line: `env -i A= =B D=1 D=2 IFS=, OPTIND=5 PPID=1 $'C=\\xff\\n' PATH="$PATH" _RR_TRACE_DIR="$_RR_TRACE_DIR" RR="$RR" NODE_OPTIONS=--no-warnings OLDPWD=/x bash -c 'PROGRAM'`,
  },
  { name: 'arguments that are odd', line: `PROGRAM '' ' ' $'\\xff\\xfe' -- --help $'new\\nline'` },
  { name: 'another directory', line: 'ln -sfn . link; cd link; PROGRAM' },
];
for (const { name, line } of lines) {
  test(`${name}: the same under a recording as alone`, () => withPlace((place) => checkInherited(place, line)));
}

test('an environment without anything', () =>
  withPlace(async (place) => {
    const guest = compileEdge('inherited');
    const words = ['/usr/bin/env', '-i', `RR_NODE=${process.execPath}`, rrCommand, 'record', '-o', place.path('trace')];
    const run = await place.run([...words, guest, 'recorded']);
    assert.is(run.status, 0, run.story);
    const names = [...readFileSync(place.path('recorded'), 'latin1').matchAll(/^environment (\w+)=/gm)].map(
      ([, name]) => name,
    );
    assert.equal(names, ['RR_NODE', 'RUNNING_UNDER_RR', 'LD_BIND_NOW', 'OPENSSL_ia32cap']);
  }));

test('variables of -v override, and are the last', () =>
  withPlace(async (place) => {
    const run = await place.sh('A=1 "$RR" record -v A=2 -v B=3=4 -v A=5 sh -c \'echo "$A $B"\'');
    assert.is(run.out, '5 3=4\n', run.story);
  }));

test('a reader that goes away: SIGPIPE, as alone', () =>
  withPlace(async (place) => {
    const run = await place.sh(
      `seq 100000 > big; "$RR" record -o trace cat < big | head -c 5; echo "\${PIPESTATUS[@]}"`,
    );
    assert.is(run.out, '1\n2\n3141 0\n', run.story);
    const replay = await place.sh(`"$RR" replay -a trace | head -c 5; echo "\${PIPESTATUS[0]}"`);
    assert.match(replay.out, /^1\n2\n3(0|141)\n$/);
  }));

test('rr record in the middle of a pipeline', () =>
  withPlace(async (place) => {
    const run = await place.sh(`seq 300000 | "$RR" record -o trace cat | md5sum; echo "\${PIPESTATUS[@]}"`);
    const alone = await place.sh('seq 300000 | md5sum');
    assert.is(run.out, `${alone.out}0 0 0\n`, run.story);
    assert.is((await place.sh('"$RR" replay -a trace | md5sum')).out, alone.out);
  }));

test('a terminal stays blocking, and is the program’s', () =>
  withPlace(async (place) => {
    const program = [
      'import fcntl, os, sys',
      'flags = [fcntl.fcntl(n, fcntl.F_GETFL) & os.O_NONBLOCK for n in (0, 1, 2)]',
      'print(flags, [os.isatty(n) for n in (0, 1, 2)], os.tcgetpgrp(0) == os.getpgrp(), input())',
    ].join('\n');
    const words = [terminal(), rrCommand, 'record', '/usr/bin/python3', '-c', program];
    const run = await place.run(words, { input: 'typed\n' });
    assert.is(run.out, '[0, 0, 0] [True, True, True] True typed\n', run.story);
    assert.is((await place.rr('replay', '-a')).out, run.out);
  }));

test('children that nobody waits for, by an ignored SIGCHLD', () =>
  withPlace(async (place) => {
    const run = await place.sh(`trap '' CHLD; "$RR" record sh -c 'true; echo x | cat; exit 4'`);
    assert.is(run.out, 'x\n', run.story);
    assert.is(run.status, 4);
    assert.is((await place.rr('replay', '-a')).out, 'x\n');
  }));

test('a directory that was removed', () =>
  withPlace(async (place) => {
    const gone = 'mkdir gone; cd gone; rmdir ../gone;';
    const alone = await place.sh(
      `${gone} exec /usr/bin/python3 -c 'import os; print(os.listdir("."), flush=True); os.getcwd()' 2>/dev/null`,
    );
    const record = await place.sh(
      `${gone} exec "$RR" record -o "$1" /usr/bin/python3 -c 'import os; print(os.listdir("."), flush=True); os.getcwd()' 2>/dev/null`,
      { args: [place.path('trace')] },
    );
    assert.is(record.out, '[]\n', record.story);
    assert.is(record.out, alone.out);
    assert.is(record.status, alone.status);
    const replay = await place.sh(`${gone} exec "$RR" replay -a "$1"`, { args: [place.path('trace')] });
    assert.is(replay.out, '[]\n', replay.story);
    assert.is(replay.status, 0);
  }));

test('files of the program that are gone when it is replayed', () =>
  withPlace(async (place) => {
    writeFileSync(place.path('input'), 'content\n');
    const record = await place.sh('mkdir bin; cp /bin/cat bin/mine; exec "$RR" record -o trace bin/mine input');
    assert.is(record.out, 'content\n', record.story);
    const replay = await place.sh('rm -r bin input; exec "$RR" replay -a trace');
    assert.is(replay.out, 'content\n', replay.story);
    assert.is(replay.status, 0);
  }));

test('workers that encode a long recording leave the program’s output blocking', () =>
  withPlace(async (place) => {
    const program = 'head -c 4000000 /dev/urandom > /dev/null; grep flags /proc/self/fdinfo/1';
    const run = await place.sh(`"$RR" record -o trace bash -c '${program}' | cat`);
    // O_NONBLOCK is 04000.
    assert.match(run.out, /^flags:\t0?[0-3]*0*[12]\n$/, run.story);
  }));

test.run();

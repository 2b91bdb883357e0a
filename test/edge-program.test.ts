// Programs that cannot be executed or recorded: what a shell says and its status, and no trace left behind.
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asNobody, compileEdge, isRoot, type Place, withPlace } from './edge/place.ts';
import { compileGuest } from './harness/compile.ts';

const test = suite('edge: programs');

interface Refusal {
  readonly name: string;
  /** Makes the program; what is to be recorded. */
  readonly make: (place: Place) => string;
  readonly status: number;
  readonly says: RegExp;
}

function script(place: Place, name: string, content: string | Buffer, mode = 0o755): string {
  writeFileSync(place.path(name), content);
  chmodSync(place.path(name), mode);
  return `./${name}`;
}

const refusals: readonly Refusal[] = [
  {
    name: 'a name that is not in PATH',
    make: () => 'no-such-program',
    status: 127,
    says: /no-such-program: command not found/,
  },
  { name: 'a path that is not there', make: () => './no-such', status: 127, says: /\.\/no-such: no such file/ },
  { name: 'a path below a file', make: () => '/etc/passwd/x', status: 127, says: /no such file/ },
  { name: 'an empty name', make: () => '', status: 127, says: /: command not found/ },
  { name: 'a directory', make: () => '/tmp', status: 126, says: /\/tmp: is a directory/ },
  {
    name: 'a file without x',
    make: (place) => script(place, 'text', 'echo hi\n', 0o644),
    status: 126,
    says: /permission denied/,
  },
  {
    name: 'an interpreter that is not there',
    make: (place) => script(place, 's', '#!/no/such\n'),
    status: 127,
    says: /interpreter/,
  },
  {
    name: 'an interpreter that is a directory',
    make: (place) => script(place, 's', '#!/tmp\n'),
    status: 126,
    says: /EACCES/,
  },
  {
    name: 'a binary of another machine',
    make: (place) => script(place, 'arm', Buffer.from('7f454c460201010000000000000000000200b700', 'hex')),
    status: 126,
    says: /binary file/,
  },
  {
    name: 'a loop of links',
    make: (place) => {
      symlinkSync('loop', place.path('loop'));
      return './loop';
    },
    status: 126,
    says: /ELOOP/,
  },
];

for (const { name, make, status, says } of refusals) {
  test(`${name}: status ${status}, one line, no trace, the latest trace untouched`, () =>
    withPlace(async (place) => {
      assert.is((await place.rr('record', 'true')).status, 0);
      const program = make(place);
      mkdirSync(place.path('empty'));
      for (const output of [[], ['-o', place.path('empty')], ['-o', place.path('new')]]) {
        const run = await place.rr('record', ...output, program);
        assert.is(run.status, status, run.story);
        assert.match(run.err, says);
        assert.match(run.err, /^rr: [^\n]*\n$/);
        assert.is(run.out, '');
      }
      assert.equal(readdirSync(place.path('empty')), []);
      assert.not(readdirSync(place.folder).includes('new'));
      assert.equal(place.traceNames(), ['true-0']);
      assert.match((await place.rr('traceinfo')).out, /"true"|true-0/);
    }));
}

test('a directory in PATH is no command, and what lies behind it is found', () =>
  withPlace(async (place) => {
    mkdirSync(place.path('first/tool'), { recursive: true });
    mkdirSync(place.path('second'));
    const env = { PATH: `${place.path('first')}:${place.path('second')}:/usr/bin:/bin` };
    assert.is((await place.sh('"$RR" record tool', { env })).status, 127);
    script(place, 'second/tool', '#!/bin/sh\necho "found $1"\n');
    assert.is((await place.sh('"$RR" record tool x', { env })).out, 'found x\n');
  }));

test('a script without #! is run by sh, and so is an empty file', () =>
  withPlace(async (place) => {
    script(place, 'plain', 'echo "$0 $# $2"\nexit 5\n');
    const run = await place.rr('record', './plain', 'a', 'b c');
    assert.is(run.out, './plain 2 b c\n', run.story);
    assert.is(run.status, 5);
    assert.is((await place.rr('replay', '-a')).out, run.out);
    script(place, 'empty', '');
    assert.is((await place.rr('record', './empty')).status, 0);
  }));

test('a program whose name is as long as names get, or no UTF-8', () =>
  withPlace(async (place) => {
    const make = 'cp /bin/echo "$1" && "$RR" record "./$1" hi && "$RR" replay -a -q';
    const long = await place.sh(make, { args: ['ü'.repeat(127)] });
    assert.is(long.status, 0, long.story);
    assert.is(long.out, 'hi\n');
    const bytes = await place.sh(`set -- $'caf\\xe9'; ${make}`);
    assert.is(bytes.status, 0, bytes.story);
    assert.is(bytes.out, 'hi\n');
  }));

test('a 32-bit program is refused, alone and in a tree', () =>
  withPlace(async (place) => {
    const program = compileEdge('program-32');
    // Written by the guest itself: a 32-bit C compiler need not be there.
    assert.is((await place.run([program, place.path('p32')])).status, 0);
    if ((await place.run([place.path('p32')])).status !== 5) return; // this kernel runs none
    const alone = await place.rr('record', './p32');
    assert.is(alone.status, 1, alone.story);
    assert.match(alone.err, /^rr: record: .*p32 is a 32-bit program, which cannot be recorded[^\n]*\n$/);
    assert.equal(place.traceNames(), []);
    const tree = await place.rr('record', 'bash', '-c', 'echo before; ./p32; echo after');
    assert.is(tree.status, 1, tree.story);
    assert.is(tree.out, 'before\n');
    assert.match(tree.err, /p32 is a 32-bit program/);
    const replay = await place.rr('replay', '-a');
    assert.is(replay.out, 'before\n');
    assert.match(replay.err, /ends before the program did.*32-bit program/);
  }));

test('int 0x80 in a 64-bit program gets ENOSYS and a warning', () =>
  withPlace(async (place) => {
    const program = compileEdge('int-80');
    const alone = await place.run([program]);
    const run = await place.rr('record', program);
    // Some hypervisors have no such call.
    if (alone.signal === 'SIGSEGV') {
      console.log('skipped: int 0x80 is no system call on this machine');
      assert.is(run.signal, alone.signal, run.story);
      assert.is((await place.rr('replay', '-a')).status, 0);
      return;
    }
    assert.is(run.out, 'ENOSYS\n', run.story);
    assert.match(run.err, /warning: task \d+ made a 32-bit system call/);
    const replay = await place.rr('replay', '-a');
    assert.is(replay.status, 0, replay.story);
    assert.is(replay.out, run.out);
  }));

(isRoot ? test : test.skip)('a file that may be executed and not read is refused to a user, alone and in a tree', () =>
  withPlace(async (place) => {
    const sh = (script: string) => place.run([...asNobody, '/bin/bash', '-c', script]);
    mkdirSync(place.traces);
    chmodSync(place.traces, 0o777);
    assert.is((await place.sh('cp /bin/echo closed && chmod 0111 closed')).status, 0);
    const alone = await sh('"$RR" record ./closed hi');
    assert.is(alone.status, 1, alone.story);
    assert.match(alone.err, /^rr: record: the program closed cannot be recorded: its memory may not be read[^\n]*\n$/);
    assert.equal(place.traceNames(), []);
    const tree = await sh('"$RR" record bash -c "echo before; ./closed hi; echo after"');
    assert.is(tree.status, 1, tree.story);
    assert.is(tree.out, 'before\n');
    assert.is((await sh('"$RR" replay -a')).out, 'before\n');
  }),
);

test('a program linked to the recorder’s own address is refused', () =>
  withPlace(async (place) => {
    const program = compileGuest('processes/exit-codes', '-no-pie', '-Wl,-Ttext-segment=0x70000000');
    const run = await place.rr('record', program);
    assert.is(run.status, 1, run.story);
    assert.match(run.err, /^rr: record: \S+exit-codes cannot be recorded: it has memory at 0x70000000,/m);
  }));

test('a recording inside a recording is refused with the option that helps', () =>
  withPlace(async (place) => {
    const inner = await place.sh('"$RR" record "$RR" record -o inner true');
    assert.is(inner.status, 1, inner.story);
    assert.match(inner.err, /^rr: record: .*RUNNING_UNDER_RR.*--nested=ignore[^\n]*\n$/);
    assert.not(readdirSync(place.folder).includes('inner'));
    const ignored = await place.sh('"$RR" record "$RR" record --nested=ignore -o inner sh -c "echo in; exit 3"');
    assert.is(ignored.status, 3, ignored.story);
    assert.is(ignored.out, 'in\n');
    assert.is((await place.rr('replay', '-a')).out, 'in\n');
  }));

test('a replay inside a recording is refused in one line, whatever the environment says', () =>
  withPlace(async (place) => {
    assert.is((await place.rr('record', '-o', 'trace', 'true')).status, 0);
    for (const cleared of ['', 'env -u RUNNING_UNDER_RR ']) {
      const inner = await place.sh(`"$RR" record -n sh -c '${cleared}"$RR" replay -a trace'`);
      assert.is(inner.status, 1, inner.story);
      assert.match(inner.err, /^rr: replay: this runs under a recording[^\n]*\n$/);
    }
    const record = await place.sh(`"$RR" record -n sh -c 'env -u RUNNING_UNDER_RR "$RR" record -o inner true'`);
    assert.is(record.status, 1, record.story);
    assert.match(record.err, /^rr: record: this already runs under a recording[^\n]*\n$/);
  }));

test('a program of the working directory needs no slash', () =>
  withPlace(async (place) => {
    script(place, 'here', '#!/bin/sh\necho "$0 $1"\n');
    script(place, 'recor', '#!/bin/sh\necho implied\n');
    script(place, 'text', 'echo hi\n', 0o644);
    const run = await place.rr('record', 'here', 'one');
    assert.is(run.out, './here one\n', run.story);
    assert.is((await place.rr('recor')).out, 'implied\n');
    assert.is((await place.rr('record', 'text')).status, 127);
  }));

test.run();

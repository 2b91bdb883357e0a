// ps, dump, ls, traceinfo and rm on recordings made by the command line itself.
// Time limit: 120 s
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'rr-listing-'));
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

test('recordings are named after their program, and the first thing listed is what was recorded', () => {
  assert.is(rr('record', 'sh', '-c', '/bin/true & wait; exit 3').status, 3);
  assert.is(rr('record', 'sh', '-c', 'kill -SEGV $$').signal, 'SIGSEGV');
  assert.is(output('ls'), 'sh-0\nsh-1\n');
  assert.is(output('ls', '-t'), 'sh-1\nsh-0\n');
  assert.is(output('ls', '-tr'), 'sh-0\nsh-1\n');
  assert.is(output('ls', 'sh-1'), 'sh-1\n');
  assert.is(output('ls', 'x'), '');
});

test('ls -l tells exit and command', () => {
  const [heading, first, second, ...rest] = lines(output('ls', '-l'));
  assert.match(heading!, /^NAME +WHEN +SIZE +EXIT +CMD$/);
  assert.match(first!, /^sh-0 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +[\d.]+K +3 +sh -c '\/bin\/true & wait; exit 3'$/);
  assert.match(second!, /^sh-1 .* -11 +sh -c 'kill -SEGV \$\$'$/);
  assert.equal(rest, []);
});

test('ls --json', () => {
  const [first] = jsonLines(output('ls', '--json'));
  assert.is(first.name, 'sh-0');
  assert.is(first.directory, join(root, 'sh-0'));
  assert.equal(first.arguments, ['sh', '-c', '/bin/true & wait; exit 3']);
  assert.is(first.end.status, 3 << 8);
});

test('ps: processes with parents, ends and commands, separated by tabs', () => {
  const [heading, first, second, ...rest] = lines(output('ps', 'sh-0')).map((line) => line.split('\t'));
  assert.equal(heading, ['PID', 'PPID', 'EXIT', 'CMD']);
  assert.equal(first!.slice(1), ['--', '3', `sh -c '/bin/true & wait; exit 3'`]);
  assert.equal(second!.slice(1), [first![0], '0', '/bin/true']);
  assert.equal(rest, []);
});

test('ps: a death by signal is a negative number; the latest recording is what is meant', () => {
  const [, first] = lines(output('ps')).map((line) => line.split('\t'));
  assert.equal(first!.slice(1), ['--', '-11', `sh -c 'kill -SEGV $$'`]);
  const [json] = jsonLines(output('ps', '--json'));
  assert.equal(
    { ...json, pid: 0 },
    { pid: 0, namespacePid: null, parentPid: null, exit: -11, command: ['sh', '-c', 'kill -SEGV $$'] },
  );
});

test('dump: a line an event, numbered from 1', () => {
  const [heading, ...events] = lines(output('dump', 'sh-0'));
  assert.match(heading!, /EVENT +SECONDS +TID +KIND +WHAT/);
  events.forEach((line, index) => {
    assert.match(line, new RegExp(`^ *${index + 1} +\\d+\\.\\d{6} +\\d+ \\w+`));
  });
  assert.match(events[0]!, /taskStart +the first process/);
  assert.match(events[1]!, /exec .*sh: sh -c '\/bin\/true & wait; exit 3'/);
  assert.match(events.at(-1)!, /traceEnd +exited with 3/);
});

test('dump: ranges, a single event, the end', () => {
  const all = lines(output('dump', 'sh-0')).slice(1);
  assert.equal(lines(output('dump', 'sh-0', '2-3', '5', 'end')).slice(1), [all[1], all[2], all[4], all.at(-1)]);
  assert.equal(lines(output('dump', 'sh-0', '3-end')).slice(1), all.slice(2));
  const beyond = rr('dump', 'sh-0', `${all.length + 1}`);
  assert.is(beyond.status, 1);
  assert.match(
    beyond.stderr,
    new RegExp(`^rr: event ${all.length + 1}: the recording has events 1 to ${all.length}\n$`),
  );
});

test('dump: without a trace, words that are events belong to the latest', () => {
  assert.is(output('dump', '1'), output('dump', 'sh-1', '1'));
});

test('dump -t shows one task only', () => {
  const pid = lines(output('ps', 'sh-0'))[2]!.split('\t')[0]!;
  const events = jsonLines(output('dump', '-t', pid, '--json', 'sh-0'));
  assert.ok(events.length > 10);
  assert.ok(events.every(({ tid }) => tid === Number(pid)));
  assert.is(events[0].kind, 'taskStart');
  assert.is(events.at(-1).kind, 'exit');
});

test('dump -r, -m, -p, -e show registers, data, mappings and tasks', () => {
  const plain = output('dump', 'sh-0', '2');
  assert.not.match(plain, /rip=|data |map /);
  const full = output('dump', '-rmpe', 'sh-0', '2');
  assert.match(full, /^ +number 59$/m);
  assert.match(full, /rip=0x[0-9a-f]+/);
  assert.match(full, /^ +data memory 0x[0-9a-f]+ \+ \d+ of \d+$/m);
  assert.match(full, /^ +map 0x[0-9a-f]+-0x[0-9a-f]+ r-xp store [0-9a-f]{16} \/.*sh \+ 0x[0-9a-f]+$/m);
  assert.match(full, /^ +task exec \d+ of \d+, was \d+: .*sh sh -c/m);
  const [json] = jsonLines(output('dump', '-rmpe', '--json', 'sh-0', '2'));
  assert.is(json.registers.orig_rax, '0x3b');
  assert.ok(json.mappings.some(({ source }: { source: string }) => source === 'stack'));
});

test('dump decodes arguments and what a call wrote', () => {
  assert.match(output('dump', '-b', 'sh-0'), /read\(\d+, "\\177ELF.*"\.\.\., 832\) = 832$/m);
});

test('dump -s counts events, calls and bytes', () => {
  const events = jsonLines(output('dump', '--json', 'sh-0'));
  const statistics = JSON.parse(output('dump', '-s', '--json', 'sh-0'));
  assert.is(statistics.events, events.length);
  assert.is(statistics.kinds.exec, 2);
  assert.is(statistics.forcedStops.all, statistics.kinds.sched ?? 0);
  assert.is(statistics.kinds.syscall, events.filter(({ kind }) => kind === 'syscall').length);
  assert.is(statistics.calls.exit_group.calls, 2);
  assert.is(statistics.lanes.events.records, events.length);
  assert.match(output('dump', '-s', 'sh-0'), /^ {2}exit_group +2 +0 +0$/m);
});

test('dump ends when nobody reads any more', () => {
  // The process that reads descriptor 3 is waited for, so nobody does.
  const { status } = spawnSync('bash', ['-c', 'exec 3> >(:); wait $!; exec bin/rr dump sh-0 >&3'], {
    env: { ...process.env, _RR_TRACE_DIR: root },
  });
  assert.is(status, 141);
});

test('traceinfo describes the recording', () => {
  const information = JSON.parse(output('traceinfo', 'sh-0'));
  assert.equal(information.arguments, ['sh', '-c', '/bin/true & wait; exit 3']);
  assert.is(information.workingDirectory, process.cwd());
  assert.is(information.complete, true);
  assert.is(information.events, lines(output('dump', 'sh-0')).length - 1);
  assert.is(lines(output('traceinfo', '--json', 'sh-0')).length, 1);
  assert.match(information.uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const { uuid } = JSON.parse(output('traceinfo', 'sh-1'));
  assert.is.not(uuid, information.uuid);
  const { sysname, nodename, machine } = information.machine.system;
  assert.equal([sysname, nodename, machine], ['Linux', hostname(), 'x86_64']);
  assert.type(information.machine.cpuidFaulting, 'boolean');
  assert.is(information.chaosMode, false);
  assert.ok(information.boundProcessor >= 0);
});

test('a trace that is cut off: what is whole is printed, then the error', () => {
  const damaged = join(root, 'damaged');
  mkdirSync(damaged);
  for (const name of ['version', 'data', 'mmaps', 'tasks']) {
    writeFileSync(join(damaged, name), readFileSync(join(root, 'sh-0', name)));
  }
  writeFileSync(join(damaged, 'events'), readFileSync(join(root, 'sh-0', 'events')).subarray(0, 100));
  for (const command of ['dump', 'ps', 'traceinfo']) {
    const { stderr, status } = rr(command, 'damaged');
    assert.match(stderr, /^rr: .*damaged\/events/);
    assert.is(lines(stderr).length, 1);
    assert.is(status, 1);
  }
  assert.match(output('ls', '-l'), /^damaged /m);
  assert.is(output('rm', 'damaged'), '');
});

test('what is missing or no trace is named in one line', () => {
  mkdirSync(join(root, 'empty'));
  for (const command of ['dump', 'ps', 'traceinfo', 'rm']) {
    assert.match(rr(command, 'nonesuch').stderr, /^rr: nonesuch: no such trace.*\n$/);
    assert.match(rr(command, 'empty').stderr, /^rr: .*empty.*version file.*\n$/);
    assert.is(rr(command, 'empty').status, 1);
  }
  assert.match(output('ls', '-l'), /^empty .*\(.*not a trace/m);
  assert.match(rr('rm', '-f', 'empty').stderr, /^rr: .*empty has no version file of a recording, and no events: .*\n$/);
  rmSync(join(root, 'empty'), { recursive: true });
});

test('rm removes no folder whose files have the names of a recording’s, and none that is called like one', () => {
  const folder = join(root, 'calendar');
  mkdirSync(join(folder, 'events'), { recursive: true });
  writeFileSync(join(folder, 'events', 'birthday'), 'in May');
  assert.match(rr('rm', '-f', 'calendar').stderr, /"events" in it is no part of a recording/);
  assert.ok(existsSync(join(folder, 'events', 'birthday')));
  rmSync(join(folder, 'events'), { recursive: true });
  for (const [name, content] of [
    ['events', 'in May'],
    ['version', '1.2.3\n'],
    ['data', ''],
  ] as const) {
    writeFileSync(join(folder, name), content);
    for (const option of [[], ['-f']]) {
      assert.match(
        rr('rm', ...option, 'calendar').stderr,
        /^rr: .*calendar has no version file of a recording, and no events: .*\n$/,
      );
    }
    assert.ok(existsSync(join(folder, name)));
  }
  rmSync(folder, { recursive: true });
});

test('rm -f removes a recording that lost its version file, and one that was made and nothing more', () => {
  const lost = join(root, 'lost');
  for (const content of [readFileSync(join(root, 'sh-0', 'events')), '']) {
    mkdirSync(lost);
    for (const name of ['events', 'data', 'mmaps', 'tasks']) writeFileSync(join(lost, name), content);
    assert.match(rr('rm', 'lost').stderr, /^rr: .*lost has no version file.*; -f removes it\n$/);
    assert.is(output('rm', '-f', 'lost'), '');
    assert.not(existsSync(lost));
  }
});

test('rm removes a recording and its link, and nothing that is not a part of one', () => {
  assert.is(output('rm', 'sh-1'), '');
  assert.not(existsSync(join(root, 'sh-1')));
  assert.is(lstatSync(join(root, 'latest-trace'), { throwIfNoEntry: false }), undefined);
  assert.match(rr('ps').stderr, /no trace has been recorded/);
  writeFileSync(join(root, 'sh-0', 'precious'), '');
  const refused = rr('rm', '-f', 'sh-0', 'nonesuch');
  assert.is(refused.status, 1);
  assert.match(refused.stderr, /"precious" in it is no part of a recording\n.*nonesuch/);
  assert.ok(existsSync(join(root, 'sh-0', 'precious')));
  rmSync(join(root, 'sh-0', 'precious'));
  assert.equal(JSON.parse(output('rm', '--json', 'sh-0')), { removed: join(root, 'sh-0') });
  assert.match(rr('rm').stderr, /which recordings/);
});

test('dump -b shows buffered calls as if traced, before the event that they came with; -s counts them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-listing-'));
  const trace = join(folder, 'trace');
  assert.is(rr('record', '-o', trace, '--patch-after', '1', 'ls', '-R', '/usr/include/linux').status, 0);
  const shown = output('dump', '-b', trace);
  assert.match(shown, /^ +\d+ buffered +openat\(AT_FDCWD, "[^"]+", O_RDONLY\|O_CLOEXEC, 0\) = 3$/m);
  assert.match(shown, /^ +\d+ buffered +read\(3, "\\177ELF/m);
  assert.not.match(output('dump', trace), / buffered /);
  const count = lines(shown).filter((line) => / buffered /.test(line)).length;
  const calls = jsonLines(output('dump', '-b', '--json', trace)).flatMap((event) => event.buffered ?? []);
  assert.is(calls.length, count);
  const { bufferable, calls: byName } = JSON.parse(output('dump', '-s', '--json', trace));
  assert.is(bufferable.buffered, count);
  assert.ok(bufferable.calls > count);
  assert.ok(byName.openat.buffered > 10 && byName.openat.buffered < byName.openat.calls, JSON.stringify(byName.openat));
  assert.match(output('dump', '-s', trace), /^\d+ of \d+ calls other than .* were buffered: \d\d\.\d%$/m);
  rmSync(folder, { recursive: true });
});

test.run();

// gdb on recordings of several processes, threads and signals.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { guestSource, lineOf, processesOf, recordCommand, recordGuest, run, says } from './debug/recording.ts';
import { compile } from './harness/compile.ts';

const test = suite('debug: processes');
const threads = recordGuest('threads');
const signals = recordGuest('signals');
const forks = recordGuest('forks');
const daemon = recordGuest('daemon');
const shell = recordCommand(['bash', '-c', '/bin/echo one; /bin/echo two | cat']);
test.after(() => {
  for (const recording of [threads, signals, shell, forks, daemon]) recording[Symbol.dispose]();
});

test('-p starts at another program’s first instruction, where its symbols are known', async () => {
  const said = await shell.gdb(['info inferiors', 'when-tid'], '-p', 'cat');
  says(said, /^\* 1 +process \d+ .*\/cat\b/m);
  says(said, /^0x[0-9a-f]+ in _start \(\)/m);
});

test('forced stops of other processes at the first passes of their addresses are found', async () => {
  using straight = recordGuest('straight', { recordOptions: ['--force-stops', '1-2'] });
  const forced = (await run(['dump', straight.trace])).match(/^.* sched .*$/gm) ?? [];
  assert.ok(forced.length > 10, `${forced.length} forced stops`);
  for (const pid of await processesOf(straight)) {
    const said = await straight.gdb(['continue', 'reverse-continue', 'continue'], '-p', pid);
    assert.is(said.match(new RegExp(`^Process ${pid} exits with status 0 here\\.$`, 'gm'))?.length, 2, said);
    assert.not.match(said, /diverge/);
  }
});

test('a breakpoint sleeps in a program that lacks its place, and comes back with its own', async () => {
  const said = await forks.gdb([
    'break main',
    'continue',
    'process echo',
    'continue',
    'process forks',
    'info breakpoints',
    'continue',
    'process echo',
    'disable',
    'process forks',
    'continue',
  ]);
  assert.is(said.match(/hit Breakpoint 1, main \(\)|^Breakpoint 1, main \(\)/gm)?.length, 2, said);
  says(said, /^1 +breakpoint +keep y +0x[0-9a-f]+ in main at /m);
  says(said, /^Process \d+ exits with status 0 here\.$/m);
});

test('going back over an exec shows the program before, and forwards the one behind', async () => {
  const said = await forks.gdb(
    ['reverse-continue', 'info inferiors', 'bt -3', 'reverse-continue', 'continue', 'info inferiors'],
    '-p',
    'echo',
  );
  says(said, /is executing new program: .*\/forks$/m);
  says(said, /^\* 1 +process \d+ .*\/forks\b/m);
  says(said, /^#\d+ .* main \(\) at .*forks\.c:\d+$/m);
  says(said, /is executing new program: .*\/echo$/m);
  says(said, /^from another program$/m);
  says(said, /^\* 1 +process \d+ .*\/echo\b/m);
});

test('seeks over execs both ways, standing on a breakpoint', async () => {
  using becomes = recordGuest('becomes', { args: ['one', 'two'] });
  const said = await becomes.gdb([
    'break tell',
    'continue',
    'print left',
    'checkpoint',
    'continue',
    'print left',
    'checkpoint',
    'continue',
    'print left',
    'restart 1',
    'print left',
    'restart 2',
    'print left',
    'backtrace 2',
    'seek end',
    'restart 1',
    'continue',
    'print left',
    'continue',
    'print left',
    'seek begin',
    'continue',
    'print left',
  ]);
  const values = [...said.matchAll(/^\$\d+ = (\d)$/gm)].map(([, value]) => Number(value));
  assert.equal(values, [2, 1, 0, 2, 1, 1, 0, 2], said);
  says(said, /^#1 .* main \(argc=2/m);
});

test('breakpoints and catchpoints are met backwards in each of a process’s programs', async () => {
  using becomes = recordGuest('becomes', { args: ['one', 'two'] });
  const said = await becomes.gdb([
    'seek end',
    'break tell',
    ...Array.from({ length: 3 }, () => ['reverse-continue', 'print left']).flat(),
    'reverse-continue',
    'catch exec',
    'delete 1',
    'seek end',
    'reverse-continue',
    'when',
    'reverse-continue',
    'when',
    'reverse-continue',
    'continue',
    'info symbol main',
  ]);
  const values = [...said.matchAll(/^\$\d+ = (\d)$/gm)].map(([, value]) => Number(value));
  assert.equal(values, [0, 1, 2], said);
  assert.is(said.match(/^Catchpoint 2 \(exec'd /gm)?.length, 4, said);
  assert.is(said.match(/No more reverse-execution history\./g)?.length, 2, said);
  const events = [...said.matchAll(/^Completed event: (\d+)$/gm)].map(([, event]) => Number(event));
  assert.ok(events.length === 2 && events[0]! > events[1]! && events[1]! > 10, said);
});

test('-p by the name that it was started by; run goes to its program; a breakpoint comes back over an exec', async () => {
  using started = recordCommand(['bash', '-c', 'exec -a other "$0"', compile(guestSource('calls'), '-O0')]);
  const said = await started.gdb(
    [
      'break square',
      'continue',
      'run',
      'info symbol $pc',
      'continue',
      'seek begin',
      'continue',
      'print value',
      'info proc exe',
    ],
    '-p',
    'other',
  );
  assert.is(said.match(/^Breakpoint 1, square \(value=0\)/gm)?.length, 3, said);
  says(said, /^_start in section \.text of .*ld-linux/m);
  says(said, /is executing new program: .*\/bash$/m);
  says(said, /^exe = '.*\/calls'$/m);
});

test('-f opens a process where it was forked', async () => {
  const [, forked] = await processesOf(forks);
  const said = await forks.gdb(['break inChild', 'continue', 'print value', 'finish', 'continue'], '-f', forked!);
  says(said, '$1 = 21');
  says(said, /^Value returned is \$2 = 42$/m);
  says(said, new RegExp(`^Process ${forked} exits with status 42 here\\.$`, 'm'));
});

test('the process of a daemon is looked at while its parents are gone', async () => {
  const pids = await processesOf(daemon);
  assert.is(pids.length, 3);
  const said = await daemon.gdb(
    ['break duty', 'continue', 'print number', 'finish', 'continue', `process ${pids[0]}`, 'continue'],
    '-f',
    pids[2]!,
  );
  says(said, '$1 = 14');
  says(said, /^Value returned is \$2 = 42$/m);
  says(said, new RegExp(`^Process ${pids[2]} exits with status 5 here\\.$`, 'm'));
  says(said, /^42$/m);
});

test('100 threads, each with its name, its variable and its errno', async () => {
  using many = recordGuest('threads', { args: ['100'] });
  const said = await many.gdb([
    `tbreak ${lineOf('threads', 'all are here')}`,
    'continue',
    'info threads',
    'thread apply all -q -s print own * 1000 + errno',
    `break ${lineOf('threads', 'all are here')} if index == 57`,
    'continue',
    'print own',
    'reverse-continue',
    'info threads',
  ]);
  assert.is(said.match(/^[* ] +\d+ +Thread \d+\.\d+ "worker-\d+"/gm)?.length, 100, said);
  const values = [...said.matchAll(/^\$\d+ = (1\d{6})$/gm)].map(([, value]) => Number(value));
  const expected = Array.from({ length: 100 }, (_, index) => (1000 + index) * 1000 + index);
  assert.equal(
    [...new Set(values)].sort((one, other) => one - other),
    expected,
    said,
  );
  says(said, /^\$\d+ = 1057$/m);
  says(said, 'No more reverse-execution history.');
});

test('a thread is found by its pthread_t', async () => {
  const said = await threads.gdb([
    `tbreak ${lineOf('threads', 'all are here')}`,
    'continue',
    'python number = int(gdb.parse_and_eval("index"))',
    'python main = next(each for each in gdb.selected_inferior().threads() if each.ptid[1] == each.ptid[0])',
    'python here = gdb.selected_thread()',
    'python main.switch()',
    'python while gdb.selected_frame().name() != "main": gdb.selected_frame().older().select()',
    'python handle = gdb.parse_and_eval("threads[%d]" % number)',
    'python print("found", gdb.selected_inferior().thread_from_handle(handle).num == here.num)',
  ]);
  says(said, /^found True$/m);
});

test('a signal stops before its handler, whose frames can be seen', async () => {
  const said = await signals.gdb([
    'continue',
    'print $_siginfo.si_signo',
    'break onUser',
    'continue',
    'backtrace',
    'finish',
  ]);
  says(said, /received signal SIGUSR1, User defined signal 1\./);
  says(said, '$1 = 10');
  says(said, /^Breakpoint 1, onUser \(signal=10\)/m);
  says(said, /<signal handler called>/);
  says(said, / main \(\)/);
});

test('threads with variables and an errno of their own', async () => {
  const said = await threads.gdb([
    'break work',
    'continue',
    'info threads',
    'next',
    'next',
    'next',
    'next',
    'print own',
    'print errno',
  ]);
  says(said, /^Thread 2 "threads" hit Breakpoint 1, work \(argument=0x0\)/m);
  says(said, /^\* 2 +Thread \d+\.\d+ "/m);
  says(said, '$1 = 1000');
  says(said, '$2 = 0');
});

test('a child that shares the memory passes what is set in its parent', async () => {
  using vforks = recordGuest('vforks');
  const rounds = Array.from({ length: 6 }, () => ['continue', 'print who']).flat();
  const said = await vforks.gdb(['break both', ...rounds, 'continue']);
  const met = [...said.matchAll(/^\$\d+ = (\d+)$/gm)].map(([, value]) => Number(value));
  assert.equal(met, [10, 12, 20, 22, 30, 32], said);
  says(said, /^32$/m);
});

test.run();

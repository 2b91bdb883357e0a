// gdb on recordings of several processes, threads and signals.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, recordCommand, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: processes');
const forks = recordGuest('forks');
const threads = recordGuest('threads', { args: ['100'] });
const signals = recordGuest('signals');
const shell = recordCommand(['bash', '-c', '/bin/echo one; /bin/echo two | cat']);
test.after(() => {
  for (const recording of [forks, threads, signals, shell]) recording[Symbol.dispose]();
});

test('-p starts at another program’s first instruction, so that main can be broken at', async () => {
  const said = await shell.gdb(['info inferiors', 'break main', 'continue', 'when-tid'], '-p', 'cat');
  says(said, /^\* 1 +process \d+ .*\/cat\b/m);
  says(said, /^Breakpoint 1, (0x[0-9a-f]+ in )?main/m);
});

test('-f starts in a child that executes nothing', async () => {
  const pid = await forkedChild();
  const said = await forks.gdb(
    ['break inChild', 'continue', 'print value', 'finish', 'info inferiors'],
    '-f',
    `${pid}`,
  );
  says(said, /^Breakpoint 1, inChild \(value=21\)/m);
  says(said, /^Value returned is \$2 = 42$/m);
  says(said, new RegExp(`^\\* 1 +process ${pid} `, 'm'));
});

async function forkedChild(): Promise<number> {
  const said = await forks.gdb(['monitor processes']);
  const line = said.split('\n').find((each) => each.endsWith('(forked)'));
  assert.ok(line !== undefined, said);
  return Number(line!.split('\t')[0]);
}

test('`process` goes to another one and back, without a new session', async () => {
  const said = await forks.gdb([
    'break main',
    'continue',
    'process echo',
    'info inferiors',
    'continue',
    'process forks',
    'continue',
    'backtrace 1',
  ]);
  assert.is(said.match(/^[*] \d+ +process \d+ .*echo/gm)?.length, 1, said);
  says(said, /from another program/);
  says(said, /^#0 +main \(\)/m);
});

test('a process that is not there', async () => {
  assert.match(
    await forks.gdb(['process 1', 'process frog']),
    /^the recording has no process 1; it has \d+ .*\nthe recording has no process frog; it has /m,
  );
  assert.match(await forks.gdb([], '-p', 'frog'), /^rr: the recording has no process frog; it has .*\n$/);
});

test('100 threads with their names, variables and errno', async () => {
  const all = lineOf('threads', 'all are here');
  const said = await threads.gdb([
    `break ${all} if index == 42`,
    'continue',
    'info threads',
    'print own',
    'print errno',
    'print index',
    'thread apply all -q print own',
  ]);
  assert.is(said.match(/Thread \d+\.\d+ "/g)?.length, 101, said);
  says(said, /"worker-42"/);
  says(said, '$1 = 1042');
  says(said, '$2 = 42');
  says(said, '$3 = 42');
  says(said, / = 1099$/m);
});

test('one thread is stepped while it is its turn', async () => {
  const all = lineOf('threads', 'all are here');
  const said = await threads.gdb([
    `break ${all} if index == 7`,
    'continue',
    'next',
    'next',
    'print results[7]',
    'print index',
  ]);
  says(said, '$1 = 1007');
  says(said, '$2 = 7');
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

test('`handle` and `catch signal` decide which signals stop', async () => {
  const said = await signals.gdb([
    'handle SIGUSR1 nostop noprint',
    'continue',
    'print received',
    'print $_siginfo._sifields._sigfault.si_addr',
  ]);
  says(said, /received signal SIGSEGV/);
  says(said, '$1 = 20');
  says(said, '$2 = (void *) 0x1234');
  const caught = await signals.gdb(['catch signal SIGSEGV', 'handle SIGUSR1 nostop', 'continue', 'backtrace 1']);
  says(caught, /^Catchpoint 1 \(signal SIGSEGV\)/m);
});

test('an exec in the middle is followed', async () => {
  using recording = recordCommand(['bash', '-c', 'exec /bin/echo executed']);
  const said = await recording.gdb(['continue', 'info inferiors', 'run', 'info inferiors']);
  says(said, /is executing new program: .*echo/);
  says(said, /executed/);
  says(said, /^\* 1 +process \d+ .*bash/m);
});

test.run();

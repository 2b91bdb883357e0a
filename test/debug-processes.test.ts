// gdb on recordings of several processes, threads and signals.
// Time limit: 600 s
import { suite } from 'uvu';
import { recordCommand, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: processes');
const threads = recordGuest('threads');
const signals = recordGuest('signals');
const shell = recordCommand(['bash', '-c', '/bin/echo one; /bin/echo two | cat']);
test.after(() => {
  for (const recording of [threads, signals, shell]) recording[Symbol.dispose]();
});

test('-p starts at another program’s first instruction, where its symbols are known', async () => {
  const said = await shell.gdb(['info inferiors', 'when-tid'], '-p', 'cat');
  says(said, /^\* 1 +process \d+ .*\/cat\b/m);
  says(said, /^0x[0-9a-f]+ in _start \(\)/m);
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

test.run();

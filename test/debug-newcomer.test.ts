// The commands that people try first, on a terminal, with what they expect to read.
// Time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { interact } from './debug/interact.ts';
import { lineOf, recordGuest, says } from './debug/recording.ts';

const test = suite('debug: newcomer');
const session = recordGuest('session');
test.after(() => session[Symbol.dispose]());

test('break, continue, back, checkpoint, restart, run', async () => {
  const said = await interact(session.trace, [
    'break main',
    'c',
    'b grow',
    'reverse-continue',
    'when',
    'c ',
    'c  ',
    'c   ',
    'checkpoint',
    'c    ',
    'print number',
    'restart 1',
    'p number',
    'delete checkpoint 1',
    'delete checkpoint 7',
    'run',
    'when-position',
    'restart',
    'when-tid',
    'kill',
    'when ',
    'quit',
  ]);
  says(said.to('break main'), /^Breakpoint 1 at 0x[0-9a-f]+: file .*session\.c, line \d+\.$/m);
  says(said.to('c   '), 'Breakpoint 2, grow (number=1)');
  says(said.to('c    '), 'Breakpoint 2, grow (number=2)');
  says(said.to('reverse-continue'), 'No more reverse-execution history.');
  says(said.to('when'), /^Completed event: \d+$/m);
  says(said.to('checkpoint'), /^Checkpoint 1 at grow \(\) at .*session\.c:\d+$/m);
  says(said.to('print number'), '$1 = 2');
  says(said.to('restart 1'), /stopped\.\ngrow \(number=1\) at/);
  says(said.to('p number'), '$2 = 1');
  says(said.to('delete checkpoint 1'), 'Deleted checkpoint 1.');
  says(said.to('delete checkpoint 7'), 'no checkpoint 7; info checkpoints lists them');
  says(said.to('run'), /_start \(\) from/);
  says(said.to('restart'), /_start \(\) from/);
  says(said.to('when-tid'), /^Current tid: \d+$/m);
  says(said.to('when '), 'Remote connection closed');
  assert.is(said.status, 0);
});

test('calls of functions that end the program, or send it a signal, leave the recording where it was', async () => {
  const said = await interact(session.trace, [
    'b grow if number == 3',
    'c',
    'call (void)exit(3)',
    'backtrace 1',
    'when-position',
    'call (void)_exit(300)',
    'call (int)raise(10)',
    'backtrace 4',
    'delete',
    'stepi',
    'reverse-stepi',
    'stepi',
    'p number',
  ]);
  says(
    said.to('call (void)exit(3)'),
    /^rr: the copy in which this ran exits with status 3; the recording is where it was$/m,
  );
  says(said.to('call (void)exit(3)'), /^grow \(number=3\)/m);
  says(said.to('backtrace 1'), /^#0 .*grow \(number=3\)/m);
  says(said.to('when-position'), /#\d+$/m);
  says(said.to('call (void)_exit(300)'), 'exits with status 44;');
  says(said.to('call (int)raise(10)'), 'received signal SIGUSR1');
  says(said.to('backtrace 4'), /^#\d .*raise/m);
  says(said.to('p number'), '= 3');
});

test('what abort says is shown, and the copy ends by its signal', async () => {
  const said = await interact(session.trace, [
    'b grow if number == 3',
    'c',
    'call (void)free(&counter)',
    'p counter = 1000',
    'p counter',
    'c ',
    'p counter ',
    'p $rip = 16',
    'stepi',
    'c  ',
    'frame',
  ]);
  says(said.to('call (void)free(&counter)'), /^free\(\): invalid pointer$/m);
  says(said.to('call (void)free(&counter)'), 'received signal SIGABRT');
  says(said.to('p counter'), '= 1000');
  // Nothing is dropped: it is the copy that goes on.
  assert.not.match(said.to('c '), 'was written');
  says(said.to('c '), /^rr: the copy in which this ran is killed by SIGABRT; the recording is where it was$/m);
  says(said.to('c '), /^grow \(number=3\)/m);
  says(said.to('p counter '), '= 4');
  says(said.to('stepi'), 'received signal SIGSEGV');
  says(said.to('c  '), /^rr: the copy in which this ran is killed by SIGSEGV; the recording is where it was$/m);
  says(said.to('frame'), 'grow (number=3)');
});

test('values, registers, memory, calls, displays', async () => {
  const said = await interact(session.trace, [
    'b grow if number == 3',
    'c',
    'p $xmm0',
    'p errno',
    'p own',
    'x/s text',
    'x/2i $pc',
    'info registers rip',
    'display number',
    'stepi',
    'up',
    'info locals',
    'call twice(21)',
    'call (int)write(1, "shown\\n", 6)',
    'call (int)getpid()',
    'call (int)strlen("letters")',
    'call (int)strcmp("letters", "letter")',
    'p counter',
    'frame 0',
    'finish',
    'info sharedlibrary',
    'info inferiors',
    'info proc mappings',
    'set var counter = 1000',
    'p counter ',
    'next',
    'p counter',
    'p $rbx = 5',
    'stepi ',
    'p $rbx',
    'run',
  ]);
  says(said.to('p $xmm0'), 'v4_float');
  says(said.to('p errno'), '= 0');
  says(said.to('p own'), '= 3');
  says(said.to('x/s text'), '"step2"');
  says(said.to('x/2i $pc'), /^=> 0x[0-9a-f]+ <grow\+\d+>:/m);
  says(said.to('display number'), '1: number = 3');
  says(said.to('stepi'), '1: number = 3');
  says(said.to('info locals'), 'number = 3');
  says(said.to('call twice(21)'), '= 42');
  // Its system call is one that the recording has replaced.
  says(said.to('call (int)write(1, "shown\\n", 6)'), /^shown\n\$\d+ = 6$/m);
  says(said.to('call (int)getpid()'), /= \d+/);
  // gdb has the program allocate memory for a text.
  says(said.to('call (int)strlen("letters")'), /= 7$/m);
  says(said.to('call (int)strcmp("letters", "letter")'), /= [1-9]\d*$/m);
  says(said.to('finish'), /^Value returned is \$\d+ = \d+$/m);
  says(said.to('info sharedlibrary'), /Yes .*libc\.so\.6/);
  says(said.to('info inferiors'), /^\* 1 +process \d+ .*session/m);
  // None of ours: what is executable and anonymous is where jumps of the recording's lead.
  assert.not.match(said.to('info proc mappings'), /r-xp +$/m);
  says(said.to('p counter '), '= 1000');
  // What is written lasts until the replay goes on.
  says(said.to('next'), /^rr: what was written is dropped: /m);
  says(said.to('p counter'), '= 7');
  says(said.to('stepi '), /^rr: registers were written: this runs in a copy/m);
  says(said.to('p $rbx'), '= 5');
  for (const command of ['call twice(21)', 'finish', 'run']) assert.not.match(said.to(command), /^rr: /m);
  // Wherever the program has its stack.
  says(said.to('info proc mappings'), /^ +0x7ff[0-9a-f]+ .* rw-p +\[stack\]$/m);
});

test('watchpoints, both ways over each store', async () => {
  const said = await interact(session.trace, [
    'b grow if number == 1',
    'c',
    'watch counter',
    'c ',
    'reverse-cont',
    'reverse-cont ',
    'c  ',
    'c   ',
    'info watchpoints',
  ]);
  says(said.to('c '), /Old value = 1\nNew value = 2$/m);
  says(said.to('reverse-cont'), /Old value = 2\nNew value = 1$/m);
  says(said.to('reverse-cont '), 'Breakpoint 1, grow (number=1)');
  says(said.to('c  '), /Old value = 1\nNew value = 2$/m);
  says(said.to('c   '), /Old value = 2\nNew value = 4$/m);
  says(said.to('info watchpoints'), 'already hit');
});

test('signals: handle, info, catch, siginfo, frames of the handler', async () => {
  const said = await interact(session.trace, [
    'handle SIGUSR1 nostop noprint',
    'info signals SIGUSR1',
    'b onUser',
    'c',
    'bt',
    'p $_siginfo.si_signo ',
    'info frame',
    'finish',
    'run',
    'delete',
    'handle SIGUSR1 stop print',
    'c ',
    'p $_siginfo.si_signo',
    'p $_siginfo.si_code',
    'catch syscall openat',
    'c  ',
    'c   ',
    'p $rax',
  ]);
  says(said.to('info signals SIGUSR1'), /^SIGUSR1 +No\s+No\s+Yes/m);
  says(said.to('c'), 'Breakpoint 1, onUser (signal=10)');
  says(said.to('bt'), '<signal handler called>');
  // SIGTRAP, as under any debugger.
  says(said.to('p $_siginfo.si_signo '), '= 5');
  says(said.to('info frame'), 'called by frame at');
  says(said.to('c '), 'received signal SIGUSR1, User defined signal 1.');
  says(said.to('p $_siginfo.si_signo'), '= 10');
  says(said.to('p $_siginfo.si_code'), '= -6');
  says(said.to('c  '), /\(call to syscall openat\)/);
  says(said.to('c   '), /\(returned from syscall openat\)/);
  says(said.to('p $rax'), '= -2');
});

test('threads, tbreak, until, advance, commands, condition, ignore', async () => {
  const end = lineOf('session', 'the end');
  const said = await interact(session.trace, [
    'tbreak work',
    'c',
    'info threads',
    'thread 1',
    'bt 1',
    'thread 2',
    `until ${lineOf('session', 'the thread')}`,
    'p own',
    'b grow',
    'commands',
    'silent',
    'print number',
    'end',
    'condition 2 number > 1',
    'c ',
    'ignore 2 1',
    'c  ',
    'delete 2',
    'handle SIGUSR1 nostop',
    'finish',
    `advance ${end}`,
    'p counter',
    'info breakpoints',
  ]);
  says(said.to('c'), /^Thread 2 "session" hit Temporary breakpoint 1, work \(argument=0x0\)/m);
  says(said.to('info threads'), /^\* 2 +Thread \d+\.\d+ "session"/m);
  says(said.to('thread 1'), /^\[Switching to thread 1/m);
  says(said.to('bt 1'), /^#0 /m);
  says(said.to('p own'), '= 7');
  says(said.to('c '), '= 2');
  says(said.to('c  '), '= 4');
  says(said.to(`advance ${end}`), /^main \(\) at .*session\.c:\d+$/m);
  says(said.to('p counter'), '= 113');
  says(said.to('info breakpoints'), 'No breakpoints or watchpoints.');
});

test('what makes no sense on a recording says what to do instead', async () => {
  const said = await interact(session.trace, [
    'attach 1',
    'jump grow',
    'return',
    'signal 0',
    'record full',
    'info record',
    'catch fork',
    'set scheduler-locking on',
    'seek nowhere',
    'seek 999999999',
    'process nobody',
    'seek-ticks 5',
    'when',
  ]);
  says(said.to('attach 1'), '`process PID` looks at another of its processes');
  says(said.to('jump grow'), '`seek POSITION` goes to another place');
  says(said.to('return'), '`finish` and `reverse-finish` go out of the function');
  says(said.to('signal 0'), '`continue` goes on');
  says(said.to('record full'), 'All is recorded already');
  says(said.to('info record'), /^Events: \d+$/m);
  says(said.to('catch fork'), '`catch syscall fork vfork clone clone3`');
  says(said.to('set scheduler-locking on'), 'The recording says which thread runs when');
  says(said.to('seek nowhere'), 'expected what when-position says');
  says(said.to('seek 999999999'), /^no event 999999999: the recording has events 1 to \d+$/m);
  says(said.to('process nobody'), /^the recording has no process nobody; it has \d+ \(session\)/m);
  says(said.to('when'), /^Completed event: \d+$/m);
});

test('rr-break and rr-watch: texts, floating point, thread-locals and variables of gdb’s, both ways', async () => {
  const said = await interact(session.trace, [
    'b main',
    'c',
    'rr-break grow if strcmp(text, "step1") == 0',
    'c ',
    'p number',
    'delete',
    'rr-break grow if grown > 2.5 && half < 3',
    'c  ',
    'p number ',
    'delete ',
    'rr-break grow if !strncmp(text, "step1", 5) || grown == -1',
    'reverse-continue',
    'delete  ',
    'set var $wanted = 1',
    'rr-break grow if number == $wanted && own == 3 && errno == 0',
    'reverse-continue ',
    'p number  ',
    'info breakpoints',
    'delete   ',
    'rr-watch counter if grown >= 3.5',
    'c   ',
    'p number   ',
    'rr-break grow if strlen(text) == 3',
    'rr-break grow if grown * 2 > 3',
    'rr-break grow if number = 3',
    'rr-break nowhere if 1',
  ]);
  says(said.to('p number'), '= 2');
  says(said.to('p number '), '= 3');
  says(said.to('reverse-continue'), 'grow (number=2)');
  says(said.to('rr-break grow if number == $wanted && own == 3 && errno == 0'), '$wanted counts as 1, its value now');
  says(said.to('p number  '), '= 1');
  says(said.to('info breakpoints'), '(target evals)');
  says(said.to('c   '), /Old value = 4\nNew value = 7$/m);
  says(said.to('p number   '), '= 3');
  says(said.to('rr-break grow if strlen(text) == 3'), 'strlen(...) cannot be called at each hit');
  says(said.to('rr-break grow if grown * 2 > 3'), '`*` of floating point');
  says(said.to('rr-break grow if number = 3'), 'a condition compares, and changes nothing');
  says(said.to('rr-break nowhere if 1'), 'Function "nowhere" not defined.');
});

test.run();

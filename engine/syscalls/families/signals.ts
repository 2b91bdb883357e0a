// Sending, catching, blocking and waiting for signals.
import { descriptor, flags, int, out, outBytes, signal, size, struct, syscall } from '../arguments.ts';
import type { Syscall } from '../model.ts';

/** Signal sets are as long as the argument sigsetsize says, which is 8 or less, or the call fails. */
const oldSet = (name: string, length: number) => outBytes(name, length, { most: 8 });

export const signals: readonly Syscall[] = [
  syscall('rt_sigaction', [
    signal('signum'),
    struct('act', 'sigaction'),
    out('oldact', 'sigaction'),
    size('sigsetsize'),
  ]),
  syscall('rt_sigprocmask', [
    flags('how', 'signalMask'),
    struct('set', 'sigset'),
    oldSet('oldset', 3),
    size('sigsetsize'),
  ]),
  syscall('rt_sigpending', [oldSet('set', 1), size('sigsetsize')]),
  syscall('rt_sigreturn', []),
  syscall('rt_sigsuspend', [struct('mask', 'sigset'), size('sigsetsize')], { mayBlock: true, restart: 'noHandler' }),
  syscall(
    'rt_sigtimedwait',
    [struct('set', 'sigset'), out('info', 'siginfo'), struct('timeout', 'timespec'), size('sigsetsize')],
    { mayBlock: true, restart: 'none' },
  ),
  syscall('rt_sigqueueinfo', [int('tgid'), signal('sig'), struct('info', 'siginfo')]),
  syscall('rt_tgsigqueueinfo', [int('tgid'), int('tid'), signal('sig'), struct('info', 'siginfo')]),
  syscall('sigaltstack', [struct('ss', 'stack'), out('old_ss', 'stack')]),
  syscall('pause', [], { mayBlock: true, restart: 'noHandler' }),
  syscall('kill', [int('pid'), signal('sig')]),
  syscall('tkill', [int('tid'), signal('sig')]),
  syscall('tgkill', [int('tgid'), int('tid'), signal('sig')]),
  syscall('signalfd', [descriptor('fd'), struct('mask', 'sigset'), size('sizemask')]),
  syscall('signalfd4', [descriptor('fd'), struct('mask', 'sigset'), size('sizemask'), flags('flags', 'signalfd')]),
];

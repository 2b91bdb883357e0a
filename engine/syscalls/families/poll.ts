// Waiting for descriptors, and for memory (futex).
import {
  bytes,
  descriptor,
  flags,
  hex,
  inOut,
  int,
  outArray,
  resultArray,
  size,
  struct,
  syscall,
  unsigned,
  writing,
  written,
} from '../arguments.ts';
import { futexCommands } from '../commands/futex.ts';
import type { Syscall } from '../model.ts';

/** A bit a descriptor, in words of 64; the kernel stops at the size of the descriptor table. */
const descriptorSet = (name: string) =>
  writing(struct(name, 'fd_set'), written({ from: 'argument', argument: 0 }, { divisor: 64, element: 8, inOut: true }));

/** revents is stored on EINTR too. */
const polled = outArray('fds', 'pollfd', 1, { inOut: true, written: 'interrupted' });
const events = resultArray('events', 'epoll_event', 2);

export const poll: readonly Syscall[] = [
  syscall('poll', [polled, unsigned('nfds'), int('timeout')], { mayBlock: true, restart: 'block' }),
  // What is left of the timeout is stored, whatever the result.
  syscall('ppoll', [polled, unsigned('nfds'), inOut('tmo_p', 'timespec'), bytes('sigmask', 4), size('sigsetsize')], {
    mayBlock: true,
    restart: 'noHandler',
  }),
  syscall(
    'select',
    [
      int('nfds'),
      descriptorSet('readfds'),
      descriptorSet('writefds'),
      descriptorSet('exceptfds'),
      inOut('timeout', 'timeval'),
    ],
    { mayBlock: true, restart: 'noHandler' },
  ),
  syscall(
    'pselect6',
    [
      int('nfds'),
      descriptorSet('readfds'),
      descriptorSet('writefds'),
      descriptorSet('exceptfds'),
      inOut('timeout', 'timespec'),
      struct('sigmask', 'iovec'),
    ],
    { mayBlock: true, restart: 'noHandler' },
  ),
  syscall('epoll_create', [int('size')]),
  syscall('epoll_create1', [flags('flags', 'epollCreate')]),
  syscall('epoll_ctl', [
    descriptor('epfd'),
    flags('op', 'epollControl'),
    descriptor('fd'),
    struct('event', 'epoll_event'),
  ]),
  syscall('epoll_wait', [descriptor('epfd'), events, int('maxevents'), int('timeout')], {
    mayBlock: true,
    restart: 'none',
  }),
  syscall(
    'epoll_pwait',
    [descriptor('epfd'), events, int('maxevents'), int('timeout'), bytes('sigmask', 5), size('sigsetsize')],
    { mayBlock: true, restart: 'none' },
  ),
  syscall(
    'epoll_pwait2',
    [
      descriptor('epfd'),
      events,
      int('maxevents'),
      struct('timeout', 'timespec'),
      bytes('sigmask', 5),
      size('sigsetsize'),
    ],
    { mayBlock: true, restart: 'none' },
  ),
  // Never made part of the kernel for x86-64: ENOSYS.
  syscall('epoll_ctl_old', []),
  syscall('epoll_wait_old', []),
  syscall('eventfd', [unsigned('initval')]),
  syscall('eventfd2', [unsigned('initval'), flags('flags', 'eventfd')]),

  syscall(
    'futex',
    [
      struct('uaddr', 'u32'),
      flags('futex_op', 'futex'),
      unsigned('val'),
      hex('timeout'),
      struct('uaddr2', 'u32'),
      unsigned('val3'),
    ],
    // Without a timeout ERESTARTSYS, with one ERESTART_RESTARTBLOCK.
    { mayBlock: true, restart: 'block', commands: futexCommands },
  ),
  syscall(
    'futex_waitv',
    [
      struct('waiters', 'futex_waitv'),
      unsigned('nr_futexes'),
      unsigned('flags'),
      struct('timeout', 'timespec'),
      flags('clockid', 'clock'),
    ],
    { mayBlock: true },
  ),
  syscall('futex_wake', [struct('uaddr', 'u32'), hex('mask'), int('nr'), flags('flags', 'futex2')]),
  syscall(
    'futex_wait',
    [
      struct('uaddr', 'u32'),
      hex('val'),
      hex('mask'),
      flags('flags', 'futex2'),
      struct('timeout', 'timespec'),
      flags('clockid', 'clock'),
    ],
    { mayBlock: true, restart: 'block' },
  ),
  syscall('futex_requeue', [struct('waiters', 'futex_waitv'), unsigned('flags'), int('nr_wake'), int('nr_requeue')]),
];

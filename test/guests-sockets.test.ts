// Sockets on loopback and Unix sockets, within one tree of processes.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('sockets', [
  'connect-later',
  'conversation',
  'datagrams',
  'loopback',
  'message-batches',
  'messages',
  'named',
  'options',
  {
    guest: 'packet-ring',
    varies: 'only a recording refuses them',
    prints:
      /^(receive = -1 ENOPROTOOPT\nsend = -1 ENOPROTOOPT\nversion = 0\n)?(express = -1 ENOPROTOOPT\n)?no socket = -1 ENOTSOCK\nnothing = -1 EBADF\nthe end\n$/,
  },
  'pair',
]);

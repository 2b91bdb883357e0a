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
  'pair',
]);

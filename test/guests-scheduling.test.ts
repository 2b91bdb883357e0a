// Nobody is forgotten: tasks that wait for one another in every way there is, with priorities and without.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('scheduling', [
  'bare-turns',
  'eventfd-semaphore',
  'families',
  'futex-chain',
  'inversion',
  { guest: 'low-holder', title: 'spinning' },
  { guest: 'low-holder', title: 'yielding', args: ['yield'] },
  'pipe-ring',
  'policy-change',
  'real-time',
  'shared-semaphores',
  'signals-to-computing',
  'socket-crowd',
  'spin-turns',
  'stop-and-go',
  'suspended',
  'yield-turns',
]);

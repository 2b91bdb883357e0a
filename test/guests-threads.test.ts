// Threads: made and ended, on locks, spinning for one another, racing.
import { runGuestTests } from './harness/guest-tests.ts';
import { busyModes } from './harness/modes.ts';

runGuestTests('threads', [
  'create-join',
  'end-of-process',
  'filled-meanwhile',
  'hand-over',
  { guest: 'futex-queue', args: ['200'] },
  { guest: 'ignored-signal', varies: 'additions get lost' },
  'interrupted-sleep',
  'leader-ends-first',
  'locks',
  // Each event of a hundred threads is hashed.
  { guest: 'many', args: ['1'], limitSeconds: 180 },
  'mutex',
  { guest: 'priority-inheritance', args: ['200'] },
  { guest: 'race', varies: 'additions get lost' },
  'sanitized-address',
  'sanitized-thread',
  'spin-lock',
  { guest: 'spin-wait', varies: 'how long it spins' },
  'tiles',
]);

// Their memory is too large to be hashed at each event.
runGuestTests(
  'threads',
  [
    { guest: 'fork-beside', varies: 'how far the other thread counts' },
    { guest: 'read-beside', varies: 'how often the other thread looks' },
  ],
  busyModes,
);

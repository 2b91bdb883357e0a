// Threads: made and ended, on locks, spinning for one another, racing.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('threads', [
  'create-join',
  'end-of-process',
  'hand-over',
  'mutex',
  { guest: 'race', varies: 'additions get lost' },
  { guest: 'spin-wait', varies: 'how long it spins' },
]);

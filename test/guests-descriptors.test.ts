// Descriptors: copies, flags, locks, closing.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('descriptors', [
  'close-all',
  'close-range',
  'dup',
  'fcntl',
  'flock',
  'low-limit',
  'pidfd',
  'proc-fd',
  'record-locks',
  'replaced',
]);

// What belongs to no family: unknown calls, rare calls, the standard streams, filters.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('other', [
  'key-capabilities',
  'keys',
  'newest-calls',
  'output-mix',
  { guest: 'own-trace', varies: 'a recording shows that it traces' },
  'rare-calls',
  { guest: 'rseq', varies: 'a recording offers no rseq; the C library does without' },
  'seccomp',
  { guest: 'standard-input', input: 'some input of more than seven bytes\n'.repeat(20) },
  'strict-mode',
  'supervised',
  'sysv',
  'unknown-call',
  'virtual-machine',
]);

// What belongs to no family: unknown calls, rare calls, the standard streams, filters.
import { runGuestTests } from './harness/guest-tests.ts';
import { busyModes } from './harness/modes.ts';

runGuestTests('other', [
  'answered-restarts',
  'call-number',
  'faked-calls',
  'filter-first',
  'key-capabilities',
  'keys',
  'newest-calls',
  'output-mix',
  { guest: 'own-trace', varies: 'a recording shows that it traces' },
  'rare-calls',
  { guest: 'rseq', varies: 'a recording offers no rseq; the C library does without' },
  'seccomp',
  'segment-base',
  { guest: 'standard-input', input: 'some input of more than seven bytes\n'.repeat(20) },
  'strict-mode',
  'supervised',
  'sysv',
  'trapped-calls',
  'unknown-call',
  'virtual-machine',
]);

runGuestTests('other', ['absent-calls'], busyModes);
